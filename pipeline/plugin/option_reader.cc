#include "pipeline/plugin/option_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <system_error>

#include "pipeline/plugin/option_describe.h"

namespace millrace {
namespace {

using config::Value;
using config::ValueKind;

std::string shown(const Value& value, const OptionRules& rules) {
  return rules.secret || value.secret ? "<password>" : config::show(value);
}

/// An integer in decimal, also one that is written as a float: "5.0".
std::optional<std::int64_t> parse_integer(const std::string& text) {
  std::int64_t whole = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, whole);
  if (read.ec == std::errc() && read.ptr == end) return whole;
  double number = 0;
  const auto real = std::from_chars(text.data(), end, number);
  if (real.ec != std::errc() || real.ptr != end || std::trunc(number) != number)
    return std::nullopt;
  if (std::abs(number) > 9e15) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

bool readable(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error) return false;
  if (std::filesystem::is_directory(status)) return true;
  return std::ifstream(path).good();
}

/// Adds one entry; a key that is there already collects both values.
void collect(Hash& into, const config::HashEntry& entry) {
  const auto at =
      std::find_if(into.entries.begin(), into.entries.end(),
                   [&](const config::HashEntry& known) { return known.key == entry.key; });
  if (at == into.entries.end()) {
    into.entries.push_back(entry);
    return;
  }
  Value joined{.kind = ValueKind::array, .span = entry.value.span};
  for (const Value* part : std::initializer_list<const Value*>{&at->value, &entry.value}) {
    if (part->kind == ValueKind::array) {
      joined.items.insert(joined.items.end(), part->items.begin(), part->items.end());
    } else {
      joined.items.push_back(*part);
    }
  }
  at->value = std::move(joined);
}

}  // namespace

bool OptionReader::wrong(const Value& value, std::string_view expected, std::string hint) {
  diagnostics_.error(
      value.span, place_ + ": expected " + std::string(expected) + ", got " + shown(value, rules_),
      std::move(hint));
  return false;
}

const Value* OptionReader::scalar(const Value& value, std::string_view expected) {
  if (value.is_scalar()) return &value;
  const bool boxed = value.kind == ValueKind::array && value.items.size() == 1;
  if (boxed && value.items.front().is_scalar()) return &value.items.front();
  wrong(value, expected);
  return nullptr;
}

bool OptionReader::within_bounds(const Value& value, double number, std::string_view unit) {
  const std::string suffix = unit.empty() ? "" : " " + std::string(unit);
  if (rules_.at_least && number < *rules_.at_least) {
    return wrong(value, "at least " + number_text(*rules_.at_least) + suffix);
  }
  if (rules_.at_most && number > *rules_.at_most) {
    return wrong(value, "at most " + number_text(*rules_.at_most) + suffix);
  }
  return true;
}

bool OptionReader::read(const Value& value, bool& out) {
  const Value* const one = scalar(value, "true or false");
  if (one == nullptr) return false;
  if (one->text != "true" && one->text != "false") return wrong(*one, "true or false");
  out = one->text == "true";
  return true;
}

bool OptionReader::read_integer(const Value& value, std::int64_t low, std::int64_t high,
                                std::int64_t& out) {
  const Value* const one = scalar(value, "a whole number");
  if (one == nullptr) return false;
  const auto number = parse_integer(one->text);
  if (!number) return wrong(*one, "a whole number");
  if (!within_bounds(*one, static_cast<double>(*number), "")) return false;
  if (*number < low) return wrong(*one, "at least " + std::to_string(low));
  if (*number > high) return wrong(*one, "at most " + std::to_string(high));
  out = *number;
  return true;
}

bool OptionReader::read(const Value& value, double& out) {
  const Value* const one = scalar(value, "a number");
  if (one == nullptr) return false;
  double number = 0;
  const char* const end = one->text.data() + one->text.size();
  const auto read = std::from_chars(one->text.data(), end, number);
  const bool good = read.ec == std::errc() && read.ptr == end && std::isfinite(number);
  if (!good) return wrong(*one, "a number");
  if (!within_bounds(*one, number, "")) return false;
  out = number;
  return true;
}

bool OptionReader::read(const Value& value, std::string& out) {
  std::int64_t ignored = 0;
  if (!rules_.choices.empty() && !read_choice(value, ignored)) return false;
  const Value* const one = scalar(value, "a string");
  if (one == nullptr) return false;
  out = one->text;
  return true;
}

bool OptionReader::read(const Value& value, Secret& out) {
  const Value* const one = scalar(value, "a password");
  if (one == nullptr) return false;
  out = Secret(one->text);
  return true;
}

bool OptionReader::read_choice(const Value& value, std::int64_t& out) {
  const std::string expected = choice_text("", rules_);
  const Value* const one = scalar(value, expected);
  if (one == nullptr) return false;
  std::vector<std::string_view> names;
  for (const auto& [name, meaning] : rules_.choices) {
    if (name == one->text) {
      out = meaning;
      return true;
    }
    names.push_back(name);
  }
  return wrong(*one, expected, config::did_you_mean(one->text, names));
}

bool OptionReader::read(const Value& value, Bytes& out) {
  const Value* const one = scalar(value, "a size such as 10mb or 5 MiB");
  if (one == nullptr) return false;
  const auto bytes = parse_bytes(one->text, rules_.byte_units);
  if (!bytes) return wrong(*one, std::string_view(bytes.error().message).substr(9));
  if (!within_bounds(*one, static_cast<double>(bytes->count), "bytes")) return false;
  out = *bytes;
  return true;
}

bool OptionReader::read(const Value& value, std::chrono::milliseconds& out) {
  const Value* const one = scalar(value, "a duration such as 30, \"5 minutes\" or \"500 ms\"");
  if (one == nullptr) return false;
  const auto duration = parse_duration(one->text, rules_.bare_unit);
  if (!duration) return wrong(*one, std::string_view(duration.error().message).substr(9));
  if (duration->count() < 0 && !rules_.at_least) return wrong(*one, "a duration of 0 or more");
  if (!within_bounds(*one, static_cast<double>(duration->count()), "ms")) return false;
  out = *duration;
  return true;
}

bool OptionReader::read(const Value& value, std::filesystem::path& out) {
  const Value* const one = scalar(value, "a path");
  if (one == nullptr) return false;
  if (one->text.find('\0') != std::string::npos) return wrong(*one, "a path without NUL bytes");
  if (rules_.must_exist && !readable(one->text)) {
    return wrong(*one, "a path that exists and can be read");
  }
  out = one->text;
  return true;
}

bool OptionReader::read(const Value& value, Hash& out) {
  Hash hash;
  if (value.kind == ValueKind::hash) {
    for (const config::HashEntry& entry : value.entries) collect(hash, entry);
  } else if (value.kind == ValueKind::array && value.items.size() % 2 == 0) {
    for (std::size_t i = 0; i < value.items.size(); i += 2) {
      const Value& key = value.items[i];
      if (!key.is_scalar()) return wrong(key, "a key");
      collect(hash, {key.text, key.span, value.items[i + 1]});
    }
  } else {
    return wrong(value, "a hash", "write it as { \"key\" => \"value\" }");
  }
  out = std::move(hash);
  return true;
}

bool OptionReader::read(const Value& value, StringPairs& out) {
  Hash hash;
  if (!read(value, hash)) return false;
  StringPairs pairs;
  for (const config::HashEntry& entry : hash) {
    const Value* const text = scalar(entry.value, "a string for `" + entry.key + "`");
    if (text == nullptr) return false;
    pairs.emplace_back(entry.key, text->text);
  }
  out = std::move(pairs);
  return true;
}

bool OptionReader::read(const Value& value, CodecChoice& out) {
  if (value.kind == ValueKind::plugin) {
    out.plugin = *value.plugin;
    return true;
  }
  if (value.kind == ValueKind::hash && value.entries.size() == 1 &&
      value.entries.front().value.kind == ValueKind::hash) {
    // As YAML writes it: codec: { json: { charset: UTF-8 } }.
    const config::HashEntry& named = value.entries.front();
    out.plugin = config::Plugin{named.key, named.key_span, value.span, {}};
    for (const config::HashEntry& entry : named.value.entries) {
      out.plugin.attributes.push_back({entry.key, entry.key_span, entry.value});
    }
    return true;
  }
  const Value* const name =
      scalar(value, "a codec, such as json or plain { charset => \"UTF-8\" }");
  if (name == nullptr) return false;
  out.plugin = config::Plugin{name->text, name->span, name->span, {}};
  return true;
}

bool OptionReader::read(const Value& value, Value& out) {
  out = value;
  return true;
}

std::vector<Value> OptionReader::items_of(const Value& value) {
  if (value.kind == ValueKind::array) return value.items;
  return {value};
}

}  // namespace millrace
