// Filters that take text apart: whatever the text, the event is kept and can be printed. The first
// byte chooses the filter.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "plugins/filters/csv.h"
#include "plugins/filters/dissect.h"
#include "plugins/filters/kv.h"
#include "tests/unit/support/plugin_harness.h"

namespace {

using namespace millrace;

std::vector<std::unique_ptr<MadeFilter>> make_filters() {
  std::vector<std::unique_ptr<MadeFilter>> out;
  const auto add = [&](const FilterPlugin& plugin, const std::string& text) {
    out.push_back(std::make_unique<MadeFilter>(plugin, text));
    if (!out.back()->made) std::abort();
  };
  add(csv_filter(), "csv { convert => { column1 => integer column2 => float column3 => date } }");
  add(csv_filter(), "csv { separator => '::' quote_char => '|' target => '[a][b]' }");
  add(dissect_filter(), "dissect { mapping => { message => '%{a->} %{?k}=%{&k}, %{+a/2}||%{b}' } "
                        "convert_datatype => { 'b' => int 'aa' => float } }");
  add(kv_filter(), "kv { recursive => true allow_duplicate_values => false trim_key => '\\s' }");
  add(kv_filter(), "kv { value_split => ' ' field_split => ',;' transform_key => capitalize }");
  add(kv_filter(), "kv { field_split_pattern => '; *(?=k)' whitespace => strict "
                   "value_split_pattern => ': +' allow_empty_values => true }");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto filters = make_filters();
  if (size == 0) return 0;
  Filter& filter = *filters[data[0] % filters.size()]->made;
  const auto batch = Batch::make();
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  batch->add(Timestamp{0}).put(name::message, batch->copy(text));
  const Selection events = {0};
  Selection matched;
  const auto scratch = filter.make_scratch();
  FilterRun run{*batch, events, scratch.get(), matched};
  filter.apply(run);
  if (batch->state(0) != EventState::live) std::abort();
  Buffer out;
  write_json(std::as_const(*batch)[0], out, true);
  return 0;
}
