// What a complete head says about the body and the connection (RFC 9112 §6.3, §9.3).
#pragma once

#include "penstock/http.h"

namespace penstock::http {

// What Transfer-Encoding and Content-Length say together.
struct BodyLength {
  Reason reason = Reason::none;  // why they are refused
  Framing framing = Framing::none;
  std::uint64_t bytes = 0;
};
BodyLength body_length(const Fields& fields, Version version) noexcept;

// The options of all Connection lines.
struct ConnectionOptions {
  Reason reason = Reason::none;
  bool close = false;
  bool keep_alive = false;
};
// refuse_protected: an option that names a protected field is an error.
ConnectionOptions connection_options(const Fields& fields, bool refuse_protected) noexcept;

inline bool keeps_alive(const ConnectionOptions& options, Version version) {
  return !options.close && (version == Version::http11 || options.keep_alive);
}

}  // namespace penstock::http
