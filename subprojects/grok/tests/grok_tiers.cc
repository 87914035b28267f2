// Prints docs/reference/grok-patterns.md: which tier runs each standard pattern.
// usage: grok_tiers PATTERNS, the directory that holds legacy/ and ecs-v1/
#include <cstdio>

#include "tier_table.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: grok_tiers PATTERNS\n");
    return 2;
  }
  std::fputs(grok::tier_page(argv[1]).c_str(), stdout);
}
