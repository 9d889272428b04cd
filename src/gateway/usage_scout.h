// Watches a stream of server-sent events that passes, for the member `usage` at the top of an
// event's JSON. Events may be as large as they like (images stand in them): nothing of them is held
// but that member, and only while it is short. Pure; it judges nothing and never holds bytes up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "penstock/bytes.h"

namespace penstock {

class UsageScout {
 public:
  static constexpr std::size_t bytes_max = 1024;

  // The next bytes of the body, cut anywhere.
  void feed(Bytes part);
  // The last `usage` that was an object, as it stood; empty: none, or it was too long.
  Bytes found() const { return {found_.data(), found_bytes_}; }

 private:
  enum class Line : std::uint8_t { name, data, other };  // where in a line of the stream
  static constexpr std::uint8_t no_match = 255;

  // -- Lines.
  Bytes feed_line(Bytes part);
  void end_line();
  // -- The JSON that the data lines of one event hold.
  void feed_data(Bytes text);
  void string_run(Bytes run);
  void step(char c);
  void end_string(char c);
  void open(char c);
  void close();
  void hold(Bytes text);

  struct Event {
    std::uint32_t depth = 0;   // containers that are open
    std::uint8_t matched = 0;  // characters of the key that are those of "usage"
    bool is_object = false;    // the one at the top
    bool key_next = false;     // a string at the top would be a key
    bool in_key = false;       //
    bool in_string = false;    //
    bool escaped = false;      // the character before was a backslash
    bool at_usage = false;     // the key read last was "usage"
    bool value_next = false;   // and its value comes now
    bool holding = false;      // and is an object
    std::uint32_t held = 0;    // bytes of it; more than bytes_max: it is too long
  };

  Event event_;
  Line line_ = Line::name;
  std::uint8_t matched_ = 0;  // characters of the line that are those of "data:"
  bool line_empty_ = true;
  bool after_cr_ = false;  // a line feed would belong to the line before
  std::size_t found_bytes_ = 0;
  std::array<char, bytes_max> held_;
  std::array<char, bytes_max> found_;
};

}  // namespace penstock
