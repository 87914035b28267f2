// How fast this machine is right now: ns per line to cut FILE's combined log lines at spaces and quotes with memchr, best of 5.
// A quiet desktop core of 2024 prints about 55, a slower server core 105: scale a rate by what it prints / 55. usage: calibrate FILE
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
int main(int argc, char** argv) {
  std::ifstream in(argv[1], std::ios::binary);
  std::string s((std::istreambuf_iterator<char>(in)), {});
  double best = 1e9;
  for (int run = 0; run < 5; ++run) {
    auto t0 = std::chrono::steady_clock::now();
    size_t lines = 0, sum = 0;
    for (const char *p = s.data(), *end = p + s.size(); p < end;) {
      const char* nl = (const char*)memchr(p, '\n', end - p);
      if (!nl) nl = end;
      const char* q = p;
      for (int i = 0; i < 3 && q; ++i) { q = (const char*)memchr(q, ' ', nl - q); if (q) { sum += q - p; ++q; } }
      for (int i = 0; i < 6 && q; ++i) { q = (const char*)memchr(q, '"', nl - q); if (q) { sum += q - p; ++q; } }
      ++lines; p = nl + 1;
    }
    double ns = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - t0).count() / lines;
    if (ns < best) best = ns;
    if (sum == 42) puts("");
  }
  printf("%.1f\n", best);
}
