#include "dialect/openai_chat/fault.h"

namespace penstock::dialect::openai_chat {

std::string Path::text() const {
  if (parent == nullptr) return std::string(name);
  std::string out = parent->text();
  if (name.empty()) return out.append("[").append(std::to_string(index)).append("]");
  if (!out.empty()) out.push_back('.');
  return out.append(name);
}

std::unexpected<Error> Judge::missing(const Path& path) {
  issue_.param = request_.keep(path.text());
  issue_.reason = "Missing required parameter.";
  return fail(Code::missing_field, Side::client);
}

std::unexpected<Error> Judge::invalid(const Path& path, Bytes reason) {
  issue_.param = request_.keep(path.text());
  issue_.reason = reason;
  return fail(Code::invalid_value, Side::client);
}

Result<hub::Escaped> Judge::text(json::View value, const Path& path) {
  if (value && !value.is_string()) return invalid(path, "Invalid type: expected a string.");
  return value.text();
}

Result<hub::Escaped> Judge::demand_text(json::View value, const Path& path) {
  if (!value) return missing(path);
  if (!value.is_string()) return invalid(path, "Invalid type: expected a string.");
  if (value.text().empty())
    return invalid(path, "Invalid value: expected a string that is not empty.");
  return value.text();
}

Result<std::optional<bool>> Judge::flag(json::View value, const Path& path) {
  if (!value) return std::nullopt;
  if (!value.is_bool()) return invalid(path, "Invalid type: expected a boolean.");
  return value.is_true();
}

Result<std::optional<std::int64_t>> Judge::integer(json::View value, std::int64_t least,
                                                   std::int64_t most, const Path& path) {
  if (!value) return std::nullopt;
  const auto number = value.integer();
  if (!number) return invalid(path, "Invalid type: expected an integer.");
  if (*number < least) return invalid(path, "Invalid value: below the smallest value allowed.");
  if (*number > most) return invalid(path, "Invalid value: above the largest value allowed.");
  return number;
}

Result<hub::Raw> Judge::number(json::View value, double least, double most, const Path& path) {
  if (!value) return hub::Raw();
  const auto number = value.number();
  if (!value.is_number() || !number) return invalid(path, "Invalid type: expected a number.");
  if (*number < least) return invalid(path, "Invalid value: below the smallest value allowed.");
  if (*number > most) return invalid(path, "Invalid value: above the largest value allowed.");
  return value.raw();
}

Result<hub::Raw> Judge::object(json::View value, const Path& path) {
  if (!value) return hub::Raw();
  if (!value.is_object()) return invalid(path, "Invalid type: expected an object.");
  return value.raw();
}

}  // namespace penstock::dialect::openai_chat
