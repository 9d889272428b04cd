// Requests to Bedrock are signed as a whole: method, path, a few fields and the hash of the body.
// Fields that a proxy on the way may change are left out of it.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>

#include "provider/credential.h"
#include "provider/sigv4.h"

namespace penstock {
namespace {

// The name that Bedrock's runtime is signed for; its host has another.
constexpr Bytes service_name = "bedrock";

// SHA-256 of the pieces in a row, in hex digits.
std::optional<HexDigest> sha256_of(std::span<const Bytes> pieces) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  std::array<unsigned char, 32> digest{};
  bool done = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (const Bytes piece : pieces) {
    done = done && EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1;
  }
  if (!done || EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) return std::nullopt;
  constexpr Bytes digits = "0123456789abcdef";
  HexDigest hex{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    hex[2 * i] = digits[digest[i] >> 4];
    hex[2 * i + 1] = digits[digest[i] & 15];
  }
  return hex;
}

}  // namespace

Result<> write_signature(http::HeadWriter& head, const Provider& provider,
                         const UpstreamRequest& request) {
  const auto body_sha256 = sha256_of(request.body);
  if (!body_sha256 || request.unix_s <= 0) return fail(Code::internal_error);
  const AwsKeys& aws = *provider.aws;
  const AwsTime time = AwsTime::of(request.unix_s);
  const std::array<AwsHeader, 4> headers{{
      {"content-type", request.content_type.empty() ? content_type_json : request.content_type},
      {"host", provider.base_url.authority},
      {"x-amz-date", time.text()},
      {"x-amz-security-token", aws.session_token.reveal()},
  }};
  const bool temporary = !aws.session_token.empty();
  const std::string path = provider.base_url.path + std::string(request.path);
  const std::size_t mark = std::min(path.find('?'), path.size());
  const AwsRequest what{
      .method = http::name(request.method),
      .path = Bytes(path).substr(0, mark),
      .query = Bytes(path).substr(std::min(mark + 1, path.size())),
      .headers = std::span(headers).first(temporary ? 4 : 3),
      .body_sha256 = {body_sha256->data(), body_sha256->size()},
  };
  const SigningKey key(aws.secret_access_key.reveal(), time, provider.region, service_name);
  head.field("X-Amz-Date", time.text());
  if (temporary) head.field("X-Amz-Security-Token", aws.session_token.reveal());
  head.field("Authorization", authorization(what, aws.access_key_id, key, time));
  return {};
}

}  // namespace penstock
