#include "pipeline/event/event_bytes.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace millrace {
namespace {

static_assert(std::endian::native == std::endian::little, "integers are written as they stand");

/// Room made for items before they are seen: nested counts may claim far more than there are.
constexpr std::uint32_t kFirstRoom = 16;

void write_count(std::uint32_t count, Buffer& out) {
  for (; count >= 0x80; count >>= 7) out.push_back(static_cast<char>(count | 0x80));
  out.push_back(static_cast<char>(count));
}

void write_text(std::string_view text, Buffer& out) {
  write_count(static_cast<std::uint32_t>(text.size()), out);
  out.append(text);
}

template <typename T>
void write_fixed(T number, Buffer& out) {
  std::memcpy(out.reserve(sizeof number), &number, sizeof number);
  out.commit(sizeof number);
}

void write_object(const Batch& batch, const Object& object, Buffer& out);

void write_value(const Batch& batch, const Value& value, Buffer& out) {
  out.push_back(static_cast<char>(value.type()));
  switch (value.type()) {
    case Type::null:
      return;
    case Type::boolean:
      return out.push_back(value.boolean() ? 1 : 0);
    case Type::integer:
      return write_fixed(value.integer(), out);
    case Type::real:
      return write_fixed(value.real(), out);
    case Type::timestamp:
      return write_fixed(value.timestamp().ns, out);
    case Type::number_text:
    case Type::string:
      return write_text(value.text(), out);
    case Type::array:
      write_count(value.array().size, out);
      for (const Value& item : value.array()) write_value(batch, item, out);
      return;
    case Type::object:
      return write_object(batch, value.object(), out);
  }
}

void write_object(const Batch& batch, const Object& object, Buffer& out) {
  write_count(object.size, out);
  for (std::uint32_t i = 0; i < object.size; ++i) {
    write_text(batch.names()[object.names[i]].text, out);
    write_value(batch, object.values[i], out);
  }
}

/// Reads from untrusted bytes. Once something is wrong, ok() stays false.
class EventReader {
 public:
  EventReader(std::string_view bytes, Batch& batch) : bytes_(bytes), batch_(batch) {}

  bool ok() const { return !wrong_; }
  /// What is wrong; nullptr where nothing is.
  const char* wrong() const { return wrong_; }
  bool at_end() const { return bytes_.empty(); }

  Object* object(int depth) {
    const std::uint32_t count = items(2);  // a key's length and a type at the least
    Object* const object = Object::make(batch_.arena(), std::min(count, kFirstRoom));
    for (std::uint32_t i = 0; i < count && ok(); ++i) {
      const NameId name = batch_.names().id(text());
      object->slot(batch_.arena(), name) = value(depth + 1);
    }
    return object;
  }

 private:
  Value value(int depth) {
    if (depth > kMostStoredDepth) return fail_with("nested too deep"), Value();
    const auto type = static_cast<Type>(fixed<std::uint8_t>());
    switch (type) {
      case Type::null:
        return Value();
      case Type::boolean:
        return Value::of(fixed<std::uint8_t>() != 0);
      case Type::integer:
        return Value::of(fixed<std::int64_t>());
      case Type::real:
        return Value::of(fixed<double>());
      case Type::timestamp:
        return Value::of(Timestamp{fixed<std::int64_t>()});
      case Type::number_text:
        return Value::number(batch_.arena().copy(text()));
      case Type::string:
        return batch_.copy(text());
      case Type::array:
        return Value::of(array(depth));
      case Type::object:
        return Value::of(object(depth));
    }
    return fail_with("a type that there is not"), Value();
  }

  Array* array(int depth) {
    const std::uint32_t count = items(1);
    Array* const array = Array::make(batch_.arena(), std::min(count, kFirstRoom));
    for (std::uint32_t i = 0; i < count && ok(); ++i) array->push(batch_.arena(), value(depth + 1));
    return array;
  }

  /// A count of items that take `least` bytes each; no more than can be there.
  std::uint32_t items(std::size_t least) {
    const std::uint32_t claimed = count();
    if (claimed > bytes_.size() / least) return fail_with("more items than bytes"), 0;
    return claimed;
  }

  std::string_view text() {
    const std::uint32_t size = count();
    if (size > bytes_.size()) return fail_with("a text that ends early"), std::string_view();
    const std::string_view text = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return text;
  }

  std::uint32_t count() {
    std::uint64_t count = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      count |= std::uint64_t{byte & 0x7Fu} << shift;
      if (byte & 0x80) continue;
      if (count <= UINT32_MAX) return static_cast<std::uint32_t>(count);
      break;
    }
    fail_with("a count that is too large");
    return 0;
  }

  template <typename T>
  T fixed() {
    T number{};
    if (bytes_.size() < sizeof number) return fail_with("it ends early"), number;
    std::memcpy(&number, bytes_.data(), sizeof number);
    bytes_.remove_prefix(sizeof number);
    return number;
  }

  void fail_with(const char* what) {
    if (!wrong_) wrong_ = what;
    bytes_ = {};
  }

  std::string_view bytes_;
  Batch& batch_;
  const char* wrong_ = nullptr;
};

}  // namespace

void write_event_bytes(const ConstEvent& event, Buffer& out) {
  write_object(event.batch(), event.fields(), out);
}

Result<Event> read_event_bytes(std::string_view bytes, Batch& batch) {
  EventReader reader(bytes, batch);
  const Object* const fields = reader.object(0);
  if (!reader.ok())
    return fail(Errc::invalid, std::string("not a stored event: ") + reader.wrong());
  if (!reader.at_end()) return fail(Errc::invalid, "not a stored event: bytes behind its end");
  Event event = batch.add(Timestamp{0});
  event.fields() = *fields;
  return event;
}

}  // namespace millrace
