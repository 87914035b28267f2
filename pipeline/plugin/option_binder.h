#pragma once

#include <vector>

#include "pipeline/plugin/option_places.h"
#include "pipeline/plugin/option_table.h"

namespace millrace {

/// Reads a plugin's attributes into one or more structs, each with its table; the first table that
/// has a name owns it. Use: `OptionBinder binder; binder.to(own, options).to(common, shared);
/// binder.bind(...)`.
class OptionBinder {
 public:
  /// `object` must outlive bind(); it starts as a copy of the table's defaults().
  template <typename O>
  OptionBinder& to(const Options<O>& table, O& object) {
    object = table.defaults();
    targets_.push_back({&table, &object});
    return *this;
  }

  /// False when anything was wrong; all of it is in `diagnostics` then. Members whose options are
  /// wrong keep their defaults.
  bool bind(const config::Plugin& plugin, OptionPlaces& places,
            config::Diagnostics& diagnostics) const;

 private:
  struct Target {
    const OptionTable* table;
    void* object;
  };
  struct Found {
    const OptionInfo* info;
    const OptionTable::Slot* slot;
    void* object;
  };

  class Binding;

  std::vector<Found> options() const;
  std::vector<Target> targets_;
};

}  // namespace millrace
