#pragma once

#include "grok/grok.h"

namespace grok {

/// An expression with its names replaced, and where each piece of the text comes from.
struct Expanded {
  struct Piece {
    std::size_t begin;   ///< in text
    std::string where;   ///< "" for the expression itself
    std::size_t offset;  ///< in that definition
  };
  std::string text;           ///< Ruby's syntax; captures are groups named g0, g1, ...
  std::vector<Piece> pieces;  ///< ascending
  std::vector<Capture> captures;
  std::map<std::string, std::string> own;  ///< definitions that references brought along

  /// An error at `at` of text, told in terms of the definition that the place comes from.
  Error error_at(std::size_t at, std::string message, std::string_view expression,
                 const PatternSet& patterns) const;
  /// Where in the expression itself stands what gave the text at `at`: a reference, perhaps.
  std::size_t place_in_expression(std::size_t at, std::string_view expression) const;
};

Result<Expanded> expand(std::string_view expression, const PatternSet& patterns,
                        bool named_captures_only);

}  // namespace grok
