#include "recordings.h"

#include <algorithm>
#include <cstdlib>

#include "reading.h"
#include "support/fixtures.h"
#include "support/json_tree.h"
#include "wire.h"

namespace golden {
namespace {

using detail::at;
using detail::text_of;

// The dialect of an endpoint; none for embeddings and the like.
std::optional<Dialect> dialect_of_endpoint(const Recording& recording) {
  const std::string& endpoint = recording.endpoint;
  // Models before Messages have a body of their own.
  const bool claude = recording.model.find("anthropic.") != std::string::npos &&
                      recording.request.find("\"messages\"") != std::string::npos;
  if (endpoint == "chat-completions") return Dialect::openai_chat;
  if (endpoint == "completions") return Dialect::openai_completions;
  if (endpoint == "responses") return Dialect::openai_responses;
  if (endpoint == "messages" || endpoint.ends_with("raw-predict")) return Dialect::anthropic;
  if (endpoint.ends_with("generate-content")) return Dialect::gemini;
  if (endpoint.starts_with("converse")) return Dialect::bedrock;
  if (endpoint.starts_with("invoke") && claude) return Dialect::anthropic;
  if (endpoint == "v2-chat") return Dialect::cohere;
  if (endpoint == "api-chat") return Dialect::ollama;
  return {};
}

std::optional<Recording> read_case(const std::filesystem::path& folder) {
  const auto source = test::read_tree(test::read_file(folder / "source.json"));
  if (!source || text_of(&*source, "body_encoding") == "gzip") return {};
  Recording out;
  out.provider = text_of(&*source, "provider");
  out.name = out.provider + "/" + folder.filename().string();
  out.endpoint = text_of(&*source, "endpoint");
  out.model = text_of(&*source, "model");
  out.framing = text_of(&*source, "framing");
  if (const auto* features = at(&*source, "features")) {
    for (const auto& feature : features->items) out.features.insert(feature.text);
  }
  if (std::filesystem::exists(folder / "request.json")) {
    out.request = test::read_file(folder / "request.json");
  }
  const auto dialect = dialect_of_endpoint(out);
  // A JSON array is how Gemini streams when it is not asked for server-sent events; we always ask.
  if (!dialect || out.shows("streamed-json-array")) return {};
  out.dialect = *dialect;
  out.on_vertex = out.provider == "vertex";
  out.in_bedrock_invoke = out.provider == "bedrock" && out.dialect == Dialect::anthropic;
  out.status = std::atoi(test::read_file(folder / "response.status").c_str());
  if (out.status == 0) out.status = 200;
  out.body = test::read_file(folder / "response.body");
  out.stream = out.framing != "json" && out.framing != "none";
  // Some recorders trim the blank line behind the last event.
  if (out.framing == "sse" && !out.body.ends_with("\n\n") && !out.body.ends_with("\r\n\r\n")) {
    out.body += "\n\n";
  }
  if (out.framing == "json-lines") out.body = framed(out.dialect, lines_of(out.body));
  return out;
}

Recordings read_all() {
  namespace fs = std::filesystem;
  Recordings out;
  const auto index = test::fixtures("index.json");
  if (!index) return out;
  out.there = true;
  std::vector<fs::path> folders;
  for (const auto& provider : fs::directory_iterator(index->parent_path())) {
    if (!provider.is_directory()) continue;
    for (const auto& folder : fs::directory_iterator(provider)) {
      if (fs::exists(folder.path() / "response.body")) folders.push_back(folder.path());
    }
  }
  std::ranges::sort(folders);
  for (const fs::path& folder : folders) {
    auto read = read_case(folder);
    if (read) {
      out.cases.push_back(*std::move(read));
    } else {
      out.left_out.push_back(folder.filename().string());
    }
  }
  return out;
}

}  // namespace

const Recordings& recordings() {
  static const Recordings all = read_all();
  return all;
}

}  // namespace golden
