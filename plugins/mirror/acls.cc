#include "plugins/mirror/acls.h"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::mirror {
namespace {

constexpr std::string_view kEveryTopic = "*";
constexpr std::string_view kUnknown = "UNKNOWN";

bool is_pattern(const kafka::Acl& acl) { return acl.prefixed || acl.topic == kEveryTopic; }

/// Whether it says something of one of the topics, with all its words or with a pattern.
bool concerns(const kafka::Acl& acl, const Copies& copies) {
  if (!acl.prefixed) return acl.topic == kEveryTopic ? !copies.empty() : copies.contains(acl.topic);
  const auto first = copies.lower_bound(acl.topic);
  return first != copies.end() && first->first.starts_with(acl.topic);
}

bool is_of(const kafka::Acl& acl, const std::string& topic) {
  if (acl.prefixed) return topic.starts_with(acl.topic);
  return acl.topic == kEveryTopic || acl.topic == topic;
}

/// Whether a denial that cannot be copied says something of its topic: without it the copy would be
/// open to some whom the source turns away.
bool is_held_back(const kafka::Acl& acl, const std::vector<kafka::Acl>& source) {
  return acl.allows && std::any_of(source.begin(), source.end(), [&](const kafka::Acl& other) {
           return !other.allows && (is_pattern(other) || other.operation == kUnknown) &&
                  is_of(other, acl.topic);
         });
}

}  // namespace

Acls acls_to_copy(const std::vector<kafka::Acl>& source, const Copies& copies) {
  Acls out;
  for (const kafka::Acl& acl : source) {
    const auto copy = copies.find(acl.topic);
    if (is_pattern(acl) || acl.operation == kUnknown || copy == copies.end()) continue;
    if (acl.allows && acl.operation == "WRITE") continue;
    if (is_held_back(acl, source)) continue;
    kafka::Acl next = acl;
    next.topic = copy->second;
    if (acl.allows && acl.operation == "ALL") next.operation = "READ";
    out.insert(std::move(next));
  }
  return out;
}

std::vector<kafka::Acl> acls_left_out(const std::vector<kafka::Acl>& source, const Copies& copies) {
  std::vector<kafka::Acl> out;
  for (const kafka::Acl& acl : source)
    if (concerns(acl, copies) &&
        (is_pattern(acl) || acl.operation == kUnknown || is_held_back(acl, source)))
      out.push_back(acl);
  return out;
}

AclChange change_of(const std::vector<kafka::Acl>& there, const Acls& wanted, const Acls& ours,
                    const Copies& copies) {
  const Acls present(there.begin(), there.end());
  std::set<std::string_view> targets;
  for (const auto& [topic, target] : copies) targets.insert(target);
  AclChange out;
  std::set_difference(wanted.begin(), wanted.end(), present.begin(), present.end(),
                      std::back_inserter(out.made));
  for (const kafka::Acl& acl : ours) {
    if (wanted.contains(acl) || !targets.contains(acl.topic)) continue;
    (present.contains(acl) ? out.removed : out.forgotten).push_back(acl);
  }
  return out;
}

std::string encode(const kafka::Acl& acl) {
  // A principal may have spaces, so it is last; nothing else has.
  return fmt::format("{} {} {} {} {}", acl.topic, acl.allows ? "allow" : "deny", acl.operation,
                     acl.host, acl.principal);
}

Result<kafka::Acl> decode_acl(std::string_view text) {
  const auto word = [&] {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string out(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    return out;
  };
  kafka::Acl acl;
  acl.topic = word();
  const std::string permission = word();
  acl.allows = permission == "allow";
  acl.operation = word();
  acl.host = word();
  acl.principal = text;
  if (acl.topic.empty() || (!acl.allows && permission != "deny") || acl.operation.empty() ||
      acl.host.empty() || acl.principal.empty())
    return fail(Errc::invalid, "expected `TOPIC allow|deny OPERATION HOST PRINCIPAL`");
  return acl;
}

}  // namespace millrace::mirror
