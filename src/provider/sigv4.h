// AWS Signature Version 4 (AWS General Reference, "Signing AWS API requests"), by headers. Pure:
// the time is an argument, and the key of the day is kept by the caller.
//
//   const AwsTime time = AwsTime::of(unix_seconds);
//   if (!key.is_for(time)) key = SigningKey(secret, time, region, service);
//   authorization(request, access_key, key, time)   → the value of the header Authorization
//
// Every service but S3 encodes the path once more than it is sent: `%3A` becomes `%253A`.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "penstock/bytes.h"

namespace penstock {

// A moment as AWS writes it, "20261120T120000Z": the value of x-amz-date.
class AwsTime {
 public:
  // Years 0 to 9999.
  static AwsTime of(std::int64_t unix_seconds);

  Bytes text() const { return {text_.data(), text_.size()}; }
  Bytes day() const { return text().substr(0, 8); }

 private:
  std::array<char, 16> text_{};
};

// A secret made for one day, region and service. Wiped when it dies.
class SigningKey {
 public:
  SigningKey() = default;
  SigningKey(Bytes secret, const AwsTime& time, Bytes region, Bytes service);
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();

  // False also for a key that was never made.
  bool is_for(const AwsTime& time) const { return scope_.starts_with(time.day()); }
  // "20261120/us-east-1/bedrock/aws4_request"
  Bytes scope() const { return scope_; }
  Bytes bytes() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::string scope_;
  std::array<char, 32> bytes_{};
};

struct AwsHeader {
  Bytes name;  // in any case
  Bytes value;
};

// A request as it is sent. `headers` are those to be signed: host and x-amz-date must be among
// them, x-amz-security-token where there is one; none that a proxy may change.
struct AwsRequest {
  Bytes method;
  Bytes path;   // percent-encoded as on the wire
  Bytes query;  // the same, without the question mark
  std::span<const AwsHeader> headers;
  Bytes body_sha256;           // in hex digits
  bool normalize_path = true;  // takes out dots and empty segments, as the service does
};

using HexDigest = std::array<char, 64>;
HexDigest sha256_hex(Bytes bytes);

std::string canonical_request(const AwsRequest& request);
// "content-type;host;x-amz-date"
std::string signed_headers(const AwsRequest& request);
std::string string_to_sign(Bytes canonical_request, const SigningKey& key, const AwsTime& time);
HexDigest signature(const SigningKey& key, Bytes string_to_sign);

// The value of the header Authorization.
std::string authorization(const AwsRequest& request, Bytes access_key, const SigningKey& key,
                          const AwsTime& time);

}  // namespace penstock
