// Single values of a configuration file: text in, a typed value or a sentence about what to write
// instead out. Pure; nothing here opens a file or knows a path.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "penstock/snapshot.h"
#include "penstock/time.h"

namespace penstock::config {

// The error is a sentence part that follows "path: ".
template <class T>
using Parsed = std::expected<T, std::string>;

Parsed<bool> parse_flag(std::string_view text);
// A whole number without sign, in decimal.
Parsed<std::uint64_t> parse_count(std::string_view text);
// "64KiB": B, KiB, MiB, GiB.
Parsed<std::uint64_t> parse_size(std::string_view text);
// "25%" as 25; 0 to 100, whole.
Parsed<std::uint32_t> parse_percent(std::string_view text);
// "250ms", "30s", "10m", "1h", "30d".
Parsed<Duration> parse_duration(std::string_view text);
// "2027-01-01" (its first second) or "2027-01-01T12:00:00Z", as Unix time in seconds.
Parsed<std::int64_t> parse_date(std::string_view text);
// "127.0.0.1:8080", "[::1]:8080".
Parsed<ListenAddress> parse_address(std::string_view text);
// An http or https URL without user, query or fragment.
Parsed<BaseUrl> parse_base_url(std::string_view text);

// Letters, digits, '.', '_', '-', 1 to 64 of them, the first a letter or digit.
bool is_name(std::string_view text);
// As `is_name` with ':' and '/' too, up to 128.
bool is_model_name(std::string_view text);

// True for loopback addresses and "localhost".
bool is_loopback(std::string_view host);
// True for literal addresses that are not on the public Internet, and for "localhost". The
// addresses that a name resolves to are judged when a connection is made.
bool is_private(std::string_view host);

// The inverse of parse_size and parse_duration with the largest unit that fits: "32KiB", "10m".
std::string write_size(std::uint64_t bytes);
std::string write_duration(Duration duration);

}  // namespace penstock::config
