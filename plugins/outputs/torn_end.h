#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipeline/result.h"

/// What a crash or a full disk leaves at the end of a file that events were appended to: finding
/// where the whole ones end, and putting the rest elsewhere.
namespace millrace {

/// How far back the end of the last whole event is looked for.
constexpr std::uint64_t kMostTornBytes = std::uint64_t{1} << 20;

/// What errno says of the file `path`. Errc::invalid: the name can never be a file's, so that to
/// try again would block all other files for good; otherwise Errc::io.
Error file_error(const char* what, const std::string& path);

/// Fills `bytes` with what `fd` holds at `at`; less is an error, Errc::io.
Result<void> read_at(int fd, std::uint64_t at, std::string& bytes);

/// Where the last whole event of a file of `size` bytes ends, which is behind the last `ending`; 0
/// where there is none in all of it, nullopt where there is none in its last kMostTornBytes. `fd`
/// can be read; its offset stays. Errors: Errc::io with the reason.
Result<std::optional<std::uint64_t>> end_of_last_event(int fd, std::uint64_t size,
                                                       std::string_view ending);

/// Appends what `fd` holds from `from` to `size`, and `ending`, to the file `path`, which is made
/// with the access rights of `fd` where it is missing. Errors: Errc::io with the reason; `path` is
/// as it was then.
Result<void> append_tail(int fd, std::uint64_t from, std::uint64_t size, std::string_view ending,
                         const std::string& path);

}  // namespace millrace
