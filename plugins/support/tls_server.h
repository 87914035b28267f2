#pragma once

#include <openssl/ssl.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/plugin/option_types.h"
#include "pipeline/result.h"

namespace millrace {

/// How a server shows who it is, and what it wants to know of its clients.
struct TlsServerSettings {
  enum class ClientAuthentication { none, if_given, always };

  std::filesystem::path certificate;  ///< PEM, with the chain behind it
  std::filesystem::path key;          ///< PEM; not readable by everybody
  Secret key_passphrase;
  std::vector<std::filesystem::path>
      authorities;  ///< PEM files: who may sign clients' certificates
  ClientAuthentication client_authentication = ClientAuthentication::none;
  std::vector<std::string> protocols;      ///< TLSv1.2, TLSv1.3; empty: both
  std::vector<std::string> cipher_suites;  ///< standard names; empty: AEAD with forward secrecy
};

struct FreeTls {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeTls>;
using TlsSession = std::unique_ptr<SSL, FreeTls>;

/// What OpenSSL last complained about on this thread, its queue emptied.
std::string take_tls_error();
void clear_tls_errors();

/// Errors: Errc::invalid naming the one that this build or OpenSSL does not know.
Result<void> check_cipher_suites(const std::vector<std::string>& names);

/// The context that a server's connections are made from, made again when its files change: new
/// connections use the new certificates, those that are open stay as they are. Not thread-safe.
class TlsServer {
 public:
  /// Reads the files. Errors name the file and what is wrong with it.
  static Result<TlsServer> create(TlsServerSettings settings);

  /// The server's side of a connection that is about to begin; `fd` stays the caller's.
  Result<TlsSession> session(int fd) const;

  /// Looks whether a file has changed, and reads all of them again then: true. Errors: the new ones
  /// cannot be used; the old ones stay in use, and this is said once for each change.
  Result<bool> refresh();

 private:
  /// What a file was when it was read.
  using Stamp = std::vector<std::int64_t>;

  explicit TlsServer(TlsServerSettings settings) : settings_(std::move(settings)) {}
  Stamp stamp() const;
  Result<TlsContext> load() const;

  TlsServerSettings settings_;
  TlsContext context_;
  Stamp loaded_;
};

}  // namespace millrace
