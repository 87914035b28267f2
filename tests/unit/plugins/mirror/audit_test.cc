#include "plugins/mirror/audit.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <vector>

#include "plugins/mirror/provenance.h"

namespace millrace::mirror {
namespace {

using Kind = Finding::Kind;

struct List : Fingerprints {
  explicit List(std::vector<Fingerprint> all) : records(std::move(all)) {}
  Result<std::optional<Fingerprint>> next() override {
    if (at == records.size()) return std::optional<Fingerprint>{};
    return std::optional(records[at++]);
  }
  std::vector<Fingerprint> records;
  std::size_t at = 0;
};

/// A record whose content is all its own.
Fingerprint record(std::int64_t number) {
  Fingerprint out;
  out.offset = number;
  out.time_ms = 1'000 + number;
  out.key = static_cast<std::uint64_t>(number % 7);
  out.value = static_cast<std::uint64_t>(number) * 11;
  return out;
}

std::vector<Fingerprint> records(std::int64_t count) {
  std::vector<Fingerprint> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back(record(i));
  return out;
}

/// As a mirror writes them: offsets of their own, and the origin where `with_origin`.
std::vector<Fingerprint> copies(std::vector<Fingerprint> of, bool with_origin) {
  std::int64_t offset = 5'000;
  for (Fingerprint& copy : of) {
    if (with_origin) copy.origin = copy.offset;
    copy.offset = offset++;
  }
  return of;
}

struct Outcome {
  Audit audit;
  std::vector<Finding> findings;
};

Outcome compare(std::vector<Fingerprint> source, std::vector<Fingerprint> target) {
  List a(std::move(source)), b(std::move(target));
  Outcome out;
  auto done = audit(a, b, [&](const Finding& finding) { out.findings.push_back(finding); });
  EXPECT_TRUE(done);
  out.audit = *done;
  return out;
}

class MirrorAudit : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(ByOrderAndByOrigin, MirrorAudit, testing::Bool());

TEST_P(MirrorAudit, EqualSidesHaveNoFindingAndTheSameHash) {
  const Outcome out = compare(records(20'000), copies(records(20'000), GetParam()));
  EXPECT_TRUE(out.audit.equal());
  EXPECT_TRUE(out.findings.empty());
  EXPECT_EQ(out.audit.by_origin, GetParam());
  EXPECT_EQ(out.audit.source.records, 20'000u);
  EXPECT_EQ(out.audit.target.first, 5'000);
  EXPECT_EQ(out.audit.target.last, 24'999);
  EXPECT_EQ(out.audit.source.hash, out.audit.target.hash);
}

TEST_P(MirrorAudit, EmptySidesAreEqual) { EXPECT_TRUE(compare({}, {}).audit.equal()); }

TEST_P(MirrorAudit, NamesOneAlteredOneMissingAndOneExtra) {
  std::vector<Fingerprint> there = copies(records(50'000), GetParam());
  there[777].value ^= 1;
  Fingerprint foreign = record(-77);
  foreign.offset = 60'000;
  there.insert(there.begin() + 40'000, foreign);
  there.erase(there.begin() + 30'000);
  const Outcome out = compare(records(50'000), there);
  ASSERT_EQ(out.findings.size(), 3u);
  EXPECT_EQ(describe(out.findings[0]),
            "altered: value at offset 777 of the source is at offset 5777 of the target");
  EXPECT_EQ(describe(out.findings[1]), "missing: offset 30000 of the source");
  EXPECT_EQ(describe(out.findings[2]), "extra: offset 60000 of the target is not on the source");
}

TEST_P(MirrorAudit, WhatIsNotThereYetIsToldAsOneRange) {
  std::vector<Fingerprint> there = copies(records(50'000), GetParam());
  there.resize(10'000);
  const Outcome out = compare(records(50'000), there);
  ASSERT_EQ(out.findings.size(), 1u);
  EXPECT_EQ(describe(out.findings[0]),
            "missing: offsets 10000 to 49999 of the source (40000 records), at the end: not "
            "mirrored yet, or lost");
}

TEST_P(MirrorAudit, RandomDamageIsCountedExactly) {
  std::mt19937_64 random(GetParam() ? 1 : 2);
  for (int round = 0; round < 50; ++round) {
    std::vector<Fingerprint> there = copies(records(5'000), GetParam());
    std::map<Kind, std::uint64_t> wanted;
    // Far enough apart that no two of them are next to each other.
    std::set<std::size_t> places;
    for (int i = 0; i < 40; ++i) places.insert(1 + random() % 600);
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      const auto at = there.begin() + static_cast<std::ptrdiff_t>(*place * 8);
      const Kind kind = static_cast<Kind>(random() % 3);
      ++wanted[kind];
      if (kind == Kind::altered) at->headers ^= 1;
      if (kind == Kind::missing) there.erase(at);
      if (kind == Kind::extra) there.insert(at, record(-static_cast<std::int64_t>(*place)));
    }
    const Audit got = compare(records(5'000), there).audit;
    EXPECT_EQ(got.altered, wanted[Kind::altered]);
    EXPECT_EQ(got.missing, wanted[Kind::missing]);
    EXPECT_EQ(got.extra, wanted[Kind::extra]);
  }
}

TEST(MirrorAuditByOrigin, ARecordThatComesTwiceIsARepeat) {
  std::vector<Fingerprint> there = copies(records(100), true);
  there.insert(there.begin() + 60, there.begin() + 40, there.begin() + 60);
  const Outcome out = compare(records(100), there);
  EXPECT_EQ(out.audit.repeated, 20u);
  ASSERT_EQ(out.findings.size(), 1u);
  EXPECT_EQ(out.audit.missing + out.audit.extra + out.audit.altered, 0u);
}

TEST(MirrorAuditByOrder, ARecordThatComesTwiceIsExtra) {
  std::vector<Fingerprint> there = copies(records(100), false);
  there.insert(there.begin() + 60, there.begin() + 40, there.begin() + 60);
  const Outcome out = compare(records(100), there);
  EXPECT_EQ(out.audit.extra, 20u);
  EXPECT_EQ(out.audit.missing + out.audit.altered, 0u);
}

TEST(MirrorAuditByOrder, SidesThatHaveNothingInCommonEnd) {
  std::vector<Fingerprint> other = records(30'000);
  for (Fingerprint& one : other) one.value = ~one.value;
  const Outcome out = compare(records(30'000), copies(other, false));
  EXPECT_EQ(out.audit.altered, 30'000u);
  EXPECT_EQ(out.findings.size(), 1u);
}

TEST(MirrorAuditByOrder, RecordsThatAreAllAlikeAreToldApartByTime) {
  std::vector<Fingerprint> same = records(1'000);
  for (Fingerprint& one : same) one.value = one.key = 1;
  std::vector<Fingerprint> there = copies(same, false);
  there.erase(there.begin() + 500);
  const Outcome out = compare(same, there);
  EXPECT_EQ(out.audit.missing, 1u);
  EXPECT_EQ(out.audit.altered + out.audit.extra, 0u);
}

kafka::Header header(std::string_view name, std::optional<std::string_view> value) {
  return {name, value};
}

TEST(MirrorFingerprint, TellsNullFromEmptyAndTheOrderOfHeaders) {
  RecordView null, empty;
  empty.key = empty.value = "";
  EXPECT_EQ(difference(fingerprint(null, ""), fingerprint(empty, "")), "key and value");
  const std::vector<kafka::Header> ab{header("a", "1"), header("b", std::nullopt)};
  const std::vector<kafka::Header> ba{header("b", std::nullopt), header("a", "1")};
  const std::vector<kafka::Header> b_empty{header("a", "1"), header("b", "")};
  RecordView one{0, 5, "k", "v", ab}, other{0, 5, "k", "v", ba}, third{0, 5, "k", "v", b_empty};
  EXPECT_EQ(difference(fingerprint(one, ""), fingerprint(other, "")), "headers");
  EXPECT_EQ(difference(fingerprint(one, ""), fingerprint(third, "")), "headers");
}

TEST(MirrorFingerprint, TheMirrorsOwnHeadersAreNoDifference) {
  const std::vector<kafka::Header> own{header("a", "1"), header(kHopHeader, "id"),
                                       header(kSourceHeader, "id/t/0/17")};
  const std::vector<kafka::Header> plain{header("a", "1")};
  const RecordView copy{3, 5, "k", "v", own}, source{17, 5, "k", "v", plain};
  EXPECT_EQ(difference(fingerprint(source, ""), fingerprint(copy, "id/t/0/")), "");
  EXPECT_EQ(fingerprint(copy, "id/t/0/").origin, 17);
  EXPECT_EQ(fingerprint(copy, "id/t/1/").origin, std::nullopt);
  EXPECT_EQ(fingerprint(copy, "").origin, std::nullopt);
}

TEST(MirrorFingerprint, AnOriginThatMakesNoSenseIsNone) {
  for (const char* value : {"id/t/0/", "id/t/0/-1", "id/t/0/1x", "id/t/0/99999999999999999999", "",
                            "id", "id/t/0/ 1"}) {
    const std::vector<kafka::Header> headers{header(kSourceHeader, value)};
    const RecordView copy{0, 5, "k", "v", headers};
    EXPECT_EQ(fingerprint(copy, "id/t/0/").origin, std::nullopt) << value;
  }
}

TEST(MirrorFingerprint, ATimeThatCannotBeCarriedIsNotCompared) {
  const RecordView zero{0, 0, "k", "v", {}}, none{0, std::nullopt, "k", "v", {}},
      now{0, 99, "k", "v", {}};
  EXPECT_EQ(difference(fingerprint(zero, ""), fingerprint(now, "")), "");
  EXPECT_EQ(difference(fingerprint(none, ""), fingerprint(now, "")), "");
  EXPECT_EQ(difference(fingerprint(now, ""), fingerprint(zero, "")), "timestamp");
}

}  // namespace
}  // namespace millrace::mirror
