// Decoders: hostile bytes, cut by the codec's framing, become events that can be printed. The first
// byte chooses the codec, the second how large the pieces are in which the rest arrives.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "plugins/codecs/csv.h"
#include "plugins/codecs/json.h"
#include "plugins/codecs/json_lines.h"
#include "plugins/codecs/line.h"
#include "plugins/codecs/multiline.h"
#include "plugins/support/line_framer.h"
#include "tests/unit/support/plugin_harness.h"

namespace {

using namespace millrace;

struct Target {
  std::unique_ptr<MadeCodec> codec;
  std::unique_ptr<Encoder> printer;
};

std::vector<Target> make_targets() {
  std::vector<Target> out;
  const auto add = [&](const CodecPlugin& plugin, const std::string& text) {
    auto codec = std::make_unique<MadeCodec>(plugin, text, EcsMode::v8);
    if (!codec->made) std::abort();
    auto printer = codec->made->encoder();
    out.push_back({std::move(codec), std::move(printer)});
  };
  add(csv_codec(), "csv { autodetect_column_names => true }");
  add(csv_codec(), "csv { separator => '||' target => 'tt' convert => { column1 => integer } }");
  add(json_codec(), "json { }");
  add(json_lines_codec(), "json_lines { delimiter => '||' target => '[a][b]' }");
  add(line_codec(), "line { charset => 'Shift_JIS' }");
  add(multiline_codec(), "multiline { pattern => '^\\s' what => previous max_bytes => 100 }");
  add(multiline_codec(), "multiline { pattern => '%{NUMBER}$' what => next max_lines => 3 }");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Target> targets = make_targets();
  if (size < 2) return 0;
  const Target& target = targets[data[0] % targets.size()];
  const std::size_t step = data[1] + 1u;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  Framing framing = target.codec->made->framing();
  framing.max_bytes = 1000;
  LineFramer framer(framing);
  const auto decoder = target.codec->made->stream_decoder();
  const auto batch = Batch::make();
  while (!bytes.empty()) {
    const std::size_t some = std::min(step, bytes.size());
    std::memcpy(framer.room().data(), bytes.data(), some);
    bytes.remove_prefix(some);
    framer.commit(some);
    framer.decode(0, framer.messages().size(), *decoder, *batch);
  }
  framer.finish();
  framer.decode(0, framer.messages().size(), *decoder, *batch);
  decoder->flush(*batch);
  if (decoder->held_messages() != 0) std::abort();
  Buffer out;
  for (std::uint32_t at = 0; at < batch->size(); ++at)
    target.printer->encode(std::as_const(*batch)[at], out);
  return 0;
}
