#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugins/outputs/elasticsearch/action.h"

/// What follows from an answer: two tables, read from the top, the first row that fits decides.
/// Their facts are recorded answers of OpenSearch 2.19 and Elasticsearch 8.19.
namespace millrace::elasticsearch {

/// What becomes of one action.
enum class Fate : std::uint8_t {
  delivered,    ///< the server has it
  absorbed,     ///< delivered by an earlier try whose answer was lost
  retry,        ///< the server is busy: again, after a pause
  wait,         ///< somebody must act (rights, a block): again, slowly, and say so
  dead_letter,  ///< refused for good
  drop,         ///< the config lists its error type as one to drop
  unknown,      ///< the answer does not say: again
};

/// One item of a bulk answer.
struct ItemAnswer {
  int status = 0;              ///< 0: missing or not a number
  bool has_error = false;      ///< there is an `error`, whatever is inside
  bool failure_store = false;  ///< taken, but into the data stream's store of failures
  std::string error_type;
  std::string reason;  ///< cut to kMostReasonBytes
};
inline constexpr std::size_t kMostReasonBytes = 4096;

/// What the options change about items.
struct ItemPolicy {
  std::vector<int> dead_letter_codes;         ///< dlq_custom_codes
  std::vector<std::string> drop_error_types;  ///< drop_error_types
};

Fate decide_item(const Action& sent, const ItemAnswer& answer, const ItemPolicy& policy);

/// What becomes of a whole request, by its HTTP status.
enum class Step : std::uint8_t {
  read_items,  ///< the items decide
  retry,       ///< the server is busy: all of it again after a pause
  wait,        ///< somebody must act: all of it again, slowly, and say so
  split,       ///< too large: in halves; a single action is dead-lettered
  bisect,      ///< something in it spoils the rest: in halves; a single action is dead-lettered
  leave_host,  ///< this is no Elasticsearch: all of it again, elsewhere
};

/// `status` is that of a complete answer. Errors of the connection have none and are not asked for.
Step decide_request(int status);

/// For messages: what somebody should look at when a request is answered with `status`.
std::string_view advice_for(int status);

}  // namespace millrace::elasticsearch
