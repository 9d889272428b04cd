#include "gateway/passage_rules.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace penstock {
namespace {

constexpr std::size_t first_endpoint = static_cast<std::size_t>(Endpoint::image_generations);

// In the order of Endpoint.
constexpr std::array rules{
    PassageRule{.endpoint = Endpoint::image_generations,
                .resource = Resource::images,
                .post = true,
                .json = true,
                .has_model = true},
    PassageRule{.endpoint = Endpoint::image_edits,
                .resource = Resource::images,
                .post = true,
                .json = true,
                .form = true,
                .has_model = true},
    PassageRule{.endpoint = Endpoint::image_variations,
                .resource = Resource::images,
                .post = true,
                .form = true,
                .has_model = true},
    PassageRule{.endpoint = Endpoint::audio_transcriptions,
                .resource = Resource::transcriptions,
                .post = true,
                .form = true,
                .has_model = true},
    PassageRule{.endpoint = Endpoint::audio_translations,
                .resource = Resource::transcriptions,
                .post = true,
                .form = true,
                .has_model = true},
    PassageRule{.endpoint = Endpoint::audio_speech,
                .resource = Resource::speech,
                .post = true,
                .json = true,
                .has_model = true},
    PassageRule{.endpoint = Endpoint::files, .get = true, .post = true, .form = true},
    PassageRule{.endpoint = Endpoint::file, .get = true, .remove = true},
    PassageRule{.endpoint = Endpoint::file_content, .get = true},
    PassageRule{.endpoint = Endpoint::batches,
                .resource = Resource::batches,
                .get = true,
                .post = true,
                .json = true},
    PassageRule{.endpoint = Endpoint::batch, .resource = Resource::batches, .get = true},
    PassageRule{.endpoint = Endpoint::batch_cancel, .resource = Resource::batches, .post = true},
};
static_assert([] {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (static_cast<std::size_t>(rules[i].endpoint) != first_endpoint + i) return false;
  }
  return rules.back().endpoint == Endpoint::batch_cancel;
}());

struct Row {
  Bytes path;
  Endpoint endpoint;
};
constexpr std::array rows{
    Row{"/images/generations", Endpoint::image_generations},
    Row{"/images/edits", Endpoint::image_edits},
    Row{"/images/variations", Endpoint::image_variations},
    Row{"/audio/transcriptions", Endpoint::audio_transcriptions},
    Row{"/audio/translations", Endpoint::audio_translations},
    Row{"/audio/speech", Endpoint::audio_speech},
    Row{"/files", Endpoint::files},
    Row{"/batches", Endpoint::batches},
};

// What a provider may be asked for by name: nothing that could change the address around it.
bool is_id(Bytes id) {
  constexpr std::size_t bytes_max = 256;
  return !id.empty() && id.size() <= bytes_max && std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '~';
  });
}

// `{id}` or `{id}{suffix}`.
Endpoint endpoint_of(Bytes rest, Endpoint alone, Bytes suffix, Endpoint suffixed) {
  if (is_id(rest)) return alone;
  if (rest.ends_with(suffix) && is_id(rest.substr(0, rest.size() - suffix.size()))) return suffixed;
  return Endpoint::none;
}

// Calls visit(name, value) for each member of a query; both still escaped.
template <class Visit>
void for_each_member(Bytes query, Visit&& visit) {
  while (!query.empty()) {
    const Bytes member = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(member.size() + 1, query.size()));
    const std::size_t equals = std::min(member.find('='), member.size());
    visit(member, member.substr(0, equals), member.substr(std::min(equals + 1, member.size())));
  }
}

std::string without_escapes(Bytes text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    const Bytes digits = text.substr(at + 1, 2);
    const char* const end = digits.data() + digits.size();
    if (text[at] == '%' && digits.size() == 2 &&
        std::from_chars(digits.data(), end, value, 16).ptr == end) {
      plain += static_cast<char>(value);
      at += 2;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

}  // namespace

const PassageRule& passage_rule(Endpoint endpoint) {
  PENSTOCK_ASSERT(passes_through(endpoint));
  return rules[static_cast<std::size_t>(endpoint) - first_endpoint];
}

bool passage_allows(Endpoint endpoint, http::Method method) {
  const PassageRule& rule = passage_rule(endpoint);
  switch (method) {
    case http::Method::get:
      return rule.get;
    case http::Method::post:
      return rule.post;
    case http::Method::delete_:
      return rule.remove;
    default:
      return false;
  }
}

Bytes passage_methods(Endpoint endpoint) {
  const PassageRule& rule = passage_rule(endpoint);
  if (rule.remove) return "DELETE, GET, OPTIONS";
  if (rule.get) return rule.post ? "GET, OPTIONS, POST" : "GET, OPTIONS";
  return "OPTIONS, POST";
}

Route passage_route(Bytes path) {
  for (const Row& row : rows) {
    if (path == row.path) return {row.endpoint, {}, path};
  }
  constexpr Bytes files = "/files/";
  constexpr Bytes batches = "/batches/";
  Endpoint found = Endpoint::none;
  if (path.starts_with(files)) {
    found =
        endpoint_of(path.substr(files.size()), Endpoint::file, "/content", Endpoint::file_content);
  } else if (path.starts_with(batches)) {
    found = endpoint_of(path.substr(batches.size()), Endpoint::batch, "/cancel",
                        Endpoint::batch_cancel);
  }
  return {found, {}, found == Endpoint::none ? Bytes{} : path};
}

std::string model_of_query(Bytes query) {
  std::string model;
  for_each_member(query, [&](Bytes, Bytes name, Bytes value) {
    if (name == "model") model = without_escapes(value);
  });
  return model;
}

std::string passed_query(Bytes query) {
  std::string passed;
  for_each_member(query, [&](Bytes member, Bytes name, Bytes) {
    if (member.empty() || name == "model" || name == "api-version") return;
    passed += passed.empty() ? '?' : '&';
    passed += member;
  });
  return passed;
}

}  // namespace penstock
