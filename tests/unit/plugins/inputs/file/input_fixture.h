#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include "plugins/codecs/multiline.h"
#include "plugins/codecs/plain.h"
#include "plugins/inputs/file/input.h"
#include "tests/unit/support/fake_emitter.h"
#include "tests/unit/support/temp_directory.h"

namespace millrace {

/// Runs file inputs in this thread over the files of a temporary directory.
class FileInputTest : public testing::Test {
 protected:
  using Texts = std::vector<std::string>;

  static Registry codecs() {
    Registry registry;
    registry.add(plain_codec());
    registry.add(multiline_codec());
    return registry;
  }

  /// An input over `pattern` in the directory, with more options; positions in "db".
  MadeInput make(const std::string& pattern, const std::string& options,
                 EcsMode ecs = EcsMode::disabled) {
    return MadeInput(file_input(),
                     "file { path => '" + files_.path(pattern) + "' sincedb_path => '" +
                         files_.path("db") + "' stat_interval => 0.001 discover_interval => 1 " +
                         options + "}",
                     ecs, codecs());
  }
  MadeInput reader(const std::string& pattern, const std::string& options = "") {
    return make(pattern,
                "mode => read exit_after_read => true file_completed_action => log "
                "file_completed_log_path => '" +
                    files_.path("done") + "' " + options);
  }

  /// A whole life of an input: the messages that came.
  static Texts messages_of(MadeInput& input) {
    FakeEmitter emitter(*input.made);
    EXPECT_TRUE(input.made->run(emitter));
    input.made->close();
    return emitter.messages;
  }
  Texts read(const std::string& pattern, const std::string& options = "") {
    MadeInput input = reader(pattern, options);
    EXPECT_TRUE(input.made) << input.messages();
    return messages_of(input);
  }

  /// Tails; `act` is told the latest message after each batch and stops the input by "stop".
  Texts tail(MadeInput& input, const std::function<void(const std::string&)>& act) {
    FakeEmitter emitter(*input.made);
    emitter.on_batch = [&] {
      if (emitter.messages.empty()) return;
      if (emitter.messages.back() == "stop") return emitter.request_stop();
      act(emitter.messages.back());
    };
    EXPECT_TRUE(input.made->run(emitter));
    input.made->close();
    return emitter.messages;
  }

  void write_gzip(const std::string& name, const std::string& content) {
    const gzFile file = gzopen(files_.path(name).c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
  }

  TempDirectory files_;
};

}  // namespace millrace
