// What a request leaves its connection to do.
#pragma once

#include <cstdint>

namespace penstock {

enum class ExchangeEnd : std::uint8_t {
  keep,    // another request may follow
  close,   // all was said
  linger,  // the peer may still be sending: it must be able to read our answer before the close
  drop,    // the peer is gone, or has to be: reset
};

}  // namespace penstock
