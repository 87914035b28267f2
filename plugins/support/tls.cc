#include "plugins/support/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <memory>

namespace millrace {
namespace {

template <auto Free>
struct FreeBy {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
void free_certificates(STACK_OF(X509) * stack) { sk_X509_pop_free(stack, X509_free); }

using FilePtr = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using StorePtr = std::unique_ptr<PKCS12, FreeBy<PKCS12_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, FreeBy<X509_free>>;
using StackPtr = std::unique_ptr<STACK_OF(X509), FreeBy<free_certificates>>;

std::string last_problem() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "it cannot be read";
}

struct KeyStore {
  KeyPtr key;
  CertificatePtr certificate;
  StackPtr others;
};

Result<KeyStore> read_key_store(const std::string& path, const Secret& password) {
  const FilePtr file(BIO_new_file(path.c_str(), "rb"));
  if (!file) return fail(Errc::io, fmt::format("{}: {}", path, last_problem()));
  const StorePtr store(d2i_PKCS12_bio(file.get(), nullptr));
  if (!store) return fail(Errc::invalid, fmt::format("{}: not a PKCS#12 file", path));
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* others = nullptr;
  if (!PKCS12_parse(store.get(), password.reveal().c_str(), &key, &certificate, &others))
    return fail(Errc::invalid,
                fmt::format("{}: {} (is the password right?)", path, last_problem()));
  return KeyStore{KeyPtr(key), CertificatePtr(certificate), StackPtr(others)};
}

Result<void> trust_key_store(X509_STORE* store, const TlsSettings& settings) {
  auto read = read_key_store(settings.truststore, settings.truststore_password);
  if (!read) return fail(std::move(read).error());
  if (read->certificate) X509_STORE_add_cert(store, read->certificate.get());
  for (int i = 0; read->others && i < sk_X509_num(read->others.get()); ++i)
    X509_STORE_add_cert(store, sk_X509_value(read->others.get(), i));
  return {};
}

Result<void> use_key_store(SSL_CTX* context, const TlsSettings& settings) {
  auto read = read_key_store(settings.keystore, settings.keystore_password);
  if (!read) return fail(std::move(read).error());
  if (!read->certificate || !read->key)
    return fail(Errc::invalid,
                fmt::format("{}: holds no certificate with its key", settings.keystore));
  if (SSL_CTX_use_certificate(context, read->certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, read->key.get()) != 1)
    return fail(Errc::invalid, fmt::format("{}: {}", settings.keystore, last_problem()));
  for (int i = 0; read->others && i < sk_X509_num(read->others.get()); ++i)
    SSL_CTX_add1_chain_cert(context, sk_X509_value(read->others.get(), i));
  return {};
}

std::string fingerprint_of(X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  std::string text;
  if (X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

/// Makes anchors of the certificates that the server shows and whose fingerprints are trusted, then
/// verifies as always: signatures, dates, purpose.
int verify_with_pins(X509_STORE_CTX* verification, void* settings) {
  const auto& pins = static_cast<const TlsSettings*>(settings)->trusted_fingerprints;
  STACK_OF(X509)* const shown = X509_STORE_CTX_get0_untrusted(verification);
  for (int i = 0; shown && i < sk_X509_num(shown); ++i) {
    X509* const certificate = sk_X509_value(shown, i);
    if (std::find(pins.begin(), pins.end(), fingerprint_of(certificate)) == pins.end()) continue;
    X509_STORE_add_cert(X509_STORE_CTX_get0_store(verification), certificate);
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(verification), X509_V_FLAG_PARTIAL_CHAIN);
  }
  return X509_verify_cert(verification);
}

}  // namespace

Result<void> apply_tls(SSL_CTX* context, const TlsSettings& settings) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const std::string& path : settings.authorities)
    if (X509_STORE_load_locations(store, path.c_str(), nullptr) != 1)
      return fail(Errc::invalid, fmt::format("{}: {}", path, last_problem()));
  if (!settings.truststore.empty())
    if (auto trusted = trust_key_store(store, settings); !trusted) return trusted;
  if (!settings.keystore.empty())
    if (auto used = use_key_store(context, settings); !used) return used;
  if (settings.verify && !settings.trusted_fingerprints.empty())
    SSL_CTX_set_cert_verify_callback(context, verify_with_pins,
                                     const_cast<TlsSettings*>(&settings));
  return {};
}

Result<std::string> normal_fingerprint(std::string_view text) {
  std::string hex;
  for (const char c : text)
    if (c != ':' && c != ' ') hex.push_back(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
  if (hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string::npos)
    return hex;
  return fail(Errc::invalid, fmt::format("\"{}\" is no SHA-256 fingerprint: 64 hexadecimal digits",
                                         text.substr(0, 100)));
}

Result<CipherLists> cipher_lists(const std::vector<std::string>& names) {
  CipherLists lists;
  for (const std::string& name : names) {
    const bool is_tls13 = name.starts_with("TLS_") && name.find("_WITH_") == std::string::npos;
    const std::string library_name = is_tls13 ? name : OPENSSL_cipher_name(name.c_str());
    if (library_name == "(NONE)")
      return fail(Errc::invalid, fmt::format("\"{}\" is no cipher suite that is known here", name));
    std::string& list = is_tls13 ? lists.tls13 : lists.tls12;
    list += (list.empty() ? "" : ":") + library_name;
  }
  return lists;
}

}  // namespace millrace
