#include "penstock/hub.h"

namespace penstock::hub {

void Fold::append(std::string& to, Bytes bytes) {
  if (bytes.size() > bytes_left_) {
    fits_ = false;
    return;
  }
  bytes_left_ -= bytes.size();
  to.append(bytes);
}

AnswerChoice* Fold::choice(std::uint32_t index) {
  if (index >= Answer::choices_max) {
    fits_ = false;
    return nullptr;
  }
  if (index >= answer_.choices.size()) answer_.choices.resize(index + 1);
  return &answer_.choices[index];
}

// The part that a delta of `kind` belongs to: the last one when it is of that kind and still open,
// else a new one.
AnswerPart& Fold::open(AnswerChoice& choice, PartKind kind) {
  if (choice.parts.empty() || choice.parts.back().kind != kind || block_ended_) {
    choice.parts.emplace_back().kind = kind;
  }
  block_ended_ = false;
  return choice.parts.back();
}

AnswerPart* Fold::call(std::uint32_t choice_index, std::uint32_t call) {
  AnswerChoice* const to = choice(choice_index);
  if (to == nullptr) return nullptr;
  for (AnswerPart& part : to->parts) {
    if (part.kind == PartKind::tool_call && call-- == 0) return &part;
  }
  return nullptr;
}

void Fold::on(const Event& event) {
  AnswerChoice* const to = choice(event.choice);
  if (to == nullptr) return;
  if (event.choice != last_choice_) block_ended_ = true;
  last_choice_ = event.choice;
  switch (event.kind) {
    case EventKind::begin:
      append(answer_.id, event.id);
      append(answer_.model, event.model);
      append(answer_.tier, event.tier);
      append(answer_.fingerprint, event.fingerprint);
      answer_.created = event.created;
      break;
    case EventKind::text:
      append(open(*to, PartKind::text).text, event.text);
      break;
    case EventKind::refusal:
      append(open(*to, PartKind::refusal).text, event.text);
      break;
    case EventKind::thinking:
      append(open(*to, PartKind::thinking).text, event.text);
      break;
    case EventKind::signature: {
      AnswerPart* part = nullptr;
      if (!to->parts.empty() && to->parts.back().kind == PartKind::tool_call)
        part = call(event.choice, event.call);
      else
        part = &open(*to, to->parts.empty() ? PartKind::thinking : to->parts.back().kind);
      if (part == nullptr) break;
      append(part->signature, event.text);
      part->issuer = event.issuer;
      if (!event.id.empty() && part->id.empty()) append(part->id, event.id);
      break;
    }
    case EventKind::redacted: {
      AnswerPart& part = to->parts.emplace_back();
      part.kind = PartKind::redacted_thinking;
      part.issuer = event.issuer;
      append(part.signature, event.text);
      append(part.id, event.id);
      block_ended_ = true;
      break;
    }
    case EventKind::block_end:
      block_ended_ = true;
      break;
    case EventKind::tool_open: {
      AnswerPart& part = to->parts.emplace_back();
      part.kind = PartKind::tool_call;
      part.custom = event.custom;
      append(part.id, event.id);
      append(part.name, event.name);
      break;
    }
    case EventKind::tool_delta:
      if (AnswerPart* const part = call(event.choice, event.call)) append(part->text, event.text);
      break;
    case EventKind::tool_close:
      break;
    case EventKind::citation: {
      const Citation& cited = *event.citation;
      AnswerPart& part = open(*to, PartKind::text);
      AnswerPart::Cited& kept = part.citations.emplace_back();
      append(kept.url, cited.url);
      append(kept.title, cited.title);
      append(kept.cited_text, cited.cited_text);
      append(kept.raw, cited.raw);
      kept.issuer = cited.issuer;
      kept.start = cited.start;
      kept.end = cited.end;
      break;
    }
    case EventKind::logprobs: {
      if (event.raw.size() < 2) break;
      std::string& list = event.custom ? to->refusal_logprobs : to->logprobs;
      const Bytes elements = event.raw.substr(1, event.raw.size() - 2);
      if (!list.empty() && !elements.empty()) append(list, ",");
      append(list, elements);
      break;
    }
    case EventKind::media: {
      AnswerPart& part = to->parts.emplace_back();
      part.kind = event.media.media_type.starts_with("audio") ? PartKind::audio : PartKind::image;
      part.source = event.media.source;
      append(part.media_type, event.media.media_type);
      append(part.raw, event.media.data);
      append(part.text, event.text);
      append(part.id, event.id);
      break;
    }
    case EventKind::opaque: {
      AnswerPart& part = to->parts.emplace_back();
      part.kind = PartKind::opaque;
      part.issuer = event.issuer;
      append(part.raw, event.raw);
      break;
    }
    case EventKind::usage:
      answer_.usage.take(*event.usage);
      break;
    case EventKind::finish:
      to->finish = event.finish;
      append(to->finish_text, event.text);
      break;
    case EventKind::error:
      answer_.error = event.error->kind;
      append(answer_.error_message, event.error->message);
      append(answer_.error_type, event.error->type);
      append(answer_.error_code, event.error->code);
      break;
    case EventKind::ping:
      break;
    case EventKind::end:
      answer_.ended = true;
      break;
  }
}

}  // namespace penstock::hub
