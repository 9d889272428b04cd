#include "dialect/gemini/model.h"

namespace penstock::dialect::gemini {
namespace {

// "2.5-pro" is 25, "3-flash" is 30, "3n-e4b" is 30; nothing when no digit stands there.
int generation_of(Bytes text, int otherwise) {
  const auto digit = [&](std::size_t i) {
    return i < text.size() && text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -1;
  };
  if (digit(0) < 0) return otherwise;
  if (digit(1) >= 0) return 990;  // two digits: far newer than all we know
  const bool point = text.size() > 1 && text[1] == '.';
  return digit(0) * 10 + (point && digit(2) >= 0 ? digit(2) : 0);
}

}  // namespace

Model model_of(const TargetTraits& target) {
  Bytes name = target.base_model.empty() ? target.model : target.base_model;
  if (const auto slash = name.rfind('/'); slash != Bytes::npos) name.remove_prefix(slash + 1);
  Model model;
  if (name.starts_with("gemma-")) {
    model.gemma = true;
    model.generation = generation_of(name.substr(6), 30);
  } else if (name.starts_with("gemini-")) {
    model.generation = generation_of(name.substr(7), 30);
  }
  model.pro = name.find("-pro") != Bytes::npos;
  model.lite = name.find("-lite") != Bytes::npos;
  return model;
}

}  // namespace penstock::dialect::gemini
