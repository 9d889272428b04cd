#include "provider/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "penstock/secret.h"

namespace penstock {
namespace {

using Digest = std::array<unsigned char, 32>;

constexpr Bytes algorithm = "AWS4-HMAC-SHA256";
constexpr Bytes terminator = "aws4_request";

Bytes view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}
Bytes view(const HexDigest& digest) {
  return {digest.data(), digest.size()};
}

Digest hmac(Bytes key, Bytes text) {
  Digest out;
  unsigned size = 0;
  const auto* const made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  PENSTOCK_ASSERT(made != nullptr && size == out.size());
  return out;
}

HexDigest hex(const Digest& digest) {
  constexpr Bytes digits = "0123456789abcdef";
  HexDigest out;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    out[2 * i] = digits[digest[i] / 16];
    out[2 * i + 1] = digits[digest[i] % 16];
  }
  return out;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_unreserved(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void append_encoded(char c, std::string& out) {
  constexpr Bytes digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out.append({'%', digits[byte / 16], digits[byte % 16]});
}

// RFC 3986 §5.2.4, and several slashes are one.
std::string normalized(Bytes path) {
  std::vector<Bytes> segments;
  for (std::size_t from = 0; from < path.size();) {
    const std::size_t end = std::min(path.find('/', from), path.size());
    const Bytes segment = path.substr(from, end - from);
    from = end + 1;
    if (segment.empty() || segment == ".") continue;
    if (segment != "..")
      segments.push_back(segment);
    else if (!segments.empty())
      segments.pop_back();
  }
  std::string out;
  for (const Bytes segment : segments) out.append("/").append(segment);
  const bool directory = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  if (out.empty() || directory) out.append("/");
  return out;
}

void append_path(const AwsRequest& request, std::string& out) {
  const std::string plain = request.normalize_path || request.path.empty()
                                ? normalized(request.path)
                                : std::string(request.path);
  for (const char c : plain) {
    if (c == '/' || is_unreserved(c))
      out.push_back(c);
    else
      append_encoded(c, out);
  }
}

// A name or a value: what is encoded on the wire stays, what should have been is.
std::string query_text(Bytes text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool encoded =
        text[i] == '%' && text.size() - i > 2 && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    if (encoded || is_unreserved(text[i]))
      out.push_back(text[i]);
    else
      append_encoded(text[i], out);
  }
  return out;
}

void append_query(Bytes query, std::string& out) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const Bytes one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (one.empty()) continue;
    const std::size_t equals = std::min(one.find('='), one.size());
    parameters.emplace_back(query_text(one.substr(0, equals)),
                            query_text(one.substr(std::min(equals + 1, one.size()))));
  }
  std::ranges::sort(parameters);
  bool first = true;
  for (const auto& [name, value] : parameters) {
    if (!std::exchange(first, false)) out.push_back('&');
    out.append(name).append("=").append(value);
  }
}

void append_value(Bytes value, std::string& out) {
  bool blank = false;
  bool any = false;
  for (const char c : value) {
    if (is_blank(c)) {
      blank = any;
      continue;
    }
    if (std::exchange(blank, false)) out.push_back(' ');
    out.push_back(c);
    any = true;
  }
}

// By name; values of one name stay in their order and are joined.
std::vector<std::pair<std::string, std::string>> canonical_headers(const AwsRequest& request) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const AwsHeader& header : request.headers) {
    std::string name(header.name);
    std::ranges::transform(name, name.begin(), lower);
    std::string value;
    append_value(header.value, value);
    const auto same = std::ranges::find(out, name, &std::pair<std::string, std::string>::first);
    if (same != out.end())
      same->second.append(",").append(value);
    else
      out.emplace_back(std::move(name), std::move(value));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace

AwsTime AwsTime::of(std::int64_t unix_seconds) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(unix_seconds)};
  const sys_days day = floor<days>(moment);
  const year_month_day date(day);
  const hh_mm_ss clock(moment - day);
  AwsTime out;
  const auto put = [&](std::size_t at, std::size_t places, std::int64_t value) {
    for (std::size_t i = places; i-- > 0; value /= 10)
      out.text_[at + i] = static_cast<char>('0' + value % 10);
  };
  put(0, 4, std::clamp(static_cast<int>(date.year()), 0, 9999));
  put(4, 2, static_cast<unsigned>(date.month()));
  put(6, 2, static_cast<unsigned>(date.day()));
  out.text_[8] = 'T';
  put(9, 2, clock.hours().count());
  put(11, 2, clock.minutes().count());
  put(13, 2, clock.seconds().count());
  out.text_[15] = 'Z';
  return out;
}

SigningKey::SigningKey(Bytes secret, const AwsTime& time, Bytes region, Bytes service)
    : scope_(std::string(time.day())
                 .append("/")
                 .append(region)
                 .append("/")
                 .append(service)
                 .append("/")
                 .append(terminator)) {
  std::string first = "AWS4" + std::string(secret);
  Digest key = hmac(first, time.day());
  wipe(first.data(), first.size());
  for (const Bytes part : {region, service, terminator}) key = hmac(view(key), part);
  std::ranges::copy(view(key), bytes_.begin());
  wipe(reinterpret_cast<char*>(key.data()), key.size());
}

SigningKey::~SigningKey() {
  wipe(bytes_.data(), bytes_.size());
}

HexDigest sha256_hex(Bytes bytes) {
  Digest out;
  unsigned size = 0;
  const int made = EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr);
  PENSTOCK_ASSERT(made == 1 && size == out.size());
  return hex(out);
}

std::string signed_headers(const AwsRequest& request) {
  std::string out;
  for (const auto& [name, value] : canonical_headers(request)) {
    if (!out.empty()) out.push_back(';');
    out.append(name);
  }
  return out;
}

std::string canonical_request(const AwsRequest& request) {
  std::string out(request.method);
  out.push_back('\n');
  append_path(request, out);
  out.push_back('\n');
  append_query(request.query, out);
  out.push_back('\n');
  for (const auto& [name, value] : canonical_headers(request))
    out.append(name).append(":").append(value).append("\n");
  return out.append("\n").append(signed_headers(request)).append("\n").append(request.body_sha256);
}

std::string string_to_sign(Bytes canonical_request, const SigningKey& key, const AwsTime& time) {
  return std::string(algorithm)
      .append("\n")
      .append(time.text())
      .append("\n")
      .append(key.scope())
      .append("\n")
      .append(view(sha256_hex(canonical_request)));
}

HexDigest signature(const SigningKey& key, Bytes string_to_sign) {
  return hex(hmac(key.bytes(), string_to_sign));
}

std::string authorization(const AwsRequest& request, Bytes access_key, const SigningKey& key,
                          const AwsTime& time) {
  PENSTOCK_ASSERT(key.is_for(time));
  const HexDigest proof = signature(key, string_to_sign(canonical_request(request), key, time));
  return std::string(algorithm)
      .append(" Credential=")
      .append(access_key)
      .append("/")
      .append(key.scope())
      .append(", SignedHeaders=")
      .append(signed_headers(request))
      .append(", Signature=")
      .append(view(proof));
}

}  // namespace penstock
