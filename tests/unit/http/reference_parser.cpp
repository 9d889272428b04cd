// The reference parser: whole strings, copies and maps, one RFC rule after the other.
#include "reference_parser.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>

namespace reference {

namespace {

using Text = std::string;

// A rejection unwinds to the entry point; so does the lack of bytes.
struct Reject {
  Text why;
};
struct Incomplete {};

[[noreturn]] void reject(const char* why) {
  throw Reject{why};
}

const Text letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const Text digits = "0123456789";
const Text hex_digits = digits + "abcdefABCDEF";
const Text token_characters = letters + digits + "!#$%&'*+-.^_`|~";
const Text host_characters = letters + digits + "-._~!$&'()*+,;=";

bool only(const Text& text, const Text& allowed) {
  return text.find_first_not_of(allowed) == Text::npos;
}
bool token(const Text& text) {
  return !text.empty() && only(text, token_characters);
}

Text small(Text text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Text trimmed(const Text& text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == Text::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// `a < b` for decimal or hexadecimal numbers of any length.
bool less(Text a, Text b) {
  a.erase(0, std::min(a.find_first_not_of('0'), a.size()));
  b.erase(0, std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size();
  return small(a) < small(b);
}

std::vector<Text> split(const Text& text, char at) {
  std::vector<Text> out{""};
  for (const char c : text) {
    if (c == at) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

bool bad_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 32 && byte != 9) || byte == 127;
}

// Cuts lines off the front of the bytes of one connection.
struct Source {
  const Text& bytes;
  std::size_t at = 0;

  // The line up to the next CRLF. `most`: its longest length. `end`: no byte of it or of its CRLF
  // may lie at or beyond this offset.
  Text line(std::size_t most, std::size_t end) {
    const std::size_t crlf = bytes.find("\r\n", at);
    const bool whole = crlf != Text::npos;
    Text text = bytes.substr(at, whole ? crlf - at : Text::npos);
    if (!whole && text.ends_with('\r')) text.pop_back();
    // A byte that may not stand in a line hides whatever comes after it.
    const auto bad = std::find_if(text.begin(), text.end(), bad_byte);
    const auto length = static_cast<std::size_t>(bad - text.begin());
    if (length > most || at + length > end) reject("too long");
    if (bad != text.end()) reject("control byte");
    if (!whole && bytes.size() > end) reject("too long");
    if (!whole) throw Incomplete{};
    if (crlf + 2 > end) reject("too long");
    at = crlf + 2;
    return text;
  }
  Text rest() const { return bytes.substr(at); }
};

using FieldMap = std::map<Text, std::vector<Text>>;

struct Head {
  Message message;
  FieldMap fields;  // by name in small letters
  bool http11 = false;
};

const std::set<Text> single_in_both = {"content-length", "transfer-encoding", "content-type",
                                       "content-encoding"};
const std::set<Text> credentials = {"authorization", "x-api-key", "api-key", "x-goog-api-key"};

std::set<Text> single_names(bool request) {
  std::set<Text> out = single_in_both;
  if (!request) return out;
  out.insert(credentials.begin(), credentials.end());
  out.insert({"host", "expect", "idempotency-key"});
  return out;
}

void read_fields(Source& source, Head& head, bool request, std::size_t end) {
  const std::set<Text> single = single_names(request);
  std::size_t count = 0;
  while (true) {
    const Text line = source.line(8192, end);
    if (line.empty()) return;
    if (++count > (request ? 100u : 200u)) reject("too many lines");
    const std::size_t colon = line.find(':');
    if (colon == Text::npos) reject("no colon");
    const Text name = line.substr(0, colon);
    if (!token(name)) reject("name is no token");
    if (name.size() > 64) reject("name too long");
    const Text value = trimmed(line.substr(colon + 1));
    auto& values = head.fields[small(name)];
    values.push_back(value);
    if (values.size() > 1 && single.contains(small(name))) reject("given twice");
    head.message.fields.push_back(name + ": " + value);
  }
}

bool port_ok(const Text& port) {
  return !port.empty() && port.size() <= 5 && only(port, digits) && less("0", port) &&
         less(port, "65536");
}

bool name_ok(const Text& host) {
  const std::vector<Text> parts = split(host, '%');
  if (host.empty() || !only(parts[0], host_characters)) return false;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].size() < 2 || !only(parts[i].substr(0, 2), hex_digits)) return false;
    if (!only(parts[i].substr(2), host_characters)) return false;
  }
  return true;
}

bool authority_ok(const Text& authority) {
  Text host = authority;
  std::optional<Text> port;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.rfind(']');
    if (close == Text::npos) return false;
    host = authority.substr(1, close - 1);
    const Text after = authority.substr(close + 1);
    if (!after.empty() && after[0] != ':') return false;
    if (!after.empty()) port = after.substr(1);
    in6_addr address;
    if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return false;
  } else {
    const std::size_t colon = authority.find(':');
    host = authority.substr(0, colon);
    if (colon != Text::npos) port = authority.substr(colon + 1);
    if (!name_ok(host)) return false;
  }
  return !port || port_ok(*port);
}

void check_target_bytes(const Text& target) {
  for (const char c : target) {
    if (c < 0x21 || c > 0x7e || c == '#' || c == '\\') reject("byte in target");
  }
  const std::vector<Text> parts = split(target, '%');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const Text code = small(parts[i].substr(0, 2));
    if (code.size() < 2 || !only(code, hex_digits)) reject("escape in target");
    if (code == "00" || code == "0a" || code == "0d") reject("control in target");
  }
}

// Returns true for the absolute form.
bool read_target(Message& message) {
  const Text& target = message.target;
  check_target_bytes(target);
  Text path = target;
  bool absolute = false;
  if (target == "*") {
    if (message.method != "OPTIONS") reject("asterisk");
  } else if (target[0] != '/') {
    const std::size_t after = target.find("://");
    const Text scheme = small(target.substr(0, after));
    if (after == Text::npos || (scheme != "http" && scheme != "https")) reject("form of target");
    const Text rest = target.substr(after + 3);
    const std::size_t end = rest.find_first_of("/?");
    if (!authority_ok(rest.substr(0, end))) reject("authority");
    path = end == Text::npos ? "/" : rest.substr(end);
    absolute = true;
  }
  message.path = path.substr(0, path.find('?'));
  if (message.path.empty()) message.path = "/";
  return absolute;
}

// Returns true when the target is in absolute form.
bool read_request_line(const Text& line, Head& head) {
  static const std::set<Text> methods = {"GET",   "HEAD",   "POST",   "PUT",
                                         "PATCH", "DELETE", "OPTIONS"};
  const std::vector<Text> parts = split(line, ' ');
  if (parts.size() != 3) reject("not three parts");
  if (!token(parts[0]) || parts[0].size() > 16) reject("method");
  if (parts[1].empty() || parts[1].size() > 8192) reject("length of target");
  if (parts[2] != "HTTP/1.1" && parts[2] != "HTTP/1.0") reject("version");
  if (!methods.contains(parts[0])) reject("method not served");
  head.message.method = parts[0];
  head.message.target = parts[1];
  head.http11 = parts[2] == "HTTP/1.1";
  return read_target(head.message);
}

void read_status_line(const Text& line, Head& head) {
  if (!line.starts_with("HTTP/1.1 ") && !line.starts_with("HTTP/1.0 ")) reject("version");
  head.http11 = line[7] == '1';
  const Text status = line.substr(9, 3);
  if (status.size() != 3 || !only(status, digits)) reject("status");
  if (line.size() < 13 || line[12] != ' ') reject("no blank after the status");
  head.message.status = std::stoi(status);
  if (head.message.status < 100 || head.message.status > 599) reject("range of status");
}

Text bearer_removed(const Text& value) {
  return small(value.substr(0, 7)) == "bearer " ? trimmed(value.substr(7)) : value;
}

void check_request_fields(const Head& head, bool absolute) {
  const auto host = head.fields.find("host");
  if (host == head.fields.end()) {
    if (head.http11) reject("no host");
  } else if (host->second[0].empty()) {
    if (!absolute) reject("empty host");
  } else if (!authority_ok(host->second[0])) {
    reject("host");
  }
  std::optional<Text> authorization;
  std::set<Text> keys;
  for (const Text& name : credentials) {
    const auto field = head.fields.find(name);
    if (field == head.fields.end()) continue;
    if (name == "authorization") {
      authorization = field->second[0];
    } else {
      keys.insert(field->second[0]);
    }
  }
  if (!authorization && keys.size() > 1) reject("credentials differ");
  for (const Text& key : keys) {
    if (authorization && key != *authorization && key != bearer_removed(*authorization)) {
      reject("credentials differ");
    }
  }
}

// Returns whether the connection persists (RFC 9112 §9.3).
bool read_connection(const Head& head, bool request) {
  static const std::set<Text> never = {
      "host",           "content-length", "transfer-encoding", "content-type", "content-encoding",
      "expect",         "authorization",  "idempotency-key",   "x-api-key",    "api-key",
      "x-goog-api-key", "x-request-id",   "x-forwarded-for",   "forwarded"};
  std::set<Text> options;
  const auto field = head.fields.find("connection");
  if (field != head.fields.end()) {
    for (const Text& value : field->second) {
      for (const Text& element : split(value, ',')) {
        const Text option = small(trimmed(element));
        if (option.empty()) continue;
        if (!token(option)) reject("connection option");
        const bool ours = option.starts_with("x-penstock-") || option.starts_with("x-gateway-");
        if (request && (ours || never.contains(option))) reject("protected by connection");
        options.insert(option);
      }
    }
  }
  return !options.contains("close") && (head.http11 || options.contains("keep-alive"));
}

// Sets the framing; returns the value of Content-Length without leading zeros, or "0".
Text read_framing(Head& head) {
  const auto coding = head.fields.find("transfer-encoding");
  const auto length = head.fields.find("content-length");
  head.message.framing = "none";
  if (coding != head.fields.end()) {
    if (length != head.fields.end()) reject("both length and coding");
    if (!head.http11) reject("coding in 1.0");
    if (small(coding->second[0]) != "chunked") reject("coding");
    head.message.framing = "chunked";
    return "0";
  }
  if (length == head.fields.end()) return "0";
  const Text& value = length->second[0];
  if (value.empty() || value.size() > 19 || !only(value, digits)) reject("length");
  if (!less(value, "9223372036854775808")) reject("length out of range");
  head.message.framing = "length";
  return value;
}

// `;token[=token|quoted-string]`, repeated.
void check_extension_grammar(Text text) {
  while (!text.empty()) {
    if (text[0] != ';') reject("extension");
    text.erase(0, 1);
    const std::size_t name = std::min(text.find_first_not_of(token_characters), text.size());
    if (name == 0) reject("name of extension");
    text.erase(0, name);
    if (!text.starts_with('=')) continue;
    text.erase(0, 1);
    if (!text.starts_with('"')) {
      const std::size_t value = std::min(text.find_first_not_of(token_characters), text.size());
      if (value == 0) reject("value of extension");
      text.erase(0, value);
      continue;
    }
    std::size_t at = 1;
    while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    if (at >= text.size()) reject("quotes of extension");
    for (const char c : text.substr(0, at)) {
      if (bad_byte(c) || c == '\t') reject("control in extension");
    }
    text.erase(0, at + 1);
  }
}

void check_extensions(const Text& text, std::size_t& total) {
  if (text.size() > 256 || (total += text.size()) > 4096) reject("extensions too long");
  check_extension_grammar(text);
}

// A size line that is not complete: could it still become one?
void check_size_prefix(const Text& rest, const Text& left, std::size_t extension_total) {
  Text line = rest;
  if (line.ends_with('\r')) line.pop_back();
  const std::size_t size = std::min(line.find_first_not_of(hex_digits), line.size());
  if (size > 16) reject("digits of size");
  if (size < rest.size()) {
    if (size == 0) reject("size");
    if (less(left, line.substr(0, size))) reject("body too large");
  }
  const Text extensions = line.substr(size);
  if (extensions.empty()) throw Incomplete{};
  if (extensions[0] != ';') reject("after size");
  if (extensions.size() > 256 || extension_total + extensions.size() > 4096) {
    reject("extensions too long");
  }
  if (rest.ends_with('\r')) {
    check_extension_grammar(extensions);
    throw Incomplete{};
  }
  // One of these endings completes every beginning of an extension.
  for (const char* ending : {"", "x", "\"", "x\""}) {
    try {
      check_extension_grammar(extensions + ending);
    } catch (const Reject&) {
      continue;
    }
    throw Incomplete{};
  }
  reject("extension");
}

Text hexadecimal(std::uint64_t value) {
  Text out;
  for (; value != 0; value /= 16) out.insert(out.begin(), "0123456789abcdef"[value % 16]);
  return out.empty() ? "0" : out;
}

// A trailer section without its last CRLF that has arrived so far.
void read_trailers(Source& source) {
  const std::size_t begin = source.at;
  std::size_t count = 0;
  while (true) {
    const Text rest = source.rest();
    if (rest.starts_with("\r\n")) {
      source.at += 2;
      return;
    }
    if (rest.empty() || rest == "\r") throw Incomplete{};
    if (rest[0] == '\r') reject("bare CR");
    const std::size_t crlf = rest.find("\r\n");
    const Text line = rest.substr(0, crlf);
    Text judged = line;
    if (crlf == Text::npos && judged.ends_with('\r')) judged.pop_back();
    if (++count > 16) reject("too many trailers");
    if (source.at - begin + judged.size() > 4096) reject("trailers too long");
    if (std::any_of(judged.begin(), judged.end(), bad_byte)) reject("control in trailer");
    const std::size_t colon = judged.find(':');
    const bool open = crlf == Text::npos && colon == Text::npos && !line.ends_with('\r');
    if (colon == Text::npos && !open) reject("trailer without colon");
    const Text name = judged.substr(0, colon);
    if (!token(name) || name.size() > 64) reject("name of trailer");
    const std::size_t with_end = source.at - begin + line.size() + (crlf == Text::npos ? 0 : 2);
    if (with_end > 4096) reject("trailers too long");
    if (crlf == Text::npos) throw Incomplete{};
    source.at += crlf + 2;
  }
}

Text read_chunked(Source& source, std::uint64_t body_max) {
  Text body;
  std::size_t extension_total = 0;
  std::size_t chunks = 0;
  while (true) {
    const Text left = hexadecimal(body_max - body.size());
    const Text rest = source.rest();
    const std::size_t size_digits = std::min(rest.find_first_not_of(hex_digits), rest.size());
    const std::size_t crlf = rest.find("\r\n");
    if (crlf == Text::npos) check_size_prefix(rest, left, extension_total);
    if (size_digits == 0 || size_digits > 16) reject("digits of size");
    const Text size = rest.substr(0, size_digits);
    if (less(left, size)) reject("body too large");
    check_extensions(rest.substr(size_digits, crlf - size_digits), extension_total);
    source.at += crlf + 2;
    if (only(size, "0")) {
      read_trailers(source);
      return body;
    }
    ++chunks;
    const std::uint64_t bytes = std::stoull(size, nullptr, 16);
    if (chunks > 1024 && body.size() + bytes < 4 * chunks) reject("chunk flood");
    const Text data = source.rest();
    if (data.size() > bytes && data[bytes] != '\r') reject("end of chunk");
    if (data.size() > bytes + 1 && data[bytes + 1] != '\n') reject("end of chunk");
    if (data.size() < bytes || data.size() - bytes < 2) throw Incomplete{};
    body += data.substr(0, bytes);
    source.at += bytes + 2;
  }
}

void read_body(Source& source, Head& head, const Text& length, std::uint64_t body_max) {
  if (head.message.framing == "chunked") {
    head.message.body = read_chunked(source, body_max);
  } else if (head.message.framing == "length") {
    const std::uint64_t bytes = std::stoull(length);
    if (source.bytes.size() - source.at < bytes) throw Incomplete{};
    head.message.body = source.bytes.substr(source.at, bytes);
    source.at += bytes;
  } else if (head.message.framing == "close") {
    head.message.body = source.rest();
    source.at = source.bytes.size();
  }
}

Message read_request(Source& source, std::uint64_t body_max) {
  const std::size_t begin = source.at;
  const std::size_t end = begin + 32 * 1024;
  if (source.rest().starts_with('\x16')) reject("TLS");
  Head head;
  Text line = source.line(16 + 1 + 8192 + 1 + 8, end);
  if (line.empty()) line = source.line(16 + 1 + 8192 + 1 + 8, end);
  const bool absolute = read_request_line(line, head);
  read_fields(source, head, true, end);
  check_request_fields(head, absolute);
  head.message.keep_alive = read_connection(head, true);
  const Text length = read_framing(head);
  if (less(std::to_string(body_max), length)) reject("body too large");
  const Text& method = head.message.method;
  const bool body_due = method == "POST" || method == "PUT" || method == "PATCH";
  if (body_due && head.message.framing == "none") reject("length required");
  const auto expect = head.fields.find("expect");
  if (head.http11 && expect != head.fields.end() && small(expect->second[0]) != "100-continue") {
    reject("expectation");
  }
  read_body(source, head, length, body_max);
  return head.message;
}

Message read_response(Source& source, const Text& request_method) {
  for (int interim = 0;; ++interim) {
    Head head;
    read_status_line(source.line(8192, 64 * 1024), head);
    read_fields(source, head, false, 64 * 1024);
    const int status = head.message.status;
    head.message.keep_alive = read_connection(head, false);
    const Text length = read_framing(head);
    if (status == 101) reject("switching protocols");
    if (status < 200) {
      if (interim == 10 || source.at > 8192) reject("too many interim heads");
      continue;
    }
    if (request_method == "HEAD" || status == 204 || status == 304) {
      head.message.framing = "none";
    } else if (head.message.framing == "none") {
      head.message.framing = "close";
      head.message.keep_alive = false;
    }
    read_body(source, head, length, 0x7fff'ffff'ffff'ffff);
    return head.message;
  }
}

}  // namespace

Judgement judge_requests(const std::string& bytes, std::uint64_t body_max) {
  Judgement out;
  Source source{bytes};
  try {
    while (source.at < bytes.size()) {
      out.messages.push_back(read_request(source, body_max));
      if (!out.messages.back().keep_alive) return out;
    }
  } catch (const Reject& bad) {
    out.verdict = Verdict::reject;
    out.why = bad.why;
  } catch (const Incomplete&) {
    out.verdict = Verdict::incomplete;
  }
  return out;
}

Judgement judge_response(const std::string& bytes, const std::string& request_method) {
  Judgement out;
  Source source{bytes};
  try {
    out.messages.push_back(read_response(source, request_method));
  } catch (const Reject& bad) {
    out.verdict = Verdict::reject;
    out.why = bad.why;
  } catch (const Incomplete&) {
    out.verdict = Verdict::incomplete;
  }
  return out;
}

Verdict judge_chunked(const std::string& bytes, std::uint64_t body_max, std::string& body,
                      std::string& rest) {
  Source source{bytes};
  try {
    body = read_chunked(source, body_max);
    rest = source.rest();
    return Verdict::accept;
  } catch (const Reject&) {
    return Verdict::reject;
  } catch (const Incomplete&) {
    return Verdict::incomplete;
  }
}

}  // namespace reference
