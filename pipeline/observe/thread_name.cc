#include "pipeline/observe/thread_name.h"

#include <pthread.h>

#include <algorithm>

namespace millrace {

void name_thread(std::string name) {
  constexpr std::size_t kMost = 15;  // Linux refuses more, see pthread_setname_np(3)
  name.resize(std::min(name.size(), kMost));
  pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace millrace
