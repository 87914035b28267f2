#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/config/ast.h"
#include "pipeline/result.h"

/// The types that a plugin's option may have beyond numbers, strings and vectors of them.
namespace millrace {

/// A size. Reads "1113", "10mb", "5 MiB"; see parse_bytes().
struct Bytes {
  std::uint64_t count = 0;
  friend auto operator<=>(const Bytes&, const Bytes&) = default;
};

/// What `k`, `m`, `g` without an `i` stand for. Logstash uses both: plugin options are decimal
/// ("180 mb" is 180'000'000), settings such as queue.max_bytes are binary ("64mb" is 64 * 2^20).
enum class ByteUnits { decimal, binary };

/// Case does not count and a space may stand before the unit (b, k, kb, kib, m, ..., e, eb, eib).
/// No unit: bytes. Errors: Errc::invalid, also for more than 2^63 - 1.
Result<Bytes> parse_bytes(std::string_view text, ByteUnits units);

/// "45s", "45 s", "1.5 hours", "2 weeks", "500 ms", "20 us"; a bare number counts `bare_unit`s.
/// Negative numbers are read as such. Errors: Errc::invalid, also for more than 10'000 years.
Result<std::chrono::milliseconds> parse_duration(std::string_view text,
                                                 std::chrono::milliseconds bare_unit);

/// "1.5s", "2h", "250ms", "14d": the largest unit that gives a whole number, for help texts.
std::string format_duration(std::chrono::milliseconds duration);

/// "10 MiB", "1000 B": the largest binary unit that gives a whole number, for help texts.
std::string format_bytes(Bytes bytes);

/// A string that must not show up in logs, messages or the API.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  /// The text itself, for the one place that has to send it.
  const std::string& reveal() const { return text_; }
  /// "<password>", or "" when empty: what everyone else prints.
  std::string_view masked() const { return text_.empty() ? "" : "<password>"; }

  friend bool operator==(const Secret&, const Secret&) = default;

 private:
  std::string text_;
};

/// An option that is a hash, in written order. An array of even length is read as pairs; a key that
/// comes again, there or in another use of the option, collects its values into one array, as in
/// Logstash.
struct Hash {
  std::vector<config::HashEntry> entries;

  bool empty() const { return entries.empty(); }
  std::size_t size() const { return entries.size(); }
  auto begin() const { return entries.begin(); }
  auto end() const { return entries.end(); }
  const config::HashEntry* find(std::string_view key) const;
};

/// The texts of a value: of a scalar one, of an array one for each item. Errors: Errc::invalid for
/// a hash, a codec, or an array that holds one.
Result<std::vector<std::string>> texts(const config::Value& value);

/// Text pairs in written order: a hash whose values must all be scalars.
using StringPairs = std::vector<std::pair<std::string, std::string>>;

/// The codec that an option names, with its own options still unread: the registry binds and
/// creates it.
struct CodecChoice {
  config::Plugin plugin;

  CodecChoice() : CodecChoice("plain") {}
  /// The default, written by no one: its spans are unknown.
  explicit CodecChoice(std::string name) { plugin.name = std::move(name); }
};

}  // namespace millrace
