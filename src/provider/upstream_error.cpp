#include <algorithm>

#include "penstock/provider.h"

namespace penstock {
namespace {

Bytes unquoted(json::Span span, Bytes body) {
  const Bytes text = span.in(body);
  if (text.size() < 2 || text.front() != '"') return text == "null" ? Bytes{} : text;
  return text.substr(1, text.size() - 2);
}

// A word of a provider's vocabulary; anything longer or stranger could be an injected text.
Bytes plain_token(Bytes text) {
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '[' || c == ']';
  });
  return plain && text.size() <= UpstreamError::token_bytes_max ? text : Bytes{};
}

// Cuts an escaped string so that neither an escape nor a UTF-8 sequence is torn.
Bytes cut_escaped(Bytes text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = 0;
  while (end < most) {
    std::size_t step = 1;
    const auto lead = static_cast<unsigned char>(text[end]);
    if (lead == '\\') {
      step = end + 1 < text.size() && text[end + 1] == 'u' ? 6 : 2;
      // Both halves of a surrogate pair, or none.
      if (step == 6 && end + 3 < text.size() && (text[end + 2] | 0x20) == 'd' &&
          Bytes("89abAB").find(text[end + 3]) != Bytes::npos) {
        step = 12;
      }
    } else if (lead >= 0xf0) {
      step = 4;
    } else if (lead >= 0xe0) {
      step = 3;
    } else if (lead >= 0xc0) {
      step = 2;
    }
    if (end + step > most) break;
    end += step;
  }
  return text.substr(0, end);
}

}  // namespace

bool holds_secret(Bytes text, const Snapshot& snapshot) {
  const auto holds = [&](const Secret& secret) {
    return !secret.empty() && text.find(secret.reveal()) != Bytes::npos;
  };
  return std::ranges::any_of(snapshot.providers, [&](const Provider& provider) {
    const bool aws = provider.aws &&
                     (holds(provider.aws->secret_access_key) || holds(provider.aws->session_token));
    return aws || std::ranges::any_of(provider.keys, holds) ||
           std::ranges::any_of(provider.headers,
                               [&](const StaticHeader& header) { return holds(header.value); });
  });
}

UpstreamError read_upstream_error(Bytes body, const json::AnswerFacts& facts,
                                  const Snapshot& snapshot) {
  UpstreamError error;
  if (const Bytes text = facts.error_message.in(body); !text.empty() && text.front() == '"') {
    // Judged before it is cut: the first half of a secret is not to be shown either.
    const Bytes message = unquoted(facts.error_message, body);
    if (!holds_secret(message, snapshot)) {
      error.message = cut_escaped(message, UpstreamError::message_bytes_max);
    }
  }
  error.type = plain_token(unquoted(facts.error_type, body));
  error.code = plain_token(unquoted(facts.error_code, body));
  error.param = plain_token(unquoted(facts.error_param, body));
  for (Bytes* text : {&error.type, &error.code, &error.param}) {
    if (holds_secret(*text, snapshot)) *text = {};
  }
  return error;
}

void make_showable(hub::ErrorNote& note, const Snapshot& snapshot) {
  note.message = holds_secret(note.message, snapshot)
                     ? Bytes{}
                     : cut_escaped(note.message, UpstreamError::message_bytes_max);
  for (Bytes* text : {&note.type, &note.code, &note.param, &note.request_id}) {
    *text = holds_secret(*text, snapshot) ? Bytes{} : plain_token(*text);
  }
}

}  // namespace penstock
