#include "plugins/builtin.h"

#include "plugins/codecs/csv.h"
#include "plugins/codecs/dots.h"
#include "plugins/codecs/json.h"
#include "plugins/codecs/json_lines.h"
#include "plugins/codecs/line.h"
#include "plugins/codecs/multiline.h"
#include "plugins/codecs/plain.h"
#include "plugins/codecs/rubydebug.h"
#include "plugins/filters/clone.h"
#include "plugins/filters/csv.h"
#include "plugins/filters/dissect.h"
#include "plugins/filters/date.h"
#include "plugins/filters/drop.h"
#include "plugins/filters/grok.h"
#include "plugins/filters/json.h"
#include "plugins/filters/kv.h"
#include "plugins/filters/mutate.h"
#include "plugins/filters/split.h"
#include "plugins/filters/truncate.h"
#include "plugins/inputs/beats/beats.h"
#include "plugins/inputs/dead_letter_queue/input.h"
#include "plugins/inputs/file/input.h"
#include "plugins/inputs/generator.h"
#include "plugins/inputs/kafka/input.h"
#include "plugins/inputs/stdin.h"
#include "plugins/outputs/elasticsearch/output.h"
#include "plugins/outputs/file.h"
#include "plugins/outputs/kafka/output.h"
#include "plugins/outputs/null.h"
#include "plugins/outputs/stdout.h"

namespace millrace {

Registry builtin_plugins() {
  Registry plugins;
  plugins.add(beats_input());
  plugins.add(dead_letter_queue_input());
  plugins.add(file_input());
  plugins.add(generator_input());
  plugins.add(kafka_input());
  plugins.add(stdin_input());

  plugins.add(clone_filter());
  plugins.add(csv_filter());
  plugins.add(dissect_filter());
  plugins.add(date_filter());
  plugins.add(drop_filter());
  plugins.add(grok_filter());
  plugins.add(json_filter());
  plugins.add(kv_filter());
  plugins.add(mutate_filter());
  plugins.add(split_filter());
  plugins.add(truncate_filter());

  plugins.add(elasticsearch_output());
  plugins.add(file_output());
  plugins.add(kafka_output());
  plugins.add(null_output("null"));
  plugins.add(null_output("sink"));
  plugins.add(stdout_output());

  plugins.add(csv_codec());
  plugins.add(dots_codec());
  plugins.add(json_codec());
  plugins.add(json_lines_codec());
  plugins.add(line_codec());
  plugins.add(multiline_codec());
  plugins.add(plain_codec());
  plugins.add(rubydebug_codec());
  return plugins;
}

}  // namespace millrace
