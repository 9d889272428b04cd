// The chunked coding: payload, limits and refusals, at every cut.
#include "cuts.h"

using namespace penstock;
using namespace penstock::http;

namespace {

struct Decoded {
  std::string payload;
  std::string rest;  // bytes after the message when done
  bool done = false;
  Reason reason = Reason::none;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(std::string_view bytes, const std::vector<std::size_t>& ends,
               std::uint64_t body_max) {
  ChunkedDecoder decoder(body_max);
  Decoded out;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    const Exact piece(bytes.substr(begin, end - begin));
    Bytes in = piece.view();
    begin = end;
    for (Bytes part = decoder.next(in); !part.empty(); part = decoder.next(in)) {
      out.payload += part;
    }
    if (decoder.done()) {
      out.rest = std::string(in) + std::string(bytes.substr(end));
      break;
    }
    if (decoder.failed()) break;
    CHECK(in.empty());
  }
  CHECK(decoder.payload() == out.payload.size());
  out.done = decoder.done();
  out.reason = decoder.reason();
  return out;
}

Decoded decode_at_every_cut(std::string_view bytes, std::uint64_t body_max = body_unlimited) {
  const Decoded whole = decode(bytes, {bytes.size()}, body_max);
  CHECK((decode(bytes, every_byte(bytes.size()), body_max) == whole));
  const std::size_t step = 1 + bytes.size() / 400;
  for (std::size_t cut = 1; cut < bytes.size(); cut += step) {
    if (decode(bytes, {cut, bytes.size()}, body_max) == whole) continue;
    CAPTURE(cut);
    CHECK(false);
    break;
  }
  return whole;
}

std::string many(std::string_view piece, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += piece;
  return out;
}

}  // namespace

TEST_CASE("chunked/payload") {
  const Decoded two = decode_at_every_cut("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /next");
  CHECK(two.done);
  CHECK(two.payload == "hello world");
  CHECK(two.rest == "GET /next");

  for (const char* bytes :
       {"b\r\nhello world\r\n0\r\n\r\n", "B\r\nhello world\r\n000\r\n\r\n",
        "000000000000000b\r\nhello world\r\n0000000000000000\r\n\r\n",
        "b;a\r\nhello world\r\n0;x=y\r\n\r\n",
        "b;a=b;c=\"d \\\" ; = e\";f\r\nhello world\r\n0\r\n\r\n",
        "b;a=\"\"\r\nhello world\r\n0\r\n\r\n", "b\r\nhello world\r\n0\r\nA: b\r\nc:\r\n\r\n",
        "b\r\nhello world\r\n0\r\nContent-Length: x\r\nHost: \xff \t\r\n\r\n"}) {
    CAPTURE(bytes);
    const Decoded decoded = decode_at_every_cut(bytes);
    CHECK(decoded.done);
    CHECK(decoded.payload == "hello world");
    CHECK(decoded.rest.empty());
  }
  CHECK(decode_at_every_cut("0\r\n\r\n").done);
  CHECK(decode_at_every_cut("4\r\n\r\n\r\n\r\n0\r\n\r\n").payload == "\r\n\r\n");
}

TEST_CASE("chunked/parts_are_in_place") {
  const std::string bytes = "5\r\nhello\r\n0\r\n\r\n";
  ChunkedDecoder decoder;
  Bytes in = bytes;
  CHECK(decoder.next(in).data() == bytes.data() + 3);
}

TEST_CASE("chunked/every_prefix_needs_more") {
  const std::string bytes = "5;a=\"b\"\r\nhello\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t end = 0; end < bytes.size(); ++end) {
    const Decoded decoded = decode(bytes, {end}, body_unlimited);
    CHECK_FALSE(decoded.done);
    CHECK(decoded.reason == Reason::none);
  }
}

TEST_CASE("chunked/refusals") {
  using namespace std::string_literals;
  struct Row {
    std::string bytes;
    Reason reason;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"\r\n", Reason::bad_chunk_size},
           {"g\r\n", Reason::bad_chunk_size},
           {"0x5\r\nhello\r\n", Reason::bad_chunk_size},
           {"+5\r\nhello\r\n", Reason::bad_chunk_size},
           {"-5\r\nhello\r\n", Reason::bad_chunk_size},
           {" 5\r\nhello\r\n", Reason::bad_chunk_size},
           {"5 \r\nhello\r\n", Reason::bad_chunk_size},
           {"5\t\r\nhello\r\n", Reason::bad_chunk_size},
           {"5\nhello\r\n", Reason::bad_chunk_size},
           {"5\r\r\nhello\r\n", Reason::bad_chunk_size},
           {"5\rhello", Reason::bad_chunk_size},
           {"5.\r\nhello\r\n", Reason::bad_chunk_size},
           {"5_0\r\n", Reason::bad_chunk_size},
           {";a\r\n", Reason::bad_chunk_size},
           {"00000000000000005\r\nhello\r\n", Reason::bad_chunk_size},
           {"00000000000000000\r\n\r\n", Reason::bad_chunk_size},
           {"fffffffffffffffff\r\n", Reason::bad_chunk_size},
           {"ffffffffffffffff\r\n", Reason::body_too_large},
           {"8000000000000000\r\n", Reason::body_too_large},
           {"5;\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;;a\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5 ;a\r\nhello\r\n", Reason::bad_chunk_size},
           {"5; a\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a =b\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a= b\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a=\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;=b\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a=b=c\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a=b\"c\"\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a=\"b\"c\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a=\"b\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a=\"b\\\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a=\"\x01\"\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a=\"\t\"\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a=\"\n\"\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a\r\rhello\r\n", Reason::bad_chunk_size},
           {"5;\xc3\xa9\r\nhello\r\n", Reason::bad_chunk_extension},
           {"5;a\0\r\nhello\r\n"s, Reason::bad_chunk_extension},
           {"5\r\nhello\n", Reason::bad_chunk_end},
           {"5\r\nhellox", Reason::bad_chunk_end},
           {"5\r\nhello\rx", Reason::bad_chunk_end},
           {"5\r\nhello0\r\n\r\n", Reason::bad_chunk_end},
           {"4\r\nhello\r\n0\r\n\r\n", Reason::bad_chunk_end},
           {"6\r\nhello\r\n0\r\n\r\n", Reason::bad_chunk_end},
           {"0\r\n\n", Reason::bad_trailer},
           {"0\r\n\rx", Reason::bad_trailer},
           {"0\n\r\n", Reason::bad_chunk_size},
           {"0\r\nGET / HTTP/1.1\r\n", Reason::bad_trailer},
           {"0\r\n a: b\r\n\r\n", Reason::bad_trailer},
           {"0\r\na: b\r\n c\r\n\r\n", Reason::bad_trailer},
           {"0\r\na : b\r\n\r\n", Reason::bad_trailer},
           {"0\r\n: b\r\n\r\n", Reason::bad_trailer},
           {"0\r\nab\r\n\r\n", Reason::bad_trailer},
           {"0\r\na: b\n\r\n", Reason::bad_trailer},
           {"0\r\na: b\rc: d\r\n\r\n", Reason::bad_trailer},
           {"0\r\na: \0\r\n\r\n"s, Reason::bad_trailer},
           {"0\r\n" + std::string(field_name_bytes_max + 1, 'n') + ": v\r\n\r\n",
            Reason::bad_trailer},
       }) {
    CAPTURE(row.bytes);
    const Decoded decoded = decode_at_every_cut(row.bytes);
    CHECK_FALSE(decoded.done);
    CHECK(std::string(name(decoded.reason)) == std::string(name(row.reason)));
  }
}

TEST_CASE("chunked/refused_byte_is_not_consumed") {
  ChunkedDecoder decoder;
  Bytes in = "5\r\nhello!";
  CHECK(decoder.next(in) == "hello");
  CHECK(decoder.next(in).empty());
  CHECK(decoder.failed());
  CHECK(in == "!");
  CHECK(decoder.next(in).empty());
  CHECK(in == "!");
}

TEST_CASE("chunked/body_limit") {
  CHECK(decode_at_every_cut("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", 10).done);
  const Decoded over = decode_at_every_cut("5\r\nhello\r\n6\r\nhello!\r\n0\r\n\r\n", 10);
  CHECK(over.reason == Reason::body_too_large);
  CHECK(over.payload == "hello");
  CHECK(code_of(over.reason) == Code::body_too_large);
  CHECK(decode_at_every_cut("0\r\n\r\n", 0).done);
}

TEST_CASE("chunked/extension_limits") {
  const auto chunk = [](std::size_t extension) {  // bytes from the semicolon to the CR
    return "5;" + std::string(extension - 1, 'e') + "\r\nhello\r\n";
  };
  CHECK(decode_at_every_cut(chunk(chunk_extension_bytes_max) + "0\r\n\r\n").done);
  CHECK(decode_at_every_cut(chunk(chunk_extension_bytes_max + 1)).reason ==
        Reason::chunk_extension_too_long);
  const std::string all = many(chunk(256), 16);  // 4 KiB of extensions
  CHECK(decode_at_every_cut(all + "0\r\n\r\n").done);
  CHECK(decode_at_every_cut(all + "0;\r\n\r\n").reason == Reason::chunk_extension_too_long);
}

TEST_CASE("chunked/trailer_limits") {
  CHECK(decode_at_every_cut("0\r\n" + many("a: b\r\n", trailer_lines_max) + "\r\n").done);
  CHECK(decode_at_every_cut("0\r\n" + many("a: b\r\n", trailer_lines_max + 1) + "\r\n").reason ==
        Reason::trailer_too_long);
  const auto trailer = [](std::size_t bytes) {
    return "0\r\na: " + std::string(bytes - 5, 'v') + "\r\n\r\n";
  };
  CHECK(decode_at_every_cut(trailer(trailer_bytes_max)).done);
  CHECK(decode_at_every_cut(trailer(trailer_bytes_max + 1)).reason == Reason::trailer_too_long);
}

TEST_CASE("chunked/flood") {
  const std::string tiny = "3\r\nabc\r\n";
  CHECK(decode_at_every_cut(many(tiny, flood_chunks) + "0\r\n\r\n").done);
  CHECK(decode_at_every_cut(many(tiny, flood_chunks + 1)).reason == Reason::chunk_flood);
  CHECK(decode_at_every_cut(many("4\r\nabcd\r\n", flood_chunks * 2) + "0\r\n\r\n").done);
  // Early large chunks pay for later small ones: the average decides.
  const std::string large = "1000\r\n" + std::string(4096, 'x') + "\r\n";
  CHECK(decode(large + many("1\r\na\r\n", flood_chunks) + "0\r\n\r\n", every_byte(20000), 1 << 20)
            .done);
}
