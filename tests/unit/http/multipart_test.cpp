// Forms: what is found, what is handed on, and what is refused, at every cut.
#include "penstock/multipart.h"

#include "cuts.h"

using namespace penstock;
using namespace penstock::multipart;
using penstock::http::every_byte;
using penstock::http::Exact;

namespace {

// A form as the scanner told it.
struct Told {
  std::string all;  // the pieces' bytes, joined
  std::vector<std::string> values;
  std::string before_closing;  // handed out before the closing boundary
  bool closed = false;
  bool done = false;
  Fault fault = Fault::none;
  bool operator==(const Told&) const = default;
};

Told scan(std::string_view form, const std::vector<std::size_t>& ends,
          std::string_view boundary = "bOuNd") {
  Scanner scanner(boundary, "model");
  Told told;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const Exact part(form.substr(begin, end - begin));
    Bytes in = part.view();
    begin = end;
    for (Piece p = scanner.next(in); p.kind != Piece::Kind::more; p = scanner.next(in)) {
      if (p.kind == Piece::Kind::value) told.values.emplace_back(p.bytes);
      if (p.kind == Piece::Kind::closing) {
        CHECK_FALSE(told.closed);
        told.closed = true;
        told.before_closing = told.all;
      }
      told.all += p.bytes;
    }
    if (scanner.failed()) break;
    CHECK(in.empty());
  }
  told.done = scanner.done();
  told.fault = scanner.fault();
  // What was handed out before a refusal may differ by the cuts: nobody uses it.
  if (scanner.failed()) told.all = told.before_closing = {};
  return told;
}

Told scan_at_every_cut(std::string_view form) {
  const Told whole = scan(form, {form.size()});
  Told bytewise = scan(form, every_byte(form.size()));
  if (whole.fault != Fault::none) {
    CHECK(bytewise.fault == whole.fault);
  } else {
    CHECK((bytewise == whole));
  }
  for (std::size_t cut = 1; cut < form.size(); ++cut) {
    const Told split = scan(form, {cut, form.size()});
    CAPTURE(cut);
    CHECK(split.fault == whole.fault);
    if (whole.fault == Fault::none) CHECK((split == whole));
  }
  return whole;
}

std::string field(std::string_view name, std::string_view value) {
  return "--bOuNd\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n\r\n" +
         std::string(value) + "\r\n";
}
std::string file(std::string_view content) {
  return "--bOuNd\r\nContent-Disposition: form-data; name=\"file\"; filename=\"talk.ogg\"\r\n"
         "Content-Type: audio/ogg\r\n\r\n" +
         std::string(content) + "\r\n";
}
const std::string closing = "--bOuNd--\r\n";

Fault fault_of(std::string_view form) {
  return scan_at_every_cut(form).fault;
}

}  // namespace

TEST_CASE("multipart/boundary_is_read_from_the_content_type") {
  CHECK(boundary_of("multipart/form-data; boundary=abc") == "abc");
  CHECK(boundary_of("Multipart/Form-Data;Boundary=\"a b c\"; charset=utf-8") == "a b c");
  CHECK(boundary_of("multipart/form-data; boundary=----=_Part.1:2(x)") == "----=_Part.1:2(x)");
  for (const Bytes bad :
       {"multipart/form-data", "multipart/mixed; boundary=a", "application/json",
        "multipart/form-data; boundary=", "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a \"", "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data; boundary=\"a", "multipart/form-data; boundary=a\"b\"",
        "multipart/form-dataX; boundary=a", "multipart/form-data boundary=a",
        "multipart/form-data; boundary=a b", "multipart/form-data; boundary=<a>"}) {
    CAPTURE(bad);
    CHECK_FALSE(boundary_of(bad).has_value());
  }
  CHECK(boundary_of("multipart/form-data; boundary=" + std::string(70, 'x')).has_value());
  CHECK_FALSE(boundary_of("multipart/form-data; boundary=" + std::string(71, 'x')).has_value());
}

TEST_CASE("multipart/dispositions_that_readers_disagree_about_are_refused") {
  CHECK(read_disposition("form-data; name=\"model\"")->name == "model");
  CHECK(read_disposition("form-data;name=model")->name == "model");
  CHECK(read_disposition("form-data; name=\"file\"; filename=\"C:\\a.wav\"")->file);
  CHECK(read_disposition("form-data; name=\"f\"; filename*=utf-8''a.wav")->file);
  for (const Bytes bad :
       {"form-data", "attachment; name=\"a\"", "form-data; name=\"a\"; name=\"b\"",
        "form-data; name=\"mo\\del\"", "form-data; name*=utf-8''model",
        "form-data; name=\"a\"; filename=\"x\\\"; name=\"model\"", "form-data; name=\"a\" x",
        "form-data; name=\"a", "form-data; name", "form-data; =a", "form-data, name=a",
        "form-data; name="}) {
    CAPTURE(bad);
    CHECK_FALSE(read_disposition(bad).has_value());
  }
}

TEST_CASE("multipart/all_bytes_are_handed_on_and_the_field_is_found") {
  const std::string before = field("model", "whisper") + file("RIFF\r\n--bOuN\r\r\n-") + closing;
  const std::string after = file("x\r\n--bOu") + field("model", "") + field("language", "de");
  for (const std::string& form : {before, after + closing, after + "--bOuNd--"}) {
    const Told told = scan_at_every_cut(form);
    CHECK(told.all == form);
    CHECK(told.done);
    CHECK(told.closed);
    REQUIRE(told.values.size() == 1);
    CHECK(told.values[0] == (form == before ? "whisper" : ""));
    CHECK(form.substr(told.before_closing.size()).starts_with("\r\n--bOuNd--"));
  }
}

TEST_CASE("multipart/a_file_is_not_renamed_trap_105") {
  const std::string form = file("OggS") + field("model", "m") + closing;
  const Told told = scan_at_every_cut(form);
  CHECK(told.all.find("filename=\"talk.ogg\"") != std::string::npos);
  CHECK(told.all == form);
}

TEST_CASE("multipart/every_value_is_told") {
  const Told told =
      scan_at_every_cut(field("model", "a\r\n--b") + field("model", "\r\r\nb") + closing);
  CHECK(told.values == std::vector<std::string>{"a\r\n--b", "\r\r\nb"});
  CHECK(scan_at_every_cut(field("Model", "a") + field("model[]", "b") + closing).values.empty());
}

TEST_CASE("multipart/a_form_that_stops_early_is_not_done") {
  const std::string form = field("model", "m") + file("abc") + "--bOuNd--";
  for (std::size_t end = 0; end < form.size(); ++end) {
    const Told told = scan(form.substr(0, end), {end});
    CHECK(told.fault == Fault::none);
    CHECK_FALSE(told.done);
  }
}

TEST_CASE("multipart/what_is_open_to_interpretation_is_refused") {
  const std::string good = field("model", "m");
  CHECK(fault_of("hello\r\n" + good + closing) == Fault::preamble);
  CHECK(fault_of("\r\n" + good + closing) == Fault::preamble);
  CHECK(fault_of(closing) == Fault::preamble);
  CHECK(fault_of(good + "--bOuNdX\r\n") == Fault::boundary);
  CHECK(fault_of(good + "--bOuNd \r\n") == Fault::boundary);
  CHECK(fault_of(good + "--bOuNd-x") == Fault::boundary);
  CHECK(fault_of(good + "--bOuNd\n") == Fault::boundary);
  CHECK(fault_of(good + closing + "more") == Fault::epilogue);
  CHECK(fault_of(good + closing + "\r\n") == Fault::epilogue);
  const std::string open = "--bOuNd\r\n";
  CHECK(fault_of(open + "\r\nx" + closing) == Fault::disposition);
  CHECK(fault_of(open + "Content-Type: a/b\r\n\r\nx") == Fault::disposition);
  CHECK(fault_of(open + "Content-Disposition: form-data\r\n\r\n") == Fault::disposition);
  const std::string named = "Content-Disposition: form-data; name=\"model\"\r\n";
  CHECK(fault_of(open + named + named + "\r\nx") == Fault::disposition);
  CHECK(fault_of(open + " " + named) == Fault::part_head);
  CHECK(fault_of(open + "A : b\r\n") == Fault::part_head);
  CHECK(fault_of(open + "A\r\n") == Fault::part_head);
  CHECK(fault_of(open + "A: b\n") == Fault::part_head);
  CHECK(fault_of(open + "A: b\rc") == Fault::part_head);
  CHECK(fault_of(open + "A: " + std::string(line_bytes_max, 'x')) == Fault::part_head);
  CHECK(fault_of(open + named + "Content-Transfer-Encoding: base64\r\n\r\nbQ==") == Fault::value);
  CHECK(fault_of(open + "Content-Disposition: form-data; name=model; filename=a\r\n\r\nm") ==
        Fault::value);
  CHECK(fault_of(field("model", std::string(value_bytes_max + 1, 'x'))) == Fault::value);
  CHECK(fault_of(field("model", std::string(value_bytes_max, 'x')) + closing) == Fault::none);
  // A boundary where a content would begin.
  CHECK(fault_of(open + named + "\r\n--bOuNd--\r\n") == Fault::boundary);
  CHECK(fault_of(open + "Content-Disposition: form-data; name=a\r\n\r\n--bOuNd\r\n") ==
        Fault::boundary);
  CHECK(fault_of(open + "Content-Disposition: form-data; name=a\r\n\r\n--bOuX\r\n" + closing) ==
        Fault::none);
}

TEST_CASE("multipart/lines_and_parts_are_bounded") {
  std::string lines = "--bOuNd\r\n";
  for (std::size_t i = 0; i <= head_lines_max; ++i) lines += "A: b\r\n";
  CHECK(scan(lines, {lines.size()}).fault == Fault::too_many);
  std::string parts;
  for (std::size_t i = 0; i < parts_max; ++i) parts += field("a", "b");
  CHECK(scan(parts + closing, {parts.size() + closing.size()}).done);
  parts += field("a", "b");
  CHECK(scan(parts, {parts.size()}).fault == Fault::too_many);
}
