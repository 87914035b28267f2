#include "plugins/inputs/beats/tls_peer.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace millrace::beats {
namespace {

/// As RFC 2253 writes it.
std::string subject_of(X509* certificate) {
  BIO* const text = BIO_new(BIO_s_mem());
  if (!text) return {};
  X509_NAME_print_ex(text, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(text, &data);
  std::string out(data, static_cast<std::size_t>(size));
  BIO_free(text);
  return out;
}

std::string bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string address_of(const ASN1_STRING* address) {
  const std::string bytes = bytes_of(address);
  const int family = bytes.size() == 4 ? AF_INET : bytes.size() == 16 ? AF_INET6 : AF_UNSPEC;
  char text[INET6_ADDRSTRLEN];
  return family != AF_UNSPEC && inet_ntop(family, bytes.data(), text, sizeof text) ? text : "";
}

/// RFC 5280, 4.2.1.6: names of hosts, addresses of mail and hosts, URIs.
std::vector<std::string> alternative_names(X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> found(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  if (!found) return names;
  for (int at = 0; at < sk_GENERAL_NAME_num(found.get()); ++at) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(found.get(), at);
    if (name->type == GEN_DNS || name->type == GEN_EMAIL || name->type == GEN_URI)
      names.push_back(bytes_of(name->d.ia5));
    else if (name->type == GEN_IPADD)
      names.push_back(address_of(name->d.iPAddress));
  }
  return names;
}

}  // namespace

void describe(const SSL* session, Peer& peer) {
  peer.tls = true;
  peer.protocol = SSL_get_version(session);
  peer.cipher = SSL_CIPHER_standard_name(SSL_get_current_cipher(session));
  X509* const certificate = SSL_get1_peer_certificate(session);
  if (!certificate) return;
  peer.verified = SSL_get_verify_result(session) == X509_V_OK;
  peer.subject = subject_of(certificate);
  peer.alternative_names = alternative_names(certificate);
  X509_free(certificate);
}

}  // namespace millrace::beats
