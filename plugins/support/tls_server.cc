#include "plugins/support/tls_server.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "plugins/support/tls.h"

namespace millrace {
namespace {

constexpr const char* kForwardSecrecy = "ECDHE+AESGCM:ECDHE+CHACHA20";

Error wrong(const std::filesystem::path& file, std::string_view what) {
  return fail(Errc::invalid, fmt::format("{}: {}", file.string(), what));
}

int give_passphrase(char* to, int most, int /*writing*/, void* secret) {
  const std::string& text = static_cast<const Secret*>(secret)->reveal();
  if (text.size() > static_cast<std::size_t>(most)) return 0;
  std::memcpy(to, text.data(), text.size());
  return static_cast<int>(text.size());
}

Result<void> check_key_file(const std::filesystem::path& file) {
  struct stat about {};
  if (stat(file.c_str(), &about) != 0) return wrong(file, std::strerror(errno));
  if (about.st_mode & S_IROTH)
    return wrong(file, "everybody can read this private key; take that right away (chmod o-r)");
  return {};
}

Result<void> set_cipher_suites(SSL_CTX* context, const std::vector<std::string>& names) {
  if (names.empty()) {
    SSL_CTX_set_cipher_list(context, kForwardSecrecy);
    return {};
  }
  auto lists = cipher_lists(names);
  if (!lists) return fail(std::move(lists).error());
  const bool good =
      (lists->tls12.empty() || SSL_CTX_set_cipher_list(context, lists->tls12.c_str()) == 1) &&
      SSL_CTX_set_ciphersuites(context, lists->tls13.c_str()) == 1;
  if (!good) return fail(Errc::invalid, "cipher suites: " + take_tls_error());
  return {};
}

void set_protocols(SSL_CTX* context, const std::vector<std::string>& names) {
  const auto has = [&](std::string_view name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  SSL_CTX_set_min_proto_version(context, has("TLSv1.2") ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context, has("TLSv1.3") ? TLS1_3_VERSION : TLS1_2_VERSION);
}

Result<void> set_certificate(SSL_CTX* context, const TlsServerSettings& settings) {
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate.c_str()) != 1)
    return wrong(settings.certificate, "no usable certificate: " + take_tls_error());
  if (auto checked = check_key_file(settings.key); !checked) return checked;
  SSL_CTX_set_default_passwd_cb(context, give_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, const_cast<Secret*>(&settings.key_passphrase));
  if (SSL_CTX_use_PrivateKey_file(context, settings.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return wrong(settings.key,
                 "no usable private key (is the passphrase right? does it belong to " +
                     settings.certificate.string() + "?): " + take_tls_error());
  return {};
}

Result<void> set_authorities(SSL_CTX* context, const TlsServerSettings& settings) {
  using Authentication = TlsServerSettings::ClientAuthentication;
  if (settings.client_authentication == Authentication::none) return {};
  for (const std::filesystem::path& file : settings.authorities) {
    if (SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1)
      return wrong(file, "no usable certificates of authorities: " + take_tls_error());
    SSL_add_file_cert_subjects_to_stack(SSL_CTX_get_client_CA_list(context), file.c_str());
  }
  const bool always = settings.client_authentication == Authentication::always;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (always ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  return {};
}

}  // namespace

std::string take_tls_error() {
  std::string out;
  while (const unsigned long code = ERR_get_error()) {
    const char* const reason = ERR_reason_error_string(code);
    if (out.empty()) out = reason ? reason : fmt::format("error {:#x}", code);
  }
  return out.empty() ? "unknown error" : out;
}

void clear_tls_errors() { ERR_clear_error(); }

Result<void> check_cipher_suites(const std::vector<std::string>& names) {
  const TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail(Errc::limit, "no memory for TLS");
  return set_cipher_suites(context.get(), names);
}

Result<TlsServer> TlsServer::create(TlsServerSettings settings) {
  TlsServer server(std::move(settings));
  server.loaded_ = server.stamp();
  auto context = server.load();
  if (!context) return fail(std::move(context).error());
  server.context_ = std::move(*context);
  return server;
}

Result<TlsContext> TlsServer::load() const {
  clear_tls_errors();
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return fail(Errc::limit, "no memory for TLS");
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  static constexpr unsigned char kSessions[] = "millrace";
  SSL_CTX_set_session_id_context(context.get(), kSessions, sizeof kSessions - 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  set_protocols(context.get(), settings_.protocols);
  if (auto set = set_cipher_suites(context.get(), settings_.cipher_suites); !set)
    return fail(std::move(set).error());
  if (auto set = set_certificate(context.get(), settings_); !set)
    return fail(std::move(set).error());
  if (auto set = set_authorities(context.get(), settings_); !set)
    return fail(std::move(set).error());
  return context;
}

Result<TlsSession> TlsServer::session(int fd) const {
  TlsSession session(SSL_new(context_.get()));
  if (!session || SSL_set_fd(session.get(), fd) != 1)
    return fail(Errc::limit, "TLS: " + take_tls_error());
  SSL_set_accept_state(session.get());
  return session;
}

Result<bool> TlsServer::refresh() {
  Stamp now = stamp();
  if (now == loaded_) return false;
  loaded_ = std::move(now);
  auto context = load();
  if (!context) return fail(std::move(context).error());
  context_ = std::move(*context);
  return true;
}

TlsServer::Stamp TlsServer::stamp() const {
  Stamp out;
  const auto look = [&](const char* file) {
    struct stat about {};
    if (stat(file, &about) != 0) about = {};
    out.insert(out.end(), {static_cast<std::int64_t>(about.st_ino), about.st_size,
                           about.st_mtim.tv_sec, about.st_mtim.tv_nsec});
  };
  look(settings_.certificate.c_str());
  look(settings_.key.c_str());
  for (const std::filesystem::path& file : settings_.authorities) look(file.c_str());
  return out;
}

}  // namespace millrace
