// Writes the parts of one message as Converse's content blocks (AWS API reference, ContentBlock).
#pragma once

#include "dialect/bedrock/media.h"
#include "dialect/bedrock/request_job.h"

namespace penstock::dialect::bedrock {

// Text without anything to read; Converse refuses blocks of it.
bool is_blank(hub::Escaped text);

class BlockWriter {
 public:
  explicit BlockWriter(RequestJob& job) : job_(job) {}

  // Begins the content of another message; the array is the caller's.
  void begin(bool keep_blank_text);
  // One part, and the cache point behind it. What is left out writes nothing.
  Result<> part(const hub::Part& part);
  // {"text":…} of an instruction that stands between the messages, or of words of our own.
  void text(hub::Escaped text);
  Result<> tool_result(const hub::Part& part);
  // How many blocks the message has.
  std::size_t blocks() const { return blocks_; }
  bool has_text() const { return has_text_; }
  bool has_document() const { return has_document_; }

 private:
  Result<> block(const hub::Part& part);
  Result<> image(const hub::Part& part);
  Result<> recording(const hub::Part& part, Bytes kind, Bytes format, bool taken);
  Result<> document(const hub::Part& part);
  Result<> source(const hub::Media& media);
  void reasoning(const hub::Part& part);
  void redacted(const hub::Part& part);
  void tool_call(const hub::Part& part);
  Result<> opaque(const hub::Part& part);
  Result<> result_content(const hub::Part& part);
  bool may_go_back(const hub::Part& part) const;
  json::Writer& open(Bytes member);
  void close() { job_.out.end_object(); }

  RequestJob& job_;
  DocumentNames names_;
  std::uint32_t calls_ = 0;
  std::uint32_t results_ = 0;
  std::size_t blocks_ = 0;
  bool keep_blank_text_ = false;
  bool has_text_ = false;
  bool has_document_ = false;
  std::string blob_;
};

}  // namespace penstock::dialect::bedrock
