// Writes parts of the hub as Anthropic's content blocks.
#pragma once

#include "dialect/anthropic/cache_marks.h"
#include "dialect/anthropic/model_traits.h"
#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

class BlockWriter {
 public:
  BlockWriter(const TargetTraits& target, CacheMarks& marks, json::Document& document,
              json::Writer& out, Losses& losses)
      : target_(target), marks_(marks), document_(document), out_(out), losses_(losses) {}

  // `mark`: set by the gateway on a block that the client left unmarked. `trim`: blanks at the
  // text's end are left out, as a begun answer must not end in them.
  Result<> write(const hub::Part& part, hub::CacheTtl mark, bool trim);

 private:
  bool as_it_was(const hub::Part& part) const;
  void close(hub::CacheTtl ttl);
  void text(const hub::Part& part, hub::CacheTtl ttl, bool trim);
  Result<> image(const hub::Part& part, hub::CacheTtl ttl);
  Result<> file(const hub::Part& part, hub::CacheTtl ttl);
  Result<> judge_media(const hub::Part& part);
  void reference(const hub::Media& media);
  void tool_use(const hub::Part& part, hub::CacheTtl ttl);
  Result<> tool_result(const hub::Part& part, hub::CacheTtl ttl);
  Result<> result_content(const hub::Part& part);

  const TargetTraits& target_;
  CacheMarks& marks_;
  json::Document& document_;
  json::Writer& out_;
  Losses& losses_;
  std::uint32_t calls_ = 0;  // written so far; calls without an id are told apart by it
  std::uint32_t results_ = 0;
};

// Counts the marks of one part, in the order in which `write` takes them.
void count_marks(const hub::Part& part, CacheMarks& marks);

}  // namespace penstock::dialect::anthropic
