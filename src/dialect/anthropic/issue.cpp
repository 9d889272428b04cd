#include "dialect/anthropic/issue.h"

namespace penstock::dialect::anthropic {

std::string Path::text() const {
  std::string out = parent != nullptr ? parent->text() : std::string();
  if (parent != nullptr && parent->parent != nullptr) out.push_back('.');
  if (parent == nullptr) return out;
  return name.empty() ? out + std::to_string(index) : out.append(name);
}

std::unexpected<Error> Judge::missing(const Path& path) {
  issue_.param = request_.keep(path.text());
  issue_.reason = "Field required";
  return fail(Code::missing_field, Side::client);
}

std::unexpected<Error> Judge::invalid(const Path& path, Bytes reason) {
  issue_.param = request_.keep(path.text());
  issue_.reason = reason;
  return fail(Code::invalid_value, Side::client);
}

std::unexpected<Error> Judge::unknown(const Path& path) {
  issue_.param = request_.keep(path.text());
  issue_.reason = "Extra inputs are not permitted";
  return fail(Code::unknown_field, Side::client);
}

Result<hub::Escaped> Judge::text(json::View value, const Path& path) {
  if (value && !value.is_string()) return invalid(path, "Input should be a valid string");
  return value.text();
}

Result<hub::Escaped> Judge::demand_text(json::View value, const Path& path) {
  if (!value.exists()) return missing(path);
  if (!value.is_string()) return invalid(path, "Input should be a valid string");
  return value.text();
}

Result<std::optional<bool>> Judge::flag(json::View value, const Path& path) {
  if (!value) return std::nullopt;
  if (!value.is_bool()) return invalid(path, "Input should be a valid boolean");
  return value.is_true();
}

Result<std::optional<std::int64_t>> Judge::integer(json::View value, std::int64_t least,
                                                   const Path& path) {
  if (!value) return std::nullopt;
  const auto number = value.integer();
  if (!number) return invalid(path, "Input should be a valid integer");
  if (*number < least) return invalid(path, "Input is below the smallest value allowed");
  return number;
}

}  // namespace penstock::dialect::anthropic
