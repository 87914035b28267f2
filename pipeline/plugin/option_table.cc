#include "pipeline/plugin/option_table.h"

namespace millrace {

const OptionInfo* OptionTable::find(std::string_view name) const {
  for (const OptionInfo& info : infos_) {
    if (info.name == name || (!info.rules.also_called.empty() && info.rules.also_called == name))
      return &info;
  }
  return nullptr;
}

}  // namespace millrace
