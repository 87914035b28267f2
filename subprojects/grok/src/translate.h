#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace grok {

/// An expression of Ruby's syntax in PCRE2's.
struct Translated {
  std::string text;
  std::vector<std::uint32_t> origin;  ///< for each byte of text, where in Ruby's it comes from
  std::string error;                  ///< not "": it cannot be said in PCRE2's
  std::string hint;
  std::size_t error_offset = 0;  ///< in Ruby's
  bool has_back_references = false;
};

Translated translate(std::string_view ruby);

}  // namespace grok
