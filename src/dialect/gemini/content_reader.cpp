#include "dialect/gemini/content_reader.h"

#include "dialect/data_url.h"
#include "dialect/gemini/call_id.h"
#include "dialect/gemini/part_members.h"
#include "dialect/gemini/signature.h"

namespace penstock::dialect::gemini {
namespace {

// How far back a response's call is looked for: far more than one turn calls in parallel, and few
// enough for a request that holds nothing else.
constexpr std::size_t calls_back = 256;

hub::Escaped detail_of(json::View resolution) {
  const json::View level = resolution.is_object() ? resolution["level"] : resolution;
  if (level.is("MEDIA_RESOLUTION_LOW")) return "low";
  if (level.is("MEDIA_RESOLUTION_HIGH")) return "high";
  return {};
}

}  // namespace

std::unexpected<Error> ContentReader::invalid(Bytes field, Bytes reason) {
  std::string path = "contents[" + std::to_string(content_at_) + "]";
  if (field != "role") path += ".parts[" + std::to_string(part_at_) + "]";
  if (!field.empty()) path.append(".").append(field);
  issue_.param = out_.keep(std::move(path));
  issue_.reason = reason;
  return fail(Code::invalid_value, Side::client);
}

Result<> ContentReader::system_instruction(json::View instruction) {
  if (!instruction) return {};
  hub::Message message{.role = hub::Role::system};
  const auto add = [&](json::View text) {
    if (!text.text().empty()) message.parts.push_back({.text = text.text()});
  };
  if (instruction.is_string()) {
    add(instruction);
  } else {
    PENSTOCK_CHECK(for_each(instruction["parts"], [&](json::View part) -> Result<> {
      const json::View text = part.is_string() ? part : part["text"];
      if (!text.is_string()) {
        issue_.param = "systemInstruction.parts";
        issue_.reason = "A system instruction is made of text.";
        return fail(Code::invalid_value, Side::client);
      }
      add(text);
      return {};
    }));
  }
  if (!message.parts.empty()) out_.messages.push_back(std::move(message));
  return {};
}

Result<> ContentReader::contents(json::View contents) {
  if (contents.is_array()) out_.messages.reserve(out_.messages.size() + contents.size());
  return for_each(contents, [&](json::View one) -> Result<> {
    const auto read = content(one);
    ++content_at_;
    return read;
  });
}

// Responses become tool messages, one each, in front of what else the content holds.
Result<> ContentReader::content(json::View content) {
  const json::View role = content["role"];
  const bool is_user =
      !role || role.text().empty() || role.is("user") || role.is("function") || role.is("tool");
  if (!content.is_object() || !(is_user || role.is("model"))) {
    return invalid("role", "Please use a valid role: user, model.");
  }
  hub::Message message{.role = is_user ? hub::Role::user : hub::Role::assistant};
  results_.clear();
  part_at_ = 0;
  const json::View parts = content["parts"];
  if (parts.is_array()) message.parts.reserve(parts.size());
  PENSTOCK_CHECK(for_each(parts, [&](json::View one) -> Result<> {
    const auto read = part(one, message);
    ++part_at_;
    return read;
  }));
  for (hub::Part& result : results_) {
    hub::Message& tool = out_.messages.emplace_back();
    tool.role = hub::Role::tool;
    tool.parts.push_back(std::move(result));
  }
  if (!message.parts.empty()) out_.messages.push_back(std::move(message));
  return {};
}

Result<> ContentReader::part(json::View part, hub::Message& to) {
  if (!part.is_object()) return invalid({}, "A part is an object.");
  const PartMembers members(part);
  if (members.response) return function_response(members.response);
  hub::Part read;
  if (members.unknown && !members.text) {
    read.kind = hub::PartKind::opaque;
    read.issuer = hub::Issuer::gemini;
    read.raw = part.raw();
    to.parts.push_back(std::move(read));
    return {};
  }
  if (members.call) {
    PENSTOCK_CHECK(function_call(members.call, read));
  } else if (members.inline_data) {
    PENSTOCK_CHECK(inline_data(members.inline_data, read));
    read.media.detail = detail_of(members.resolution);
  } else if (members.file_data) {
    PENSTOCK_CHECK(file_data(members.file_data, read));
    read.media.detail = detail_of(members.resolution);
  } else {
    if (members.text.exists() && !members.text.is_string()) {
      return invalid("text", "Text is a string.");
    }
    read.kind = members.thought ? hub::PartKind::thinking : hub::PartKind::text;
    read.text = members.text.text();
    if (members.thought) read.issuer = hub::Issuer::gemini;
    // Nothing at all in it: a client's way of saying nothing.
    if (read.text.empty() && !members.signature) return {};
  }
  if (members.signature) sign(members.signature.text(), read);
  if (read.kind == hub::PartKind::thinking && read.issuer != hub::Issuer::gemini) {
    join_thinking(read, to);
  }
  to.parts.push_back(std::move(read));
  return {};
}

// A streamed thought comes back in pieces, its signature on the last. Other providers than Google
// want the signature on the whole.
void ContentReader::join_thinking(hub::Part& last, hub::Message& from) {
  std::size_t first = from.parts.size();
  while (first > 0 && from.parts[first - 1].kind == hub::PartKind::thinking &&
         from.parts[first - 1].signature.empty()) {
    --first;
  }
  if (first == from.parts.size()) return;
  std::string whole;
  for (std::size_t i = first; i < from.parts.size(); ++i) whole.append(from.parts[i].text);
  whole.append(last.text);
  last.text = out_.keep(std::move(whole));
  from.parts.resize(first);
}

// A signature goes back to whom it came from; one of another provider was wrapped on its way out.
void ContentReader::sign(hub::Escaped signature, hub::Part& to) {
  Signed wrapped;
  if (!read_wrapped_signature(signature, wrapped)) {
    to.signature = signature;
    to.issuer = hub::Issuer::gemini;
    return;
  }
  to.issuer = wrapped.issuer;
  to.signature = out_.keep(std::move(wrapped.data));
  if (wrapped.redacted) to.kind = hub::PartKind::redacted_thinking;
  if (!wrapped.id.empty() && to.id.empty()) to.id = out_.keep(std::move(wrapped.id));
}

Result<> ContentReader::inline_data(json::View blob, hub::Part& to) {
  const json::View type = member(blob, "mimeType", "mime_type");
  const json::View data = blob["data"];
  if (!type.is_string() || !data.is_string()) {
    return invalid("inlineData", "Inline data have a mimeType and base64 data.");
  }
  to.kind = kind_of_media(type.text());
  to.media.source = hub::Source::base64;
  to.media.media_type = type.text();
  to.media.data = data.text();
  to.media.name = member(blob, "displayName", "display_name").text();
  return {};
}

Result<> ContentReader::file_data(json::View file, hub::Part& to) {
  const json::View uri = member(file, "fileUri", "file_uri");
  if (!uri.is_string()) return invalid("fileData.fileUri", "A file's URI is a string.");
  const Bytes type = member(file, "mimeType", "mime_type").text();
  to.kind = kind_of_media(type);
  to.media.source = hub::Source::url;
  to.media.media_type = type;
  to.media.data = uri.text();
  to.media.name = member(file, "displayName", "display_name").text();
  return {};
}

Result<> ContentReader::function_call(json::View call, hub::Part& to) {
  const json::View name = call["name"];
  const json::View args = call["args"];
  if (name.text().empty()) return invalid("functionCall.name", "A function call has a name.");
  if (args && !args.is_object()) return invalid("functionCall.args", "Arguments are an object.");
  to.kind = hub::PartKind::tool_call;
  to.name = name.text();
  to.id = call["id"].text();
  if (to.id.empty()) {
    CallIdRoom room;
    to.id = out_.keep(std::string(made_call_id(static_cast<std::uint32_t>(calls_.size()), room)));
  }
  if (args) to.arguments.bytes = args.raw();
  calls_.push_back({.id = to.id, .name = to.name});
  return {};
}

// By its id; else the oldest call of that function that has no response yet.
hub::Escaped ContentReader::id_of_response(hub::Escaped id, hub::Escaped name) {
  const std::size_t first = calls_.size() > calls_back ? calls_.size() - calls_back : 0;
  Call* by_name = nullptr;
  for (std::size_t i = calls_.size(); i > first; --i) {
    Call& call = calls_[i - 1];
    if (!id.empty() && call.id == id && (!call.answered || call.name == name)) {
      call.answered = true;
      return call.id;
    }
    if (!call.answered && call.name == name) by_name = &call;
  }
  if (by_name == nullptr) {
    if (!id.empty()) return id;
    CallIdRoom room;
    return out_.keep(std::string(made_call_id(static_cast<std::uint32_t>(calls_.size()), room)));
  }
  // A response with an id that no call has answers a call that came without one.
  by_name->answered = true;
  return by_name->id;
}

Result<> ContentReader::function_response(json::View response) {
  const json::View name = response["name"];
  if (name.text().empty()) {
    return invalid("functionResponse.name", "A function response has the function's name.");
  }
  hub::Part result{.kind = hub::PartKind::tool_result, .name = name.text()};
  result.id = id_of_response(response["id"].text(), name.text());
  response_text(response["response"], result);
  const auto add = [&](json::View part) -> Result<> {
    hub::Part media;
    if (const json::View blob = member(part, "inlineData", "inline_data")) {
      PENSTOCK_CHECK(inline_data(blob, media));
    } else if (const json::View file = member(part, "fileData", "file_data")) {
      PENSTOCK_CHECK(file_data(file, media));
    } else {
      media.kind = hub::PartKind::opaque;
      media.issuer = hub::Issuer::gemini;
      media.raw = part.raw();
    }
    result.content.push_back(std::move(media));
    return {};
  };
  PENSTOCK_CHECK(for_each(response["parts"], add));
  results_.push_back(std::move(result));
  return {};
}

// A string that stands alone under one of the usual keys is the text; all else is the JSON text of
// the whole.
void ContentReader::response_text(json::View response, hub::Part& to) {
  if (!response) return;
  if (response.size() == 1 && response.is_object()) {
    const json::View only = *response.begin();
    to.is_error = only.key_is("error");
    if (only.is_string() && (to.is_error || only.key_is("output") || only.key_is("result"))) {
      to.content.push_back({.text = only.text()});
      return;
    }
  }
  json::Composer text;
  text.string(response.raw());
  const Bytes quoted = text.text();
  to.content.push_back({.text = out_.keep(std::string(quoted.substr(1, quoted.size() - 2)))});
}

}  // namespace penstock::dialect::gemini
