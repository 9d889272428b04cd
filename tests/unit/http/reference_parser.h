// A second parser of HTTP/1.1 messages, for judging the first. It is written from RFC 9110 and
// RFC 9112 with every choice they leave made strictly, slow and plain: it has the whole connection
// in one string, cuts it at CRLF, copies what it finds and keeps fields in a map. It shares no code
// with src/http.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reference {

enum class Verdict { accept, reject, incomplete };

struct Message {
  std::string method;   // of a request
  std::string target;   // of a request
  std::string path;     // of a request
  int status = 0;       // of a response
  std::string framing;  // "none", "length", "chunked" or "close"
  std::string body;     // without the chunked coding
  bool keep_alive = false;
  std::vector<std::string> fields;  // "Name: value" with the blanks around the value removed
};

// Complete messages in front, then how the bytes after them are judged. `accept` means that all
// bytes belong to complete messages.
struct Judgement {
  Verdict verdict = Verdict::accept;
  std::string why;  // when rejected
  std::vector<Message> messages;
};

// Requests of one connection, until one asks to close it.
Judgement judge_requests(const std::string& bytes, std::uint64_t body_max);

// One response to a request with this method, skipped 1xx heads included.
Judgement judge_response(const std::string& bytes, const std::string& request_method);

// One body in the chunked coding; `rest` gets what follows it.
Verdict judge_chunked(const std::string& bytes, std::uint64_t body_max, std::string& body,
                      std::string& rest);

}  // namespace reference
