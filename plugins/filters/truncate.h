#pragma once

#include "pipeline/plugin/registry.h"

namespace millrace {

/// Cuts long texts, wherever they are in an event, to a number of bytes. A cut text is a view of
/// what it was: nothing is copied but containers that several events share. An event for which the
/// name of a field becomes malformed is tagged `_truncate_error`.
FilterPlugin truncate_filter();

}  // namespace millrace
