// Marks behind which Bedrock is to cache the prompt. Converse has them as blocks of their own,
// behind what they mark, and takes four of them; the first that are too many are the ones between
// the oldest messages.
#pragma once

#include "dialect/bedrock/model.h"
#include "penstock/dialect.h"

namespace penstock::dialect::bedrock {

class CachePoints {
 public:
  static constexpr std::size_t points_max = 4;

  // Counts the marks of the request and places automatic ones where the target wants them.
  Result<> plan(const hub::Request& request, const TargetTraits& target, const Model& model,
                Losses& losses);

  // The mark to write behind the tools, or behind the system prompt's last block.
  hub::CacheTtl behind_tools() const { return tools_; }
  hub::CacheTtl behind_system() const { return system_; }
  // The mark to write behind the conversation's last block.
  hub::CacheTtl behind_all() const { return all_; }
  // Whether this mark, the next of a system block or of a message's part, is written.
  bool take_system();
  bool take_message();

  // {"cachePoint":{…}}
  void write(hub::CacheTtl ttl, json::Writer& out) const;

 private:
  void place(const hub::Request& request, const Model& model);

  hub::CacheTtl tools_ = hub::CacheTtl::none;
  hub::CacheTtl system_ = hub::CacheTtl::none;
  hub::CacheTtl all_ = hub::CacheTtl::none;
  std::size_t skip_system_ = 0;
  std::size_t skip_messages_ = 0;
  bool any_ = false;   // marks of parts are written
  bool hour_ = false;  // the model takes a time to live
};

inline bool is_instruction(const hub::Message& message) {
  return message.role == hub::Role::system || message.role == hub::Role::developer;
}

// Of a part, or of what is inside a tool's result: a result is marked as a whole.
hub::CacheTtl mark_of(const hub::Part& part);

}  // namespace penstock::dialect::bedrock
