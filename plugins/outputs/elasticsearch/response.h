#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/result.h"
#include "plugins/outputs/elasticsearch/decide.h"

namespace millrace::elasticsearch {

/// An answer larger than this is not read further: its outcome is unknown.
inline constexpr std::size_t kMostAnswerBytes = std::size_t{64} << 20;

/// Reads answers to bulk requests, by simdjson where they are not all success. Keeps its buffers
/// between calls; one per thread.
///
/// Success is never guessed: the whole text must be JSON, `items` must hold one entry for each
/// action that was sent, in order and under the action's name. The order of keys does not matter;
/// `errors` is not relied on, nor is anything else that is not an item's status.
class BulkAnswerReader {
 public:
  BulkAnswerReader();
  ~BulkAnswerReader();

  /// One answer for each action `sent`, valid until the next call. Errors: Errc::protocol saying
  /// why the outcome of all of them is unknown.
  Result<std::span<const ItemAnswer>> read(std::string_view body, std::span<const Action> sent);

  /// What the body of an answer that is no success says, for messages: `type: reason` of its
  /// error, or the text itself where it is no such JSON, cut short and made printable.
  std::string explain(std::string_view body);

 private:
  bool read_all_taken(std::string_view body, std::span<const Action> sent);

  struct State;
  std::unique_ptr<State> state_;
  std::vector<ItemAnswer> items_;
};

/// What `GET /` says about a server.
struct ServerInfo {
  enum class Family : std::uint8_t { elasticsearch, opensearch };
  Family family = Family::elasticsearch;
  std::string number;  ///< "8.19.2"; "" on serverless is possible
  int major = 0;
  int minor = 0;
  bool serverless = false;

  /// For messages: "OpenSearch 2.19.4".
  std::string text() const;
  /// Templates of the composable kind (Elasticsearch 7.8, OpenSearch 1).
  bool has_composable_templates() const;
  bool has_data_streams() const;
};

/// Reads the answer to `GET /`. `product_header`: X-Elastic-Product, "" where there was none.
/// Errors: Errc::protocol: this is no server that we know; the message says what it is.
Result<ServerInfo> read_server_info(std::string_view body, std::string_view product_header);

}  // namespace millrace::elasticsearch
