#pragma once

#include <span>
#include <string>
#include <string_view>

#include "grok/grok.h"

namespace millrace {

/// A line that matched: the line, then each capture with its place in bytes and its value. With
/// `color` each has the colour of its part of the line.
std::string show_match(std::string_view line, const grok::Pattern& pattern,
                       std::span<const grok::Span> spans, bool color);

/// A line that did not: how far it matched, and what stopped it there, in the line, in the pattern
/// whose definition wanted something else, and in `expression`.
std::string show_stop(std::string_view line, const grok::Pattern::Stop& stop,
                      const std::string& expression, bool color);

/// `text` around `offset` as people can read it, indented, with a caret below the place.
std::string show_place(std::string_view text, std::size_t offset, bool color);

}  // namespace millrace
