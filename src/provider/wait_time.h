// The forms in which providers say how long or until when: seconds, Go durations, dates. All are
// read to milliseconds; nothing when the text has another form or is out of bounds.
#pragma once

#include <cstdint>
#include <optional>

#include "penstock/bytes.h"

namespace penstock {

// "2", "1.5": seconds without a sign. Parts of a millisecond count as a whole one.
std::optional<std::uint64_t> read_seconds(Bytes text);
// "6m0s", "1h2m3s", "7.66s", "250ms": as Go writes durations, without a sign.
std::optional<std::uint64_t> read_duration(Bytes text);
// "2026-11-20T12:00:00Z", with a fraction or an offset (RFC 3339), as Unix time.
std::optional<std::uint64_t> read_timestamp(Bytes text);
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7, the form that is generated), as Unix time.
std::optional<std::uint64_t> read_http_date(Bytes text);
// Milliseconds from `now_s` (Unix time) on: any of the forms above. A bare number of at least 10^9
// is a Unix time, in seconds, or from 10^12 on in milliseconds. What is past is 0.
std::optional<std::uint64_t> read_reset(Bytes text, std::int64_t now_s);

}  // namespace penstock
