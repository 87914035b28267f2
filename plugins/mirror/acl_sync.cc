#include "plugins/mirror/acl_sync.h"

#include <fmt/format.h>

namespace millrace::mirror {
namespace {

constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::seconds kAgain{5};
constexpr std::size_t kMostNamed = 10;
constexpr const char* kVersion = "v=1";

std::string list_of(const std::vector<kafka::Acl>& acls) {
  std::string out;
  for (std::size_t i = 0; i < std::min(acls.size(), kMostNamed); ++i)
    out += fmt::format("{} `{}{}`", i ? "," : "", encode(acls[i]),
                       acls[i].prefixed ? " (a prefix)" : "");
  if (acls.size() > kMostNamed) out += fmt::format(", and {} more", acls.size() - kMostNamed);
  return out;
}

}  // namespace

AclSync::AclSync(const FlowSettings& settings, kafka::Admin& source, kafka::Admin& target)
    : settings_(settings),
      source_(source),
      target_(target),
      component_(settings.component() + " ACLs"),
      notices_(component_),
      own_("millrace-mirror-acls." + settings.options.flow + ".internal") {}

void AclSync::tick(const Copies& copies, const StopSignal& stop) {
  if (copies.empty() || (Clock::now() < due_ && copies.size() <= topics_)) return;
  topics_ = copies.size();
  auto done = open_ ? Result<void>() : open(stop);
  open_ = open_ || done;
  if (done) done = copy(copies);
  due_ = Clock::now() + settings_.options.acl_sync_interval;
  if (done) return notices_.end("copy", "ACLs are copied again");
  due_ = std::min(due_, Clock::now() + kAgain);
  if (done.error().code != Errc::closed)
    notices_.begin("copy", "{}; tried again", done.error().message);
}

/// Reads what an earlier run has made.
Result<void> AclSync::open(const StopSignal& stop) {
  const auto replication = static_cast<std::int32_t>(settings_.options.replication_factor);
  if (auto made = own_.make(target_, replication, kPatience, stop); !made) return made;
  ours_.clear();
  return own_.read(settings_.target_reader, component_, kPatience, stop, [&](auto key, auto value) {
    auto acl = decode_acl(key);
    if (acl && value && *value == kVersion)
      ours_.insert(std::move(*acl));
    else if (acl && !value)
      ours_.erase(*acl);
    else
      log::warn(component_, "{}: key `{}` is passed over: {}", own_.name(),
                std::string(key.substr(0, 200)),
                acl ? "expected the value `v=1`" : acl.error().message);
  });
}

Result<void> AclSync::copy(const Copies& copies) {
  auto here = source_.topic_acls();
  if (!here) return std::move(here).error().at("source");
  // An error looks the same: no reason to take anything away.
  if (here->empty()) {
    notices_.begin(
        "none",
        "the source tells of no ACL of a topic: it has none, or no authoriser, or the "
        "mirror's user lacks `Describe` on the cluster; none is copied, and none removed");
    return {};
  }
  notices_.end("none", "the source tells its ACLs");
  auto there = target_.topic_acls();
  if (!there) return std::move(there).error().at("target");
  tell(acls_left_out(*here, copies));
  const AclChange change = change_of(*there, acls_to_copy(*here, copies), ours_, copies);
  // First of all it is remembered: what a crash leaves there is known to be the mirror's.
  if (auto stored = remember(change.made); !stored) return stored;
  if (auto made = target_.create_acls(change.made); !made) {
    // Who may not make them was not told either which are there already, and whose they are.
    const bool refused = !may_pass(made.error().code);
    if (refused && there->empty())
      if (auto stored = forget(change.made); !stored) return stored;
    return std::move(made).error().at("target");
  }
  if (!change.made.empty())
    log::info(component_, "the target has got {} ACLs:{}", change.made.size(),
              list_of(change.made));
  if (auto removed = target_.delete_acls(change.removed); !removed)
    return std::move(removed).error().at("target");
  if (!change.removed.empty())
    log::info(component_, "the source has no more, and so are gone from the target, {} ACLs:{}",
              change.removed.size(), list_of(change.removed));
  if (auto stored = forget(change.removed); !stored) return stored;
  return forget(change.forgotten);
}

void AclSync::tell(const std::vector<kafka::Acl>& left_out) {
  if (left_out.empty()) return notices_.end("patterns", "no ACLs are left out any more");
  notices_.begin("patterns",
                 "{} ACLs are not copied, for they name no topic in full, or their operation is "
                 "not known:{}; make those for the copies by hand",
                 left_out.size(), list_of(left_out));
}

Result<void> AclSync::remember(std::span<const kafka::Acl> acls) {
  for (const kafka::Acl& acl : acls)
    if (!ours_.contains(acl)) own_.put(encode(acl), kVersion);
  auto stored = own_.flush(settings_.target_producer, component_, kPatience);
  if (stored) ours_.insert(acls.begin(), acls.end());
  return stored;
}

Result<void> AclSync::forget(std::span<const kafka::Acl> acls) {
  for (const kafka::Acl& acl : acls) own_.put(encode(acl), std::nullopt);
  auto stored = own_.flush(settings_.target_producer, component_, kPatience);
  if (stored)
    for (const kafka::Acl& acl : acls) ours_.erase(acl);
  return stored;
}

}  // namespace millrace::mirror
