#include "dialect/anthropic/block_reader.h"

#include <algorithm>
#include <utility>

#include "dialect/anthropic/answer_words.h"
#include "dialect/anthropic/words.h"

namespace penstock::dialect::anthropic {
namespace {

using hub::Issuer;
using hub::Part;
using hub::PartKind;

// A carried signature with this id belongs to the text before it.
constexpr Bytes text_before = signed_text_id;

// How far is looked for what belongs together; a client decides how long its lists are.
constexpr std::size_t reach = 256;

void read_source(json::View source, hub::Media& out) {
  const json::View type = source["type"];
  if (type.is("base64")) {
    out.source = hub::Source::base64;
    out.media_type = source["media_type"].text();
    out.data = source["data"].text();
  } else if (type.is("url")) {
    out.source = hub::Source::url;
    out.data = source["url"].text();
  } else if (type.is("file")) {
    out.source = hub::Source::id;
    out.data = source["file_id"].text();
  } else if (type.is("text")) {
    out.source = hub::Source::plain_text;
    out.media_type = source["media_type"].text();
    out.data = source["data"].text();
  }
}

}  // namespace

Result<> BlockReader::content(json::View content, const Path& path, std::vector<Part>& out) {
  if (content.is_string()) {
    out.emplace_back().text = content.text();
    return {};
  }
  if (!content.exists()) return judge_.missing(path);
  if (!content.is_array()) return judge_.invalid(path, "Input should be a string or an array");
  out.reserve(out.size() + content.size());
  std::uint32_t index = 0;
  for (const json::View item : content) {
    PENSTOCK_CHECK(block(item, path.at(index++), out.emplace_back()));
  }
  return {};
}

// Every block keeps its bytes: sent to Anthropic's models elsewhere, it must be the same (signed
// thinking is judged together with what stands around it, prompt caches compare bytes).
Result<> BlockReader::block(json::View block, const Path& path, Part& out) {
  if (!block.is_object()) return judge_.invalid(path, "Input should be a valid dictionary");
  const json::View type = block["type"];
  if (!type.exists()) return judge_.missing(path.member("type"));
  if (!type.is_string())
    return judge_.invalid(path.member("type"), "Input should be a valid string");
  out.cache = ttl_of(block["cache_control"]);
  out.issuer = Issuer::anthropic;
  out.raw = block.raw();
  if (type.is("text")) {
    PENSTOCK_TRY(text, judge_.demand_text(block["text"], path.member("text")));
    out.text = text;
    if (!block["citations"].empty()) out.citations = block["citations"].raw();
    return {};
  }
  if (type.is("tool_use")) return tool_use(block, path, out);
  if (type.is("tool_result")) return tool_result(block, path, out);
  if (type.is("image") || type.is("document")) return media(block, path, out);
  if (type.is("thinking")) {
    PENSTOCK_TRY(text, judge_.demand_text(block["thinking"], path.member("thinking")));
    PENSTOCK_TRY(signature, judge_.text(block["signature"], path.member("signature")));
    out.kind = PartKind::thinking;
    out.text = text;
    thinking(signature, out);
    return {};
  }
  if (type.is("redacted_thinking")) {
    PENSTOCK_TRY(data, judge_.demand_text(block["data"], path.member("data")));
    out.kind = PartKind::redacted_thinking;
    thinking(data, out);
    return {};
  }
  out.kind = PartKind::opaque;
  return {};
}

void BlockReader::thinking(hub::Escaped signature, Part& out) {
  if (const auto carried = read_carried(signature)) {
    out.issuer = carried->issuer;
    out.id = carried->id;
    out.signature = carried->signature;
    out.raw = {};
  } else {
    out.signature = signature;
    if (signature.empty()) {
      out.issuer = Issuer::none;
      out.raw = {};
    }
  }
}

Result<> BlockReader::media(json::View block, const Path& path, Part& out) {
  out.kind = block["type"].is("image") ? PartKind::image : PartKind::file;
  const json::View source = block["source"];
  const Path source_path = path.member("source");
  if (!source.exists()) return judge_.missing(source_path);
  if (!source.is_object()) return judge_.invalid(source_path, "Input should be a valid dictionary");
  if (!source["type"].exists()) return judge_.missing(source_path.member("type"));
  read_source(source, out.media);
  if (out.media.source == hub::Source::none) {  // `content` sources and what comes later
    out.kind = PartKind::opaque;
    return {};
  }
  if (out.media.data.empty())
    return judge_.invalid(source_path, "The source has no data, url or file_id");
  if (out.media.source == hub::Source::base64 && out.media.media_type.empty())
    return judge_.missing(source_path.member("media_type"));
  out.media.name = block["title"].text();
  if (!block["citations"].empty()) out.citations = block["citations"].raw();
  return {};
}

Result<> BlockReader::tool_use(json::View block, const Path& path, Part& out) {
  out.kind = PartKind::tool_call;
  PENSTOCK_TRY(id, judge_.demand_text(block["id"], path.member("id")));
  PENSTOCK_TRY(name, judge_.demand_text(block["name"], path.member("name")));
  const json::View input = block["input"];
  if (!input.exists()) return judge_.missing(path.member("input"));
  if (!input.is_object())
    return judge_.invalid(path.member("input"), "Input should be a valid dictionary");
  out.id = id;
  out.name = name;
  out.arguments = {input.raw(), false};
  calls_.push_back({id, name});
  return {};
}

Result<> BlockReader::tool_result(json::View block, const Path& path, Part& out) {
  out.kind = PartKind::tool_result;
  PENSTOCK_TRY(id, judge_.demand_text(block["tool_use_id"], path.member("tool_use_id")));
  PENSTOCK_TRY(is_error, judge_.flag(block["is_error"], path.member("is_error")));
  out.id = id;
  out.name = name_of_call(id);
  out.is_error = is_error.value_or(false);
  if (!block["content"]) return {};
  return content(block["content"], path.member("content"), out.content);
}

Bytes BlockReader::name_of_call(hub::Escaped id) const {
  const auto end = calls_.rbegin() + static_cast<std::ptrdiff_t>(std::min(calls_.size(), reach));
  const auto call =
      std::find_if(calls_.rbegin(), end, [id](const Call& each) { return each.id == id; });
  return call != end ? call->name : Bytes();
}

void restore_carried(std::vector<Part>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Part& from = parts[i];
    if (from.kind != PartKind::thinking || from.issuer == Issuer::anthropic || !from.text.empty() ||
        from.id.empty())
      continue;
    Part* to = nullptr;
    const std::size_t first = i > reach ? i - reach : 0;
    const std::size_t end = std::min(parts.size(), i + reach);
    for (std::size_t k = first; k < end; ++k) {
      Part& each = parts[k];
      const bool signed_text = from.id == text_before && each.kind == PartKind::text && k < i;
      if (signed_text || (each.kind == PartKind::tool_call && each.id == from.id)) to = &each;
    }
    if (to == nullptr) continue;
    to->signature = from.signature;
    to->issuer = from.issuer;
    to->raw = {};
    from.kind = PartKind::opaque;
    from.issuer = Issuer::none;
    from.raw = {};
  }
  std::erase_if(parts, [](const Part& part) {
    return part.kind == PartKind::opaque && part.issuer == Issuer::none;
  });
}

}  // namespace penstock::dialect::anthropic
