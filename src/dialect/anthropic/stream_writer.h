// Writes the hub's events as a stream of /v1/messages. Its clients demand an exact machine: one
// message_start, blocks one after another and never inside each other, each of one kind, opened
// once and closed once (docs on streaming; the SDKs' accumulators).
#pragma once

#include <string>
#include <vector>

#include "penstock/dialect.h"

namespace penstock::dialect::anthropic {

// DialectTable::stream_writer.
std::unique_ptr<StreamWriter> stream_writer(const AnswerContext& context, json::Composer& out);

// What must wait because a call of a tool is open. Calls of other providers may come interleaved;
// here they follow each other. Owns its bytes.
struct Waiting {
  hub::EventKind kind = hub::EventKind::text;  // tool_open: a call, with all that came of it
  hub::Issuer issuer = hub::Issuer::none;
  std::uint32_t call = 0;
  bool closed = false;  // the call
  std::string id{};     // or of the signed item
  std::string name{};
  std::string text{};       // delta, arguments or data
  std::string signature{};  // of the call
  std::string raw{};
};

class BlockStream final : public StreamWriter {
 public:
  // Bytes that may wait; a provider that makes more wait breaks the stream.
  static constexpr std::size_t waiting_bytes_max = 16u << 20;

  BlockStream(const AnswerContext& context, json::Composer& out) : context_(context), out_(out) {}

  void on(const hub::Event& event) override;
  void fail(const hub::ErrorNote& error) override;
  void heartbeat() override;

 private:
  enum class Block : std::uint8_t { none, text, thinking, tool };

  void start(hub::Escaped id, hub::Escaped model);
  void content(const hub::Event& event);
  void text(const hub::Event& event);
  void thinking(Bytes text);
  void signature(const hub::Event& event);
  void redacted(const hub::Event& event);
  void whole_block(Bytes block);
  void citation(const hub::Citation& citation);
  void tool_open(std::uint32_t call, hub::Escaped id, hub::Escaped name);
  void tool_start();
  void tool_delta(Bytes text);
  void tool_close();
  void carried(hub::Issuer issuer, hub::Escaped id, hub::Escaped signature);

  bool must_wait(const hub::Event& event) const;
  void wait(const hub::Event& event);
  Waiting* waiting_call(std::uint32_t call);
  void next_waiting();

  void open(Block block, Bytes delta_head);
  void delta(Bytes text);
  void close();
  void end();

  const AnswerContext context_;
  json::Composer& out_;
  bool started_ = false;
  bool ended_ = false;
  bool refused_ = false;
  bool tool_started_ = false;    // the open call's block was begun
  bool arguments_seen_ = false;  // of the open call
  Block block_ = Block::none;
  Block last_ = Block::thinking;  // what a signature would belong to
  std::uint32_t index_ = 0;       // of the next block
  std::uint32_t call_ = 0;        // the open one
  std::uint32_t calls_ = 0;
  std::uint64_t bytes_ = 0;  // of text, for an estimate
  hub::Usage usage_{};
  hub::Finish finish_ = hub::Finish::none;
  std::string finish_text_;
  std::string delta_head_;  // all of a delta's event that stands before its text
  std::string tool_id_;
  std::string tool_name_;
  std::string signature_;    // of the open block, written when it ends
  std::string signed_call_;  // carried signature that came behind its call's beginning
  std::vector<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
};

}  // namespace penstock::dialect::anthropic
