// Arguments of a call that Vertex streams piece by piece, each with the path of the value it
// belongs to (https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling,
// streamFunctionCallArguments). We never ask for it; a model behind a configured default may.
#pragma once

#include <string>
#include <vector>

#include "penstock/error.h"
#include "penstock/json_document.h"

namespace penstock::dialect::gemini {

// Puts the pieces together into one JSON text. Values come in the order of the text. Paths are a
// peer's words: they only choose where brackets and keys are written.
class PartialArguments {
 public:
  void begin();
  // One element of `partialArgs`. Errors, Side::upstream: malformed, too_large.
  Result<> add(json::View piece);
  // The whole text; valid until the next `begin`.
  Bytes end();

 private:
  // One step from an object or a list to what is in it.
  struct Step {
    Bytes key{};  // Escaped; empty for an element of a list
    std::uint32_t index = 0;
    bool in_list = false;
  };
  struct Kept {
    std::string key{};
    std::uint32_t index = 0;
    bool in_list = false;
    bool is(const Step& step) const {
      return in_list == step.in_list && index == step.index && key == step.key;
    }
  };

  static bool read_path(Bytes path, std::vector<Step>& steps);
  Result<> go_to(const std::vector<Step>& steps);
  void close_to(std::size_t level);
  void write_step(const Step& step);

  std::string text_;
  std::vector<Kept> path_{};  // of the value written last
  std::vector<Step> steps_{};
  bool in_string_ = false;
};

}  // namespace penstock::dialect::gemini
