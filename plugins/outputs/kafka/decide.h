#pragma once

#include <string>
#include <string_view>

namespace millrace::kafka::out {

/// What is to be done with a record after its report.
enum class Fate {
  delivered,
  refused,  ///< for good: to the dead letters
  alone,    ///< its batch was refused: tried in smaller ones, refused for good when it was alone
  act,      ///< somebody must act; tried again, with pauses, until somebody did
  again,    ///< may pass by itself: tried again, with pauses
};

/// By librdkafka's code, which stands for the broker's answer or for what happened on the way. The
/// table is in decide.cc. `fixed_topic`: the topic's name is in the config; where it came out of
/// the event instead, a topic that is not there or not ours is that event's fault, and must not
/// hold up the others.
///
/// Whatever the table does not name may pass: an unknown outcome is no delivery, and no refusal.
Fate decide(int code, bool fixed_topic);

}  // namespace millrace::kafka::out
