#include "net/tls_reason.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

namespace penstock {
namespace {

struct Word {
  long code;
  const char* word;
};

// X509_verify_cert(3).
constexpr Word verification[] = {
    {X509_V_ERR_HOSTNAME_MISMATCH, "certificate_host_mismatch"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "certificate_host_mismatch"},
    {X509_V_ERR_CERT_HAS_EXPIRED, "certificate_expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "certificate_not_yet_valid"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "certificate_self_signed"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "certificate_unknown_ca"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "certificate_unknown_ca"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "certificate_unknown_ca"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "certificate_unknown_ca"},
    {X509_V_ERR_INVALID_PURPOSE, "certificate_wrong_purpose"},
    {X509_V_ERR_INVALID_CA, "certificate_wrong_purpose"},
    {X509_V_ERR_CERT_REVOKED, "certificate_revoked"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "certificate_weak"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "certificate_weak"},
    {X509_V_ERR_CA_MD_TOO_WEAK, "certificate_weak"},
};

// What the peer did to the record or handshake protocol.
constexpr Word protocol[] = {
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "client_certificate_missing"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "no_application_protocol"},
    {SSL_R_NO_SHARED_CIPHER, "no_shared_cipher"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "no_shared_cipher"},
    {SSL_R_NO_SUITABLE_KEY_SHARE, "no_shared_cipher"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "no_shared_version"},
    {SSL_R_VERSION_TOO_LOW, "no_shared_version"},
    {SSL_R_WRONG_SSL_VERSION, "no_shared_version"},
    {SSL_R_HTTP_REQUEST, "not_tls"},
    {SSL_R_WRONG_VERSION_NUMBER, "not_tls"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "bad_record"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, "bad_record"},
    {SSL_R_DATA_LENGTH_TOO_LONG, "bad_record"},
    {SSL_R_BAD_RECORD_TYPE, "bad_record"},
    {SSL_R_TOO_MANY_WARN_ALERTS, "flood"},
    {SSL_R_RECORD_TOO_SMALL, "flood"},
};

// Alerts of the peer (RFC 8446 §6); OpenSSL reports them with SSL_AD_REASON_OFFSET added.
constexpr Word alerts[] = {
    {SSL_AD_HANDSHAKE_FAILURE, "peer_alert_handshake_failure"},
    {SSL_AD_BAD_CERTIFICATE, "peer_alert_bad_certificate"},
    {SSL_AD_CERTIFICATE_EXPIRED, "peer_alert_certificate_expired"},
    {SSL_AD_CERTIFICATE_UNKNOWN, "peer_alert_certificate_unknown"},
    {SSL_AD_UNKNOWN_CA, "peer_alert_unknown_ca"},
    {SSL_AD_ACCESS_DENIED, "peer_alert_access_denied"},
    {SSL_AD_PROTOCOL_VERSION, "peer_alert_protocol_version"},
    {SSL_AD_INSUFFICIENT_SECURITY, "peer_alert_insufficient_security"},
    {SSL_AD_INTERNAL_ERROR, "peer_alert_internal_error"},
    {SSL_AD_UNRECOGNIZED_NAME, "peer_alert_unrecognized_name"},
    {TLS13_AD_CERTIFICATE_REQUIRED, "peer_alert_certificate_required"},
    {SSL_AD_NO_APPLICATION_PROTOCOL, "peer_alert_no_application_protocol"},
    {SSL_AD_NO_RENEGOTIATION, "peer_alert_no_renegotiation"},
};

template <std::size_t n>
const char* find(const Word (&words)[n], long code) {
  for (const Word& word : words) {
    if (word.code == code) return word.word;
  }
  return nullptr;
}

}  // namespace

const char* tls_reason(const SSL* ssl) noexcept {
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const char* word = find(verification, SSL_get_verify_result(ssl));
    return word ? word : "certificate_invalid";
  }
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET) {
    const char* word = find(alerts, reason - SSL_AD_REASON_OFFSET);
    return word ? word : "peer_alert";
  }
  const char* word = find(protocol, reason);
  return word ? word : "protocol_error";
}

}  // namespace penstock
