#pragma once

#include <string>
#include <string_view>

#include "pipeline/event/batch.h"

/// Numbers read as Ruby's String#to_i and #to_f do: as much of the text's start as is one, 0 where
/// nothing is. Underscores may stand between digits.
namespace millrace {

/// A number that 64 bits do not hold keeps its digits, in the batch.
Value leading_integer(std::string_view text, Batch& batch);

/// Knows neither hexadecimal digits nor "inf" nor "nan".
double leading_real(std::string_view text);

}  // namespace millrace
