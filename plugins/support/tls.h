#pragma once

#include <openssl/ossl_typ.h>

#include <string>
#include <vector>

#include "pipeline/plugin/option_types.h"
#include "pipeline/result.h"

namespace millrace {

/// How a client checks a TLS server and shows who it is itself. Files are read at each connect, so
/// that renewed ones are used without a restart.
struct TlsSettings {
  bool verify = true;                    ///< the server's certificate and its name
  std::vector<std::string> authorities;  ///< PEM files; with these the system's do not count
  std::string truststore;                ///< PKCS#12, the same as `authorities`
  Secret truststore_password;
  /// SHA-256 of CA certificates, 64 lower-case hex digits: one that the server shows and that has
  /// one of them is trusted as an authority.
  std::vector<std::string> trusted_fingerprints;
  std::string certificate;  ///< PEM, with `key`: the client's own
  std::string key;
  std::string keystore;  ///< PKCS#12, the same as `certificate` and `key`
  Secret keystore_password;
  std::vector<std::string> protocols;      ///< TLSv1.2, TLSv1.3; empty: both
  std::vector<std::string> cipher_suites;  ///< standard names; empty: the library's

  bool replaces_authorities() const { return !authorities.empty() || !truststore.empty(); }
};

/// A fingerprint as people write it ("AB:CD:...", "abcd...") in the form that TlsSettings has.
/// Errors: Errc::invalid.
Result<std::string> normal_fingerprint(std::string_view text);

/// What `settings` say that curl has no option for. Errors name the file that cannot be read.
Result<void> apply_tls(SSL_CTX* context, const TlsSettings& settings);

/// A list of standard cipher names as OpenSSL wants them; for TLS 1.2 and for TLS 1.3.
struct CipherLists {
  std::string tls12, tls13;
};
/// Errors: Errc::invalid naming the one that is unknown.
Result<CipherLists> cipher_lists(const std::vector<std::string>& names);

}  // namespace millrace
