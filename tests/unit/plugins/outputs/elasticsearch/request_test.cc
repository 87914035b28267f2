#include "plugins/outputs/elasticsearch/request.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

namespace millrace::elasticsearch {
namespace {

std::string wire(const BulkBody& body) {
  std::string bytes;
  for (const std::string_view piece : body.pieces()) bytes += piece;
  return bytes;
}

std::string gunzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);  // gzip alone: checks the sum and the length
  std::string plain(16 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

TEST(BulkBody, PlainPartsAreViewsAndNeighboursJoin) {
  const std::string text = "one\ntwo\nthree\n";
  BulkBody body(0);
  body.add(std::string_view(text).substr(0, 4));
  body.add(std::string_view(text).substr(4, 4));
  body.finish();
  ASSERT_EQ(body.pieces().size(), 1u);
  EXPECT_EQ(body.pieces()[0].data(), text.data());
  EXPECT_EQ(wire(body), "one\ntwo\n");
}

TEST(BulkBody, PartsMakeOneGzipStream) {
  std::mt19937 random(7);
  std::vector<std::string> parts;
  for (const std::size_t size : {1u, 0u, 70'000u, 300u, 1'000'000u}) {
    std::string part;
    while (part.size() < size) part += "word" + std::to_string(random() % 1000) + " ";
    parts.push_back(part.substr(0, size));
  }
  std::string all;
  BulkBody body(1);
  std::vector<DeflatedPart> ahead;
  for (const std::string& part : parts) ahead.push_back(deflate_part(part, 1));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    all += parts[i];
    if (i % 2 == 0)
      body.add(parts[i], ahead[i]);
    else
      body.add(parts[i]);
  }
  body.finish();
  EXPECT_EQ(body.plain_size(), all.size());
  EXPECT_EQ(wire(body).size(), body.wire_size());
  EXPECT_LT(body.wire_size(), all.size() / 2);
  EXPECT_TRUE(gunzip(wire(body)) == all);
}

TEST(BulkBody, NothingIsAnEmptyGzipStream) {
  BulkBody body(9);
  body.finish();
  EXPECT_EQ(gunzip(wire(body)), "");
}

}  // namespace
}  // namespace millrace::elasticsearch
