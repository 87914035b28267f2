#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace millrace {

/// What kind of thing went wrong. The kind says whether trying again can help; the message says the rest.
enum class Errc {
  invalid,      ///< a value from the user is not acceptable; trying again cannot help
  not_found,    ///< a file, plugin, pattern or field that was named does not exist
  io,           ///< the operating system refused; may pass
  protocol,     ///< a peer sent bytes that break its protocol
  limit,        ///< a bound was reached: size, depth, count
  closed,       ///< the other side is gone, or close() was called
  timeout,      ///< the wait was over before the answer came
  unsupported,  ///< understood, but this build does not do it
};

/// True where the same call may succeed later with nothing changed by the user.
constexpr bool may_pass(Errc code) {
  return code == Errc::io || code == Errc::timeout || code == Errc::closed;
}

/// An error with a message fit for a user: it names the offending value and what was expected.
struct Error {
  Errc code = Errc::invalid;
  std::string message;

  /// Prepends the caller's place: `place: message`.
  Error at(std::string_view place) && {
    message.insert(0, std::string(place) + ": ");
    return std::move(*this);
  }
};

/// Either a T or an Error; shaped like std::expected, which C++20 lacks.
/// Reading the wrong side is a bug of ours and asserts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return *std::get_if<1>(&state_); }
  const Error& error() const& { return *std::get_if<1>(&state_); }
  Error&& error() && { return std::move(*std::get_if<1>(&state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_; }
  explicit operator bool() const { return has_value(); }

  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

inline Error fail(Errc code, std::string message) { return Error{code, std::move(message)}; }
inline Error fail(Error&& error) { return std::move(error); }

}  // namespace millrace
