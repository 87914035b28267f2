#include "pipeline/event/json_read.h"

#include <simdjson.h>

#include <array>
#include <cstring>
#include <type_traits>

namespace millrace {

namespace sj = simdjson::ondemand;

struct JsonReader::State {
  sj::parser parser;
};

JsonReader::JsonReader() : state_(std::make_unique<State>()) {}
JsonReader::~JsonReader() = default;
JsonReader::JsonReader(JsonReader&&) noexcept = default;
JsonReader& JsonReader::operator=(JsonReader&&) noexcept = default;

namespace {

using simdjson::error_code;

/// Builds values while simdjson walks the text once.
class Builder {
 public:
  Builder(Batch& batch, std::size_t most_weight) : batch_(batch), weight_left_(most_weight) {}

  template <typename Node>
  error_code value(Node& node, int depth, Value& out) {
    sj::json_type type;
    if (auto error = node.type().get(type)) return error;
    if (!weigh(1)) return simdjson::CAPACITY;
    switch (type) {
      case sj::json_type::object:
        return object(node, depth, out);
      case sj::json_type::array:
        return array(node, depth, out);
      case sj::json_type::string:
        return string(node, out);
      case sj::json_type::number:
        return number(node, out);
      case sj::json_type::boolean: {
        bool b = false;
        if (auto error = node.get_bool().get(b)) return error;
        out = Value::of(b);
        return simdjson::SUCCESS;
      }
      case sj::json_type::null:
        if (!is_null(node)) return simdjson::N_ATOM_ERROR;
        out = Value();
        return simdjson::SUCCESS;
    }
    return simdjson::INCORRECT_TYPE;
  }

  bool too_heavy() const { return too_heavy_; }

 private:
  bool weigh(std::size_t weight) {
    too_heavy_ = weight > weight_left_;
    if (!too_heavy_) weight_left_ -= weight;
    return !too_heavy_;
  }

  template <typename Node>
  static bool is_null(Node& node) {
    bool null = false;  // a document answers bool, a value a result that throws when it is cast
    if constexpr (std::is_same_v<decltype(node.is_null()), bool>)
      null = node.is_null();
    else if (node.is_null().get(null))
      return false;
    return null;
  }

  template <typename Node>
  error_code object(Node& node, int depth, Value& out) {
    if (depth >= JsonReader::kMostDepth) return simdjson::DEPTH_ERROR;
    if (!weigh(JsonReader::kContainerWeight)) return simdjson::CAPACITY;
    sj::object members;
    if (auto error = node.get_object().get(members)) return error;
    Object* object = Object::make(batch_.arena(), 8);
    for (auto member : members) {
      std::string_view key;
      if (auto error = member.unescaped_key().get(key)) return error;
      if (!weigh(JsonReader::kKeyWeight)) return simdjson::CAPACITY;
      const NameId name = batch_.names().id(key);
      sj::value child;
      if (auto error = member.value().get(child)) return error;
      Value read;
      if (auto error = value(child, depth + 1, read)) return error;
      object->slot(batch_.arena(), name) = read;
    }
    out = Value::of(object);
    return simdjson::SUCCESS;
  }

  template <typename Node>
  error_code array(Node& node, int depth, Value& out) {
    if (depth >= JsonReader::kMostDepth) return simdjson::DEPTH_ERROR;
    if (!weigh(JsonReader::kContainerWeight)) return simdjson::CAPACITY;
    sj::array items;
    if (auto error = node.get_array().get(items)) return error;
    Array* array = Array::make(batch_.arena(), 4);
    for (auto item : items) {
      sj::value child;
      if (auto error = item.get(child)) return error;
      Value read;
      if (auto error = value(child, depth + 1, read)) return error;
      array->push(batch_.arena(), read);
    }
    out = Value::of(array);
    return simdjson::SUCCESS;
  }

  template <typename Node>
  error_code string(Node& node, Value& out) {
    std::string_view token;
    if (auto error = raw_token(node, token)) return error;
    if (const auto end = token.rfind('"'); end != 0 && plain(token.substr(1, end - 1))) {
      sj::raw_json_string checked;  // consumes it; the view is what it stands for
      if (auto error = node.get_raw_json_string().get(checked)) return error;
      out = Value::of(token.substr(1, end - 1));
      return simdjson::SUCCESS;
    }
    std::string_view text;
    if (auto error = node.get_string().get(text)) return error;
    out = batch_.copy(text);
    return simdjson::SUCCESS;
  }

  /// No escapes, and no control characters, which JSON forbids inside of strings (simdjson checks
  /// them only while it unescapes).
  static bool plain(std::string_view text) {
    constexpr std::uint64_t kOnes = ~std::uint64_t{0} / 255;
    constexpr std::uint64_t kHighs = kOnes * 0x80;
    const auto below = [](std::uint64_t word, std::uint64_t bound) {
      return (word - kOnes * bound) & ~word & kHighs;  // not 0 where a byte is less than `bound`
    };
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, sizeof word);
      if (below(word, ' ') | below(word ^ kOnes * '\\', 1)) return false;
    }
    for (; at < text.size(); ++at)
      if (static_cast<unsigned char>(text[at]) < ' ' || text[at] == '\\') return false;
    return true;
  }

  template <typename Node>
  error_code number(Node& node, Value& out) {
    std::string_view token;
    if (auto error = raw_token(node, token)) return error;
    token = token.substr(0, token.find_last_not_of(" \t\r\n") + 1);
    if (std::int64_t i = 0; token.find_first_of(".eE") == std::string_view::npos) {
      if (node.get_int64().get(i) == simdjson::SUCCESS) {
        out = Value::of(i);
        return simdjson::SUCCESS;
      }
    }
    double d = 0;
    const error_code error = node.get_double().get(d);
    if (token.find_first_of(".eE") != std::string_view::npos && error == simdjson::SUCCESS) {
      out = Value::of(d);
      return simdjson::SUCCESS;
    }
    if (!well_formed(token)) return simdjson::NUMBER_ERROR;
    out = Value::number(token);
    return simdjson::SUCCESS;  // left unconsumed: the container that it stands in skips it
  }

  /// The grammar of a number, for those that no machine type holds.
  static bool well_formed(std::string_view text) {
    std::size_t at = !text.empty() && text[0] == '-';
    const auto digits = [&] {
      const std::size_t from = at;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
      return at - from;
    };
    const std::size_t first = at;
    const std::size_t whole = digits();
    if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
    if (at < text.size() && text[at] == '.' && (++at, digits() == 0)) return false;
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
      ++at;
      if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
      if (digits() == 0) return false;
    }
    return at == text.size();
  }

  static error_code raw_token(sj::value& node, std::string_view& token) {
    token = node.raw_json_token();
    return simdjson::SUCCESS;
  }
  static error_code raw_token(sj::document& node, std::string_view& token) {
    return node.raw_json_token().get(token);
  }

  Batch& batch_;
  std::size_t weight_left_;
  bool too_heavy_ = false;
};

/// simdjson stops behind a scalar; whether it was all of the text is for us to see.
bool is_one_scalar(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  text = text.substr(0, text.find_last_not_of(kSpace) + 1);
  if (!text.starts_with('"'))
    return text.find_first_of(" \t\r\n,:[]{}\"") == std::string_view::npos;
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return end + 1 == text.size();
}

/// Does it have more than `most` brackets, commas, colons, strings and other scalars? simdjson
/// keeps a position of 4 bytes for each, and finds as many in a text that is no JSON.
bool has_more_tokens(std::string_view text, std::size_t most) {
  enum Kind : unsigned char { scalar, space, structural };
  static const auto kinds = [] {
    std::array<Kind, 256> made{};
    for (const unsigned char c : {'{', '}', '[', ']', ',', ':'}) made[c] = structural;
    for (const unsigned char c : {' ', '\t', '\r', '\n'}) made[c] = space;
    return made;
  }();
  std::size_t tokens = 0;
  bool in_string = false;
  Kind before = space;
  for (std::size_t at = 0; at < text.size() && tokens <= most; ++at) {
    const char c = text[at];
    if (c == '"') {
      in_string = !in_string;
      tokens += in_string;
      before = space;
    } else if (!in_string) {
      const Kind kind = kinds[static_cast<unsigned char>(c)];
      tokens += kind == structural || (kind == scalar && before != scalar);
      before = kind;
    }
    if (c == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\')) ++at;
  }
  return tokens > most;
}

}  // namespace

Result<Value> JsonReader::read(std::string_view text, Batch& batch, std::size_t most_weight) {
  const auto refuse = [&](error_code error) {
    return fail(Errc::invalid, std::string("not JSON: ") + simdjson::error_message(error));
  };
  const auto too_heavy = [] { return fail(Errc::limit, "JSON of too many values"); };
  if (text.size() >= 0xFFFF'FFFFu) return refuse(simdjson::CAPACITY);
  // Each value weighs at least one and stands for two tokens at the most, a container and a key
  // with their brackets, commas and colons weigh more than they have.
  if (text.size() / 2 > most_weight && has_more_tokens(text, 2 * most_weight)) return too_heavy();
  sj::document document;
  if (auto error =
          state_->parser.iterate(text, text.size() + simdjson::SIMDJSON_PADDING).get(document))
    return refuse(error);
  Builder builder(batch, most_weight);
  Value out;
  if (auto error = builder.value(document, 0, out))
    return builder.too_heavy() ? too_heavy() : refuse(error);
  const char* rest = nullptr;  // there is a current location only where something is left
  const bool container = out.is_object() || out.is_array();
  if (container ? document.current_location().get(rest) == simdjson::SUCCESS : !is_one_scalar(text))
    return refuse(simdjson::TRAILING_CONTENT);
  return out;
}

}  // namespace millrace
