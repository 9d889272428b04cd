#include "recordings.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "gzip.h"
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

// Of the provider's errors where the endpoint has none.
Dialect dialect_of_provider(const std::string& provider) {
  if (provider == "anthropic") return Dialect::anthropic;
  if (provider == "gemini" || provider == "vertex") return Dialect::gemini;
  if (provider == "bedrock") return Dialect::bedrock;
  if (provider == "cohere") return Dialect::cohere;
  if (provider == "ollama") return Dialect::ollama;
  return Dialect::openai_chat;
}

void decide_work(Recording& out) {
  const std::string& endpoint = out.endpoint;
  if (const auto dialect = dialect_of_endpoint(out)) {
    out.dialect = *dialect;
    out.work = Work::exchange;
    return;
  }
  out.dialect = dialect_of_provider(out.provider);
  if (out.status >= 400) {
    out.work = Work::error;
  } else if (endpoint == "embeddings" || endpoint.find("embed") != std::string::npos) {
    out.work = Work::embedding;
  } else if (endpoint == "rerank") {
    out.work = Work::rerank;
  } else if (endpoint == "moderations") {
    out.work = Work::moderation;
  } else if (endpoint == "count-tokens") {
    out.work = Work::count;
  } else if (endpoint.starts_with("invoke")) {
    out.dialect = Dialect::anthropic;  // the only one that we speak there
    out.work = Work::foreign;
  } else if (endpoint == "v1-chat" || endpoint == "api-generate") {
    out.work = Work::foreign;
  } else if (endpoint == "models") {
    out.why = "models are listed from the configuration";
  }
}

// The body as an upstream sends it to us.
void settle_body(Recording& out, const std::string& encoding) {
  if (encoding == "gzip") out.body = unzipped(out.body);
  out.stream = out.framing != "json" && out.framing != "none";
  // A JSON array is how Gemini streams when it is not asked for server-sent events; we always ask.
  if (out.shows("streamed-json-array")) {
    out.body = framed(out.dialect, elements_of(out.body));
    out.stream = true;
  }
  // Some recorders trim the blank line behind the last event.
  if (out.framing == "sse" && !out.body.ends_with("\n\n") && !out.body.ends_with("\r\n\r\n")) {
    out.body += "\n\n";
  }
  if (out.framing == "json-lines") out.body = framed(out.dialect, lines_of(out.body));
}

Recording read_case(const std::filesystem::path& folder) {
  Recording out;
  out.provider = folder.parent_path().filename().string();
  out.name = out.provider + "/" + folder.filename().string();
  const auto source = test::read_tree(test::read_file(folder / "source.json"));
  if (!source) return out;
  out.endpoint = text_of(&*source, "endpoint");
  out.model = text_of(&*source, "model");
  out.framing = text_of(&*source, "framing");
  if (const auto* features = at(&*source, "features")) {
    for (const auto& feature : features->items) out.features.insert(feature.text);
  }
  if (std::filesystem::exists(folder / "request.json")) {
    out.request = test::read_file(folder / "request.json");
  }
  out.status = std::atoi(test::read_file(folder / "response.status").c_str());
  if (out.status == 0) out.status = 200;
  out.body = test::read_file(folder / "response.body");
  decide_work(out);
  out.on_vertex = out.provider == "vertex";
  out.in_bedrock_invoke = out.provider == "bedrock" && out.dialect == Dialect::anthropic;
  settle_body(out, text_of(&*source, "body_encoding"));
  return out;
}

Recordings read_all() {
  namespace fs = std::filesystem;
  Recordings out;
  const auto index = test::fixtures("index.json");
  if (!index) return out;
  out.there = true;
  if (const auto tree = test::read_tree(test::read_file(*index))) out.indexed = tree->items.size();
  std::vector<fs::path> folders;
  for (const auto& provider : fs::directory_iterator(index->parent_path())) {
    if (!provider.is_directory()) continue;
    for (const auto& folder : fs::directory_iterator(provider)) {
      if (fs::exists(folder.path() / "response.body")) folders.push_back(folder.path());
    }
  }
  std::ranges::sort(folders);
  for (const fs::path& folder : folders) {
    Recording read = read_case(folder);
    auto& list = read.work == Work::exchange ? out.cases
                 : read.work == Work::none   ? out.left_out
                                             : out.others;
    list.push_back(std::move(read));
  }
  return out;
}

}  // namespace

const Recordings& recordings() {
  static const Recordings all = read_all();
  return all;
}

}  // namespace golden
