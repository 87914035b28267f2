#pragma once

#include <string>

namespace millrace {

/// Names the calling thread for `top -H`, `ps -T` and debuggers, which show its first 15 bytes.
void name_thread(std::string name);

}  // namespace millrace
