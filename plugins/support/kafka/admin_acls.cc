#include <array>

#include "plugins/support/kafka/admin.h"
#include "plugins/support/kafka/admin_call.h"

namespace millrace::kafka {
namespace {

/// Of one request: a broker refuses to change very many at once.
constexpr std::size_t kMostAtOnce = 500;

struct DestroyAcl {
  void operator()(rd_kafka_AclBinding_t* acl) const { rd_kafka_AclBinding_destroy(acl); }
};
using AclHandle = std::unique_ptr<rd_kafka_AclBinding_t, DestroyAcl>;

rd_kafka_AclOperation_t operation_of(const std::string& name) {
  for (int i = 0; i < RD_KAFKA_ACL_OPERATION__CNT; ++i)
    if (const auto one = static_cast<rd_kafka_AclOperation_t>(i);
        name == rd_kafka_AclOperation_name(one))
      return one;
  return RD_KAFKA_ACL_OPERATION_UNKNOWN;
}

rd_kafka_ResourcePatternType_t pattern_of(const Acl& acl) {
  return acl.prefixed ? RD_KAFKA_RESOURCE_PATTERN_PREFIXED : RD_KAFKA_RESOURCE_PATTERN_LITERAL;
}

rd_kafka_AclPermissionType_t permission_of(const Acl& acl) {
  return acl.allows ? RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW : RD_KAFKA_ACL_PERMISSION_TYPE_DENY;
}

Acl acl_of(const rd_kafka_AclBinding_t* one) {
  return {.topic = rd_kafka_AclBinding_name(one),
          .prefixed =
              rd_kafka_AclBinding_resource_pattern_type(one) == RD_KAFKA_RESOURCE_PATTERN_PREFIXED,
          .allows = rd_kafka_AclBinding_permission_type(one) == RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW,
          .operation = rd_kafka_AclOperation_name(rd_kafka_AclBinding_operation(one)),
          .host = rd_kafka_AclBinding_host(one),
          .principal = rd_kafka_AclBinding_principal(one)};
}

/// The library's forms of up to kMostAtOnce ACLs, or filters for them.
struct Batch {
  std::vector<AclHandle> owned;
  std::vector<rd_kafka_AclBinding_t*> list;

  template <typename Make>
  static Result<Batch> of(std::span<const Acl> acls, Make make) {
    Batch out;
    std::array<char, 256> text{};
    for (const Acl& acl : acls) {
      AclHandle made(make(RD_KAFKA_RESOURCE_TOPIC, acl.topic.c_str(), pattern_of(acl),
                          acl.principal.c_str(), acl.host.c_str(), operation_of(acl.operation),
                          permission_of(acl), text.data(), text.size()));
      if (!made)
        return fail(Errc::invalid, fmt::format("ACL of {} for {} on topic {}: {}", acl.operation,
                                               acl.principal, acl.topic, text.data()));
      out.list.push_back(made.get());
      out.owned.push_back(std::move(made));
    }
    return out;
  }
};

/// The first error among the answers of a request, by the library's function that tells it.
template <typename Handles, typename Answer, typename ErrorOf>
Result<void> verdict_of(Handles& handles, const Answer* const* answers, std::size_t count,
                        ErrorOf error_of) {
  for (std::size_t i = 0; i < count; ++i)
    if (const rd_kafka_error_t* problem = error_of(answers[i]))
      return handles.error(rd_kafka_error_code(problem), rd_kafka_error_string(problem)).at("ACLs");
  return {};
}

/// `change` for a part of `acls` after the other.
template <typename Change>
Result<void> in_parts(std::span<const Acl> acls, Change change) {
  while (!acls.empty()) {
    const auto some = acls.first(std::min(acls.size(), kMostAtOnce));
    if (Result<void> done = change(some); !done) return done;
    acls = acls.subspan(some.size());
  }
  return {};
}

}  // namespace

Result<std::vector<Acl>> Admin::topic_acls() {
  std::array<char, 256> text{};
  const AclHandle filter(rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_TOPIC, nullptr, RD_KAFKA_RESOURCE_PATTERN_ANY, nullptr, nullptr,
      RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, text.data(), text.size()));
  if (!filter) return fail(Errc::invalid, std::string("ACLs: ") + text.data());
  auto event = handles_->ask(RD_KAFKA_ADMIN_OP_DESCRIBEACLS, [&](auto* options, auto* queue) {
    rd_kafka_DescribeAcls(handles_->client, filter.get(), options, queue);
  });
  if (!event) return std::move(event).error().at("ACLs");
  std::size_t count = 0;
  const auto listed =
      rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(event->get()), &count);
  auto verdict = verdict_of(*handles_, listed, count, rd_kafka_AclBinding_error);
  if (!verdict) return fail(std::move(verdict).error());
  std::vector<Acl> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(acl_of(listed[i]));
  return out;
}

Result<void> Admin::create_acls(std::span<const Acl> acls) {
  return in_parts(acls, [this](std::span<const Acl> some) -> Result<void> {
    auto batch = Batch::of(some, rd_kafka_AclBinding_new);
    if (!batch) return fail(std::move(batch).error());
    auto event = handles_->ask(RD_KAFKA_ADMIN_OP_CREATEACLS, [&](auto* options, auto* queue) {
      rd_kafka_CreateAcls(handles_->client, batch->list.data(), batch->list.size(), options, queue);
    });
    if (!event) return std::move(event).error().at("ACLs");
    std::size_t count = 0;
    const auto results =
        rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event->get()), &count);
    return verdict_of(*handles_, results, count, rd_kafka_acl_result_error);
  });
}

Result<void> Admin::delete_acls(std::span<const Acl> acls) {
  return in_parts(acls, [this](std::span<const Acl> some) -> Result<void> {
    auto batch = Batch::of(some, rd_kafka_AclBindingFilter_new);
    if (!batch) return fail(std::move(batch).error());
    auto event = handles_->ask(RD_KAFKA_ADMIN_OP_DELETEACLS, [&](auto* options, auto* queue) {
      rd_kafka_DeleteAcls(handles_->client, batch->list.data(), batch->list.size(), options, queue);
    });
    if (!event) return std::move(event).error().at("ACLs");
    std::size_t count = 0;
    const auto results = rd_kafka_DeleteAcls_result_responses(
        rd_kafka_event_DeleteAcls_result(event->get()), &count);
    return verdict_of(*handles_, results, count, rd_kafka_DeleteAcls_result_response_error);
  });
}

}  // namespace millrace::kafka
