// What a server answers to a bulk request: any bytes must end in items or in "unknown", and an item
// counts as delivered only where a status says so.
#include <cstdlib>
#include <string_view>

#include "plugins/outputs/elasticsearch/response.h"

using namespace millrace::elasticsearch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte says what was sent: two bits an action, up to three of them.
  std::vector<Action> sent;
  for (int i = 0; i < (data[0] >> 6); ++i)
    sent.push_back(
        {.kind = static_cast<ActionKind>((data[0] >> (2 * i)) & 3), .own_id = (i & 1) != 0});
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);

  static BulkAnswerReader reader;
  const auto items = reader.read(body, sent);
  if (items) {
    if (items->size() != sent.size()) std::abort();
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const ItemAnswer& item = (*items)[i];
      if (item.reason.size() > kMostReasonBytes) std::abort();
      const Fate fate = decide_item(sent[i], item, {});
      if (fate == Fate::delivered && item.status != 200 && item.status != 201 && item.status != 404)
        std::abort();
    }
  }
  (void)reader.explain(body);
  (void)read_server_info(body, "Elasticsearch");
  return 0;
}
