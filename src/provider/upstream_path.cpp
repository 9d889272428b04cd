// Where each service of each kind of provider is, behind its base URL.
#include <algorithm>
#include <array>

#include "penstock/provider.h"
#include "provider/path_writer.h"

namespace penstock {
namespace {

using dialect::Dialect;

std::unexpected<Error> unserved() {
  return fail(Code::unsupported_by_target, Side::client);
}

// The resource of OpenAI's API, below the prefix that a provider has for it. Static.
Bytes openai_resource(Service service, Dialect dialect) {
  switch (service) {
    case Service::chat:
      if (dialect == Dialect::openai_responses) return "/responses";
      if (dialect == Dialect::anthropic) return "/messages";
      return "/chat/completions";
    case Service::completions:
      return "/completions";
    case Service::embeddings:
      return "/embeddings";
    case Service::responses:
      return "/responses";
    case Service::models:
      return "/models";
    case Service::rerank:
      return "/rerank";
    case Service::moderations:
      return "/moderations";
    case Service::count_tokens:
      return "/messages/count_tokens";
  }
  PENSTOCK_UNREACHABLE();
}

// DeepSeek has Anthropic's API below a prefix of its own.
Bytes openai_path(const Provider& provider, const Target& target, Service service) {
  if (provider.kind == ProviderKind::deepseek && service == Service::chat &&
      target.dialect == Dialect::anthropic) {
    return "/anthropic/v1/messages";
  }
  if (provider.kind == ProviderKind::openai && service == Service::count_tokens) {
    return "/responses/input_tokens";
  }
  return openai_resource(service, target.dialect);
}

// Versions that are dates have one address for each deployment; `v1` and `preview` do not.
bool azure_is_dated(const Provider& provider) {
  return !provider.api_version.empty() && provider.api_version[0] >= '0' &&
         provider.api_version[0] <= '9';
}

// What Azure has below a deployment in the dated API. All else has no deployment in its path.
bool azure_by_deployment(Bytes resource) {
  constexpr std::array<Bytes, 5> prefixes{"/chat/", "/completions", "/embeddings", "/audio/",
                                          "/images/"};
  return std::ranges::any_of(prefixes, [&](Bytes prefix) { return resource.starts_with(prefix); });
}

Result<Bytes> azure_path(const Provider& provider, const Target& target, Bytes resource,
                         std::span<char> out) {
  if (resource == "/messages") return Bytes("/anthropic/v1/messages");
  PathWriter path(out);
  const Bytes separator = resource.find('?') == Bytes::npos ? "?" : "&";
  if (azure_is_dated(provider)) {
    path.add("/openai");
    if (azure_by_deployment(resource)) path.add("/deployments/").segment(target.upstream_model);
    path.add(resource).add(separator).add("api-version=").segment(provider.api_version);
  } else {
    path.add("/openai/v1").add(resource);
    if (provider.api_version == "preview") path.add(separator).add("api-version=preview");
  }
  return path.finish();
}

Bytes anthropic_path(Service service) {
  if (service == Service::models) return "/v1/models";
  return service == Service::count_tokens ? "/v1/messages/count_tokens" : "/v1/messages";
}

// What is asked of a Google model. Without alt=sse the stream would be one JSON array.
Bytes google_verb(Service service, bool stream) {
  switch (service) {
    case Service::embeddings:
      return ":batchEmbedContents";
    case Service::count_tokens:
      return ":countTokens";
    default:
      return stream ? ":streamGenerateContent?alt=sse" : ":generateContent";
  }
}

// "models/x", "tunedModels/x" and "publishers/p/models/x" keep their slashes, segments are escaped.
void add_resource_name(PathWriter& path, Bytes name) {
  path.segment(name, "/@");
}

Result<Bytes> gemini_path(const Provider& provider, const Target& target, Service service,
                          bool stream, std::span<char> out) {
  PathWriter path(out);
  path.add("/").add(provider.api_version.empty() ? Bytes("v1beta") : provider.api_version);
  if (service == Service::models) return path.add("/models").finish();
  if (service == Service::chat && target.dialect == Dialect::openai_chat) {
    return path.add("/openai/chat/completions").finish();
  }
  path.add("/");
  const Bytes name = target.upstream_model;
  if (name.starts_with("models/") || name.starts_with("tunedModels/")) {
    add_resource_name(path, name);
  } else {
    path.add("models/").segment(name, "@");
  }
  return path.add(google_verb(service, stream)).finish();
}

// The publisher's part of the path, up to the model, and the verb.
void add_vertex_model(PathWriter& path, const Target& target, Service service, bool stream) {
  const Bytes name = target.upstream_model;
  if (target.dialect == Dialect::anthropic) {
    // Tokens are counted by a model of that name; the body holds the real one.
    const bool counts = service == Service::count_tokens;
    path.add("/publishers/anthropic/models/").segment(counts ? Bytes("count-tokens") : name, "@");
    path.add(stream && !counts ? ":streamRawPredict" : ":rawPredict");
    return;
  }
  if (name.starts_with("publishers/") || name.starts_with("endpoints/")) {
    path.add("/");
    add_resource_name(path, name);
  } else {
    path.add("/publishers/google/models/").segment(name, "@");
  }
  if (service != Service::embeddings) {
    path.add(google_verb(service, stream));
  } else {
    path.add(embeds_content(target) ? ":embedContent" : ":predict");
  }
}

Result<Bytes> vertex_path(const Provider& provider, const Target& target, Service service,
                          bool stream, std::span<char> out) {
  PathWriter path(out);
  path.add("/").add(provider.api_version.empty() ? Bytes("v1") : provider.api_version);
  if (!provider.project.empty()) {
    path.add("/projects/").segment(provider.project);
    path.add("/locations/").segment(provider.region);
  }
  if (service == Service::chat && target.dialect == Dialect::openai_chat) {
    return path.add("/endpoints/openapi/chat/completions").finish();
  }
  add_vertex_model(path, target, service, stream);
  return path.finish();
}

// The prefix of an inference profile that spans regions, which counting does not know.
Bytes without_region(Bytes model) {
  constexpr std::array<Bytes, 9> prefixes{"us.", "eu.", "apac.",   "jp.",    "au.",
                                          "in.", "ca.", "us-gov.", "global."};
  for (const Bytes prefix : prefixes) {
    if (model.starts_with(prefix)) return model.substr(prefix.size());
  }
  return model;
}

Result<Bytes> bedrock_path(const Target& target, Service service, bool stream,
                           std::span<char> out) {
  PathWriter path(out);
  if (service == Service::count_tokens) {
    const bool arn = target.upstream_model.starts_with("arn:");
    const Bytes model = arn ? target.base_model : target.upstream_model;
    return path.add("/model/").segment(without_region(model)).add("/count-tokens").finish();
  }
  path.add("/model/").segment(target.upstream_model);
  const bool invoke = service != Service::chat || target.dialect == Dialect::anthropic;
  if (invoke) return path.add(stream ? "/invoke-with-response-stream" : "/invoke").finish();
  return path.add(stream ? "/converse-stream" : "/converse").finish();
}

Bytes cohere_path(Service service) {
  switch (service) {
    case Service::embeddings:
      return "/v2/embed";
    case Service::rerank:
      return "/v2/rerank";
    case Service::models:
      return "/v1/models";
    default:
      return "/v2/chat";
  }
}

// The native API for chat and embeddings; what is asked in OpenAI's or Anthropic's words is below
// /v1.
Bytes ollama_path(const Target& target, Service service) {
  switch (service) {
    case Service::completions:
      return "/v1/completions";
    case Service::embeddings:
      return "/api/embed";
    case Service::responses:
      return "/v1/responses";
    case Service::models:
      return "/v1/models";
    default:
      break;
  }
  switch (target.dialect) {
    case Dialect::openai_chat:
      return "/v1/chat/completions";
    case Dialect::openai_responses:
      return "/v1/responses";
    case Dialect::anthropic:
      return "/v1/messages";
    default:
      return "/api/chat";
  }
}

// A kind serves what its row says, and Responses where a target is spoken to in them.
bool serves(const KindFacts& facts, const Target& target, Service service) {
  if (service == Service::responses && target.dialect == Dialect::openai_responses) return true;
  return facts.services.has(service);
}

}  // namespace

bool embeds_content(const Target& target) {
  return target.base_model.find("gemini-embedding-2") != std::string::npos;
}

Result<Bytes> upstream_path(const Provider& provider, const Target& target, Service service,
                            bool stream, std::span<char> out) {
  const KindFacts& facts = facts_of(provider.kind);
  if (!serves(facts, target, service)) return unserved();
  switch (facts.paths) {
    case Paths::openai:
      return openai_path(provider, target, service);
    case Paths::azure:
      return azure_path(provider, target, openai_resource(service, target.dialect), out);
    case Paths::anthropic:
      return anthropic_path(service);
    case Paths::gemini:
      return gemini_path(provider, target, service, stream, out);
    case Paths::vertex:
      return vertex_path(provider, target, service, stream, out);
    case Paths::bedrock:
      return bedrock_path(target, service, stream, out);
    case Paths::cohere:
      return cohere_path(service);
    case Paths::ollama:
      return ollama_path(target, service);
  }
  PENSTOCK_UNREACHABLE();
}

Result<Bytes> upstream_resource_path(const Provider& provider, const Target& target, Bytes resource,
                                     std::span<char> out) {
  const Paths paths = facts_of(provider.kind).paths;
  if (paths == Paths::azure) return azure_path(provider, target, resource, out);
  if (paths != Paths::openai) return unserved();
  return PathWriter(out).add(resource).finish();
}

}  // namespace penstock
