// Judges the PEM files that the configuration names, so that a listener never starts with a
// certificate it cannot serve.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "penstock/snapshot.h"

namespace penstock::config {

// What is wrong with each file, as a sentence part with advice; nothing when it is good.
struct TlsFindings {
  std::optional<std::string> certificate;
  std::optional<std::string> private_key;
  std::optional<std::string> client_ca;
};

// Checks that the files can be read, the certificate is valid at `now_s` (Unix time), and the key
// is its key and no other user can read it.
TlsFindings check_tls_files(const ListenTls& tls, std::int64_t now_s);

// Checks that a PEM file holds at least one certificate.
std::optional<std::string> check_ca_file(const std::string& path);

}  // namespace penstock::config
