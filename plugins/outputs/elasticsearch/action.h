#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Words that all parts of the elasticsearch output use.
namespace millrace::elasticsearch {

/// What a line of a bulk request asks for.
enum class ActionKind : std::uint8_t { index, create, update, remove };

/// As it stands in requests and answers: "index", "create", "update", "delete".
std::string_view name_of(ActionKind kind);
std::optional<ActionKind> action_kind(std::string_view name);

/// One document operation, as bytes of an encoded body. Kept until the action is settled, so that
/// trying again and splitting copy nothing.
struct Action {
  std::uint64_t key = 0;    ///< of index and id, where the order of actions matters; 0: it does not
  std::size_t begin = 0;    ///< in the body
  std::uint32_t size = 0;   ///< metadata line and source line, both with their line ends
  std::uint32_t event = 0;  ///< its position in the batch
  ActionKind kind = ActionKind::index;
  bool own_id = false;            ///< the id is ours, not made up by the server
  bool external_version = false;  ///< the version is the document's own, not the server's count
};

}  // namespace millrace::elasticsearch
