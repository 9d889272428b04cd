// HTTP messages that other projects collected, when their folder is beside the source tree or
// named by PENSTOCK_FIXTURES. A verdict there is that of the other project, some of them in a
// lenient mode; where ours differs, the table says why. Both of our parsers judge every message.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "http/source_root.h"
#include "judge.h"

namespace fs = std::filesystem;
using penstock::http::Method;
using reference::Judgement;
using reference::Verdict;

namespace {

constexpr std::uint64_t body_max = 1 << 20;

// Accepted there, refused here for this reason: by RFC 9112, or by a stricter choice that it
// leaves open. A request whose only fault is the missing Host is judged again with one.
const std::map<std::string, std::string> refused_here = {
    {"request/gunicorn-005", "bad_target"},           // a fragment is not sent, RFC 9112 §3.2
    {"request/gunicorn-009", "bad_target"},           // fragment
    {"request/gunicorn-013", "bad_chunk_extension"},  // blanks around an extension
    {"request/gunicorn-024", "line_too_long"},        // raised limits there
    {"request/gunicorn-025-line", "bad_coding"},      // codings other than chunked
    {"request/gunicorn-027", "bad_target"},           // bytes that are not ASCII
    {"request/gunicorn-029", "duplicate_field"},      // two codings
    {"request/gunicorn-031", "unknown_method"},
    {"request/gunicorn-031compat2", "unknown_method"},
    {"request/gunicorn-compat-obs-fold-huge", "leading_blank"},  // folding
    {"request/gunicorn-pp-01", "bad_version"},                   // PROXY protocol
    {"request/gunicorn-pp-05", "bad_start_line"},                // PROXY protocol
    {"request/gunicorn-rfc9112-smuggle-gzip-chunked-01", "bad_coding"},
    {"request/gunicorn-rfc9112-target-authority-ipv6-01", "refused_method"},  // CONNECT
    {"request/llhttp-connection-239", "length_required"},
    {"request/llhttp-connection-9", "length_required"},
    {"request/llhttp-content-length-232", "length_and_coding"},
    {"request/llhttp-invalid-571", "bare_lf"},
    {"request/llhttp-lenient-header-value-relaxed-13", "control_byte"},
    {"request/llhttp-lenient-headers-112", "bare_cr"},
    {"request/llhttp-lenient-headers-9", "control_byte"},
    {"request/llhttp-lenient-version-7", "unknown_version"},
    {"request/llhttp-method-248", "unknown_method"},
    {"request/llhttp-method-314", "unknown_method"},
    {"request/llhttp-method-375", "bad_version"},  // another protocol
    {"request/llhttp-method-433", "bad_version"},  // another protocol
    {"request/llhttp-method-7", "unknown_method"},
    {"request/llhttp-sample-336", "leading_blank"},              // folding
    {"request/llhttp-transfer-encoding-1144", "bad_chunk_end"},  // no CRLF after data
    {"request/llhttp-transfer-encoding-539", "bad_target"},      // fragment
    {"request/llhttp-transfer-encoding-716", "bad_target"},      // fragment
    {"request/llhttp-transfer-encoding-796", "bad_target"},      // fragment
    {"request/llhttp-uri-168", "bad_target"},                    // fragment
    {"request/llhttp-uri-7", "bad_target"},                      // backslash
    {"response/llhttp-connection-589", "bad_status_line"},       // empty line before a status
    {"response/llhttp-invalid-154", "bare_cr"},
    {"response/llhttp-invalid-307", "bare_lf"},
    {"response/llhttp-lenient-version-7", "bad_status_line"},
    {"response/llhttp-sample-63", "bad_status_line"},   // another protocol
    {"response/llhttp-sample-648", "bad_status_line"},  // HTTP/0.9
    {"response/llhttp-sample-698", "bad_status_line"},  // empty line before a status
    {"response/llhttp-transfer-encoding-115", "unknown_coding"},
    {"response/llhttp-transfer-encoding-46", "bad_coding"},
};

// Refused there, taken here, and why that is right.
const std::map<std::string, std::string> accepted_here = {
    {"request/gunicorn-011", "limits"},                                 // two fields at most there
    {"request/gunicorn-017", "limits"},                                 // short fields there
    {"request/gunicorn-limit-header-default-01", "limits"},             // short fields there
    {"request/gunicorn-019", "semantics"},                              // X-Forwarded-* is not read
    {"request/gunicorn-040", "underscore"},                             // never taken for its twin
    {"request/gunicorn-rfc9110-trailer-forbidden-host-01", "dropped"},  // trailers are not read
    {"request/llhttp-connection-297", "closed"},   // what follows a close is not judged
    {"response/llhttp-connection-167", "excess"},  // left to whoever holds the connection
};

// The folder of the messages, empty when there is none.
fs::path folder() {
  const char* named = std::getenv("PENSTOCK_FIXTURES");
  const fs::path root = named != nullptr
                            ? fs::path(named)
                            : fs::path(PENSTOCK_SOURCE_ROOT) / ".." / "shared" / "fixtures";
  std::error_code none;
  return fs::is_directory(root / "http", none) ? root / "http" : fs::path();
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::vector<std::size_t>> cuts(std::size_t size) {
  std::vector<std::vector<std::size_t>> out = {{size}, {}};
  for (std::size_t end = 1; end <= size; ++end) out[1].push_back(end);
  for (std::size_t cut = 1; cut < size; cut += 1 + size / 60) out.push_back({cut, size});
  return out;
}

Judgement judge_at_every_cut(const std::string& bytes, bool request) {
  const Judgement expected = request ? reference::judge_requests(bytes, body_max)
                                     : reference::judge_response(bytes, "GET");
  Judgement got;
  for (const auto& ends : cuts(bytes.size())) {
    got = request ? ours::judge_requests(bytes, body_max, ends)
                  : ours::judge_response(bytes, Method::get, ends);
    if (ours::same(expected, got)) continue;
    CAPTURE(ends.size());
    CAPTURE(expected.why);
    CAPTURE(got.why);
    CHECK(false);
    break;
  }
  return got;
}

std::string with_hosts(const std::string& bytes) {
  const std::string version = "HTTP/1.1\r\n";
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = 0; (found = bytes.find(version, at)) != std::string::npos;) {
    out += bytes.substr(at, found + version.size() - at) + "Host: h\r\n";
    at = found + version.size();
  }
  return out + bytes.substr(at);
}

struct Seen {
  std::set<std::string> refused;
  std::set<std::string> accepted;
  int without_host = 0;
  int messages = 0;
};

void judge_one(const fs::path& path, bool request, bool good_there, Seen& seen) {
  const std::string label =
      std::string(request ? "request/" : "response/") + path.filename().string();
  CAPTURE(label);
  const std::string bytes = read(path / "message.bin");
  ++seen.messages;
  Judgement judged = judge_at_every_cut(bytes, request);
  if (request && judged.why == "missing_host") {
    ++seen.without_host;
    judged = judge_at_every_cut(with_hosts(bytes), request);
  }
  CAPTURE(judged.why);
  if (good_there && judged.verdict == Verdict::reject) {
    const auto row = refused_here.find(label);
    REQUIRE(row != refused_here.end());
    CHECK(row->second == judged.why);
    seen.refused.insert(label);
  }
  // A message that ends too early is refused by whoever sees the end of the connection.
  if (!good_there && judged.verdict == Verdict::accept) {
    CHECK(accepted_here.contains(label));
    seen.accepted.insert(label);
  }
}

}  // namespace

TEST_CASE("fixtures/messages_of_other_projects") {
  const fs::path root = folder();
  if (root.empty()) {
    MESSAGE("no fixtures beside the source tree: only the cases of this tree were judged");
    return;
  }
  Seen seen;
  for (const bool request : {true, false}) {
    for (const bool good_there : {true, false}) {
      const fs::path in =
          root / (request ? "request" : "response") / (good_there ? "accept" : "reject");
      for (const auto& entry : fs::directory_iterator(in)) {
        judge_one(entry.path(), request, good_there, seen);
      }
    }
  }
  MESSAGE(seen.messages << " messages, " << seen.without_host << " again with a Host");
  CHECK(seen.messages > 100);
  // No row of the tables is left over.
  CHECK(seen.refused.size() == refused_here.size());
  CHECK(seen.accepted.size() == accepted_here.size());
}
