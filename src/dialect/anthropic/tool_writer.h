// Writes the tools of a request, and which of them the model is to call.
#pragma once

#include "dialect/anthropic/cache_marks.h"
#include "dialect/anthropic/model_traits.h"
#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

class ToolWriter {
 public:
  ToolWriter(const hub::Request& request, const TargetTraits& target, const ModelTraits& model,
             json::Document& document, json::Writer& out, Losses& losses);

  // The answer is to be made by the reserved tool.
  bool answers_by_tool() const { return answer_by_tool_; }
  // Some tool must be called.
  bool forces() const;

  // The members `tools` and `tool_choice`; nothing when there are no tools. `mark`: for the last
  // tool, where the client marked nothing.
  Result<> write(CacheMarks& marks, hub::CacheTtl mark);

 private:
  Result<> write_tool(const hub::Tool& tool, hub::CacheTtl ttl, CacheMarks& marks);
  void write_function(const hub::Tool& tool, hub::CacheTtl ttl);
  Result<> write_search();
  Result<> write_foreign(const hub::Tool& tool);
  void write_answer_tool();
  void write_stubs();
  void write_choice();
  bool is_allowed(const hub::Tool& tool) const;

  const hub::Request& request_;
  const TargetTraits& target_;
  const ModelTraits& model_;
  json::Document& document_;
  json::Writer& out_;
  Losses& losses_;
  bool searches_ = false;    // a search is still to be written
  std::vector<Bytes> used_;  // names of tools in the history, when none are given
  bool answer_by_tool_ = false;
};

}  // namespace penstock::dialect::anthropic
