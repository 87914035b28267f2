#include "plugins/outputs/gzip_members.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/support/temp_directory.h"

namespace millrace {
namespace {

class GzipMembers : public testing::Test {
 protected:
  /// What end_of_last_member() says of a file with this content.
  std::uint64_t end_of(const std::string& content) {
    const int fd = open(files_.write("file.gz", content).c_str(), O_RDONLY);
    const auto end = end_of_last_member(fd, content.size());
    close(fd);
    EXPECT_TRUE(end);
    return end ? *end : UINT64_MAX;
  }

  /// As gunzip sees it.
  std::string unpacked(const std::string& content) {
    const gzFile file = gzopen(files_.write("file.gz", content).c_str(), "rb");
    std::string text(std::size_t{4} << 20, '\0');
    const int got = gzread(file, text.data(), static_cast<unsigned>(text.size()));
    EXPECT_EQ(gzclose(file), Z_OK);
    text.resize(static_cast<std::size_t>(std::max(got, 0)));
    return text;
  }

  static std::string member(GzipMember& maker, std::string_view text) {
    maker.append(text);
    const std::string made(maker.finish());
    maker.clear();
    return made;
  }

  /// As gzip makes it: its header says no length.
  std::string foreign(const std::string& text) {
    const gzFile file = gzopen(files_.path("foreign.gz").c_str(), "wb");
    EXPECT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
              static_cast<int>(text.size()));
    EXPECT_EQ(gzclose(file), Z_OK);
    return files_.read("foreign.gz");
  }

  static std::string noise(std::size_t size) {
    std::string bytes;
    std::uint32_t state = 1;
    while (bytes.size() < size)
      bytes.push_back(static_cast<char>((state = state * 1664525 + 1) >> 24));
    return bytes;
  }

  TempDirectory files_;
  GzipMember maker_;
};

TEST_F(GzipMembers, AreAFileThatGunzipReads) {
  EXPECT_TRUE(maker_.empty());
  const std::string file =
      member(maker_, "one\n") + member(maker_, noise(300'000)) + member(maker_, "two\n");
  EXPECT_EQ(unpacked(file), "one\n" + noise(300'000) + "two\n");
  EXPECT_EQ(end_of(file), file.size());
}

TEST_F(GzipMembers, EndBeforeTheOneThatIsCutAnywhere) {
  const std::string whole = member(maker_, "one\n") + member(maker_, "two\n");
  const std::string last = member(maker_, "three\n");
  const std::size_t full = last.size() - 20;  // the empty member behind it may be missing
  for (std::size_t cut = 0; cut < last.size(); ++cut)
    EXPECT_EQ(end_of(whole + last.substr(0, cut)), whole.size() + (cut < full ? 0 : full)) << cut;
  EXPECT_EQ(end_of(whole + last), whole.size() + last.size());
}

TEST_F(GzipMembers, OfOthersCountAsWell) {
  const std::string others = foreign("made elsewhere\n") + foreign(noise(300'000)) + foreign("");
  const std::string file = others + member(maker_, "one\n");
  EXPECT_EQ(end_of(file), file.size());
  EXPECT_EQ(end_of(others + foreign("cut").substr(0, 15)), others.size());
  EXPECT_EQ(end_of(others + foreign(noise(300'000)).substr(0, 200'000)), others.size());
}

TEST_F(GzipMembers, AreNotWhatNeverWasAny) {
  const std::string whole = member(maker_, "one\n");
  EXPECT_EQ(end_of("plain text\n"), 0u);
  EXPECT_EQ(end_of(""), 0u);
  EXPECT_EQ(end_of(whole + std::string(4096, '\0')), whole.size());
  std::string lies = whole.substr(0, whole.size() - 20);
  lies.replace(16, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(end_of(whole + lies), whole.size());
  lies.replace(16, 4, std::string(4, '\0'));  // no length: it must be unpacked
  EXPECT_EQ(end_of(whole + lies), whole.size() + lies.size());
}

}  // namespace
}  // namespace millrace
