#include "plugins/mirror/acls.h"

#include <gtest/gtest.h>

namespace millrace::mirror {
namespace {

kafka::Acl allow(std::string topic, std::string operation, std::string principal = "User:alice") {
  return {std::move(topic), false, true, std::move(operation), "*", std::move(principal)};
}
kafka::Acl deny(std::string topic, std::string operation) {
  kafka::Acl acl = allow(std::move(topic), std::move(operation));
  acl.allows = false;
  return acl;
}
kafka::Acl prefix(std::string topic) {
  kafka::Acl acl = allow(std::move(topic), "READ");
  acl.prefixed = true;
  return acl;
}

const Copies kCopies{{"logs", "east.logs"}, {"orders", "east.orders"}};

TEST(MirrorAcls, NobodyMayWriteToACopyAndWhoMayEverythingMayRead) {
  const std::vector<kafka::Acl> source{allow("orders", "READ"), allow("orders", "WRITE"),
                                       allow("logs", "ALL", "User:bob"), deny("logs", "WRITE"),
                                       deny("logs", "ALL")};
  EXPECT_EQ(acls_to_copy(source, kCopies),
            (Acls{allow("east.orders", "READ"), allow("east.logs", "READ", "User:bob"),
                  deny("east.logs", "WRITE"), deny("east.logs", "ALL")}));
}

TEST(MirrorAcls, PatternsAndOtherTopicsAreNotCopied) {
  const std::vector<kafka::Acl> source{
      prefix("ord"),      prefix("orders"),         prefix("billing"),
      allow("*", "READ"), allow("billing", "READ"), allow("logs", "UNKNOWN")};
  EXPECT_TRUE(acls_to_copy(source, kCopies).empty());
  EXPECT_EQ(acls_left_out(source, kCopies),
            (std::vector<kafka::Acl>{prefix("ord"), prefix("orders"), allow("*", "READ"),
                                     allow("logs", "UNKNOWN")}));
  EXPECT_TRUE(acls_left_out(source, {}).empty());
}

TEST(MirrorAcls, NothingIsAllowedWhereADenialCannotBeCopied) {
  kafka::Acl denial = prefix("ord");
  denial.allows = false;
  const std::vector<kafka::Acl> source{allow("orders", "READ"), allow("logs", "READ"), denial,
                                       deny("orders", "WRITE")};
  EXPECT_EQ(acls_to_copy(source, kCopies),
            (Acls{allow("east.logs", "READ"), deny("east.orders", "WRITE")}));
  EXPECT_EQ(acls_left_out(source, kCopies),
            (std::vector<kafka::Acl>{allow("orders", "READ"), denial}));
}

TEST(MirrorAcls, OnlyWhatTheMirrorHasMadeIsRemoved) {
  const auto wanted = allow("east.orders", "READ");
  const auto kept = allow("east.orders", "DESCRIBE");
  const auto others = allow("east.orders", "READ", "User:bob");
  const auto over = allow("east.logs", "READ", "User:carol");
  const auto undone = allow("east.logs", "READ", "User:dave");
  const auto unmirrored = allow("east.old", "READ");
  const AclChange change = change_of({kept, others, over, unmirrored}, {wanted, kept},
                                     {kept, over, undone, unmirrored}, kCopies);
  EXPECT_EQ(change.made, std::vector{wanted});
  EXPECT_EQ(change.removed, std::vector{over});
  EXPECT_EQ(change.forgotten, std::vector{undone});
}

TEST(MirrorAcls, TheRecordIsReadAsItWasWritten) {
  for (const kafka::Acl& acl : {allow("east.orders", "READ", "User:CN=alice, O=some where"),
                                deny("east.orders", "DESCRIBE_CONFIGS")}) {
    const auto read = decode_acl(encode(acl));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, acl);
  }
  for (const char* wrong : {"", "t", "t allow", "t may READ * User:a", "t allow READ *",
                            "t allow READ * ", " allow READ * User:a"})
    EXPECT_FALSE(decode_acl(wrong)) << wrong;
}

}  // namespace
}  // namespace millrace::mirror
