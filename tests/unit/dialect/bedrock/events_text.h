// Events written down as lines of text, so that whole sequences of them can be compared.
#pragma once

#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace test {

inline std::string issuer_name(penstock::hub::Issuer issuer) {
  using penstock::hub::Issuer;
  return issuer == Issuer::anthropic ? "anthropic" : issuer == Issuer::bedrock ? "bedrock" : "none";
}

class EventsText final : public penstock::hub::EventSink {
 public:
  void on(const penstock::hub::Event& event) override {
    using penstock::hub::EventKind;
    const std::string text(event.text);
    const std::string call = std::to_string(event.call);
    switch (event.kind) {
      case EventKind::begin:
        return add("begin");
      case EventKind::text:
        return add("text " + text);
      case EventKind::refusal:
        return add("refusal " + text);
      case EventKind::thinking:
        return add("thinking " + text);
      case EventKind::signature:
        return add("signature " + issuer_name(event.issuer) + " " + text);
      case EventKind::redacted:
        return add("redacted " + issuer_name(event.issuer) + " " + text);
      case EventKind::block_end:
        return add("block_end");
      case EventKind::tool_open:
        return add("open " + call + " " + std::string(event.id) + " " + std::string(event.name));
      case EventKind::tool_delta:
        return add("delta " + call + " " + text);
      case EventKind::tool_close:
        return add("close " + call);
      case EventKind::citation:
        return add("citation " + std::string(event.citation->url) + "|" +
                   std::string(event.citation->title) + "|" +
                   std::string(event.citation->cited_text) + "|" +
                   std::to_string(event.citation->start) + "-" +
                   std::to_string(event.citation->end));
      case EventKind::logprobs:
        return add("logprobs");
      case EventKind::media:
        return add("media " + std::string(event.media.media_type) + " " +
                   std::string(event.media.data));
      case EventKind::opaque:
        return add("opaque " + std::string(event.raw));
      case EventKind::usage:
        usage = *event.usage;
        return add("usage");
      case EventKind::finish:
        finish = event.finish;
        return add("finish " + text);
      case EventKind::error:
        kind = event.error->kind;
        return add("error " + std::string(event.error->type) + ": " +
                   std::string(event.error->message));
      case EventKind::ping:
        return add("ping");
      case EventKind::end:
        return add("end");
    }
  }

  std::vector<std::string> lines;
  penstock::hub::Usage usage{};
  penstock::hub::Finish finish = penstock::hub::Finish::none;
  penstock::hub::ErrorKind kind = penstock::hub::ErrorKind::server;

 private:
  void add(std::string line) { lines.push_back(std::move(line)); }
};

}  // namespace test
