#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/support/kafka/admin.h"

/// Which ACLs a copy gets from its topic. Pure functions.
namespace millrace::mirror {

using Acls = std::set<kafka::Acl>;
/// Topics on the source, and their names on the target.
using Copies = std::map<std::string, std::string>;

/// What the copies' ACLs are to be. Of the ACLs that name one of these topics in full: all, with
/// the copy's name, but nobody is allowed to write to a copy, and who is allowed everything may
/// read it.
Acls acls_to_copy(const std::vector<kafka::Acl>& source, const Copies& copies);

/// Those that say something of these topics and are not copied: for names that begin so, for all
/// topics, or with an operation that librdkafka does not know.
std::vector<kafka::Acl> acls_left_out(const std::vector<kafka::Acl>& source, const Copies& copies);

/// What is to be done on the target.
struct AclChange {
  std::vector<kafka::Acl> made;
  std::vector<kafka::Acl> removed;
  std::vector<kafka::Acl> forgotten;  ///< of `ours`: no longer there, nor wanted
};

/// `there` is what the target has. What is wanted and not there is made. Of what the mirror had
/// made before, `ours`, that is removed which is wanted no more, for these copies: what others have
/// made stays, and so do the ACLs of topics that are not mirrored any more.
AclChange change_of(const std::vector<kafka::Acl>& there, const Acls& wanted, const Acls& ours,
                    const Copies& copies);

/// "east.orders allow READ * User:alice"
std::string encode(const kafka::Acl& acl);
/// Errors: Errc::invalid for what encode() does not write.
Result<kafka::Acl> decode_acl(std::string_view text);

}  // namespace millrace::mirror
