#include <doctest/doctest.h>

#include "penstock/hub.h"

using namespace penstock;
using namespace penstock::hub;

TEST_CASE("fold/deltas_become_parts_in_order") {
  Fold fold;
  fold.on({.kind = EventKind::begin, .id = "a1", .model = "m"});
  fold.on({.kind = EventKind::thinking, .text = "I "});
  fold.on({.kind = EventKind::thinking, .text = "think"});
  fold.on({.kind = EventKind::signature, .issuer = Issuer::anthropic, .text = "c2ln"});
  fold.on({.kind = EventKind::text, .text = "Hel"});
  fold.on({.kind = EventKind::text, .text = "lo"});
  fold.on({.kind = EventKind::block_end});
  fold.on({.kind = EventKind::text, .text = "again"});
  fold.on({.kind = EventKind::tool_open, .call = 0, .id = "c0", .name = "f"});
  fold.on({.kind = EventKind::tool_open, .call = 1, .id = "c1", .name = "g"});
  fold.on({.kind = EventKind::tool_delta, .call = 1, .text = "{}"});
  fold.on({.kind = EventKind::tool_delta, .call = 0, .text = "{\\\"x\\\":1}"});
  fold.on({.kind = EventKind::signature, .call = 0, .issuer = Issuer::gemini, .text = "sig"});
  const Usage usage{.input = 3, .output = 4};
  fold.on({.kind = EventKind::usage, .usage = &usage});
  fold.on({.kind = EventKind::finish, .finish = Finish::tool_calls});
  fold.on({.kind = EventKind::end});
  const Answer& answer = fold.answer();
  REQUIRE(answer.choices.size() == 1);
  const auto& parts = answer.choices[0].parts;
  REQUIRE(parts.size() == 5);
  CHECK(parts[0].kind == PartKind::thinking);
  CHECK(parts[0].text == "I think");
  CHECK(parts[0].signature == "c2ln");
  CHECK(parts[0].issuer == Issuer::anthropic);
  CHECK(parts[1].text == "Hello");
  CHECK(parts[2].text == "again");
  CHECK(parts[3].text == "{\\\"x\\\":1}");
  CHECK(parts[3].signature == "sig");
  CHECK(parts[4].text == "{}");
  CHECK(parts[4].name == "g");
  CHECK(answer.choices[0].finish == Finish::tool_calls);
  CHECK(answer.usage.input_total() == 3);
  CHECK(answer.ended);
  CHECK(answer.id == "a1");
}

TEST_CASE("fold/choices_do_not_mix") {
  Fold fold;
  fold.on({.kind = EventKind::text, .choice = 0, .text = "a"});
  fold.on({.kind = EventKind::text, .choice = 1, .text = "b"});
  fold.on({.kind = EventKind::text, .choice = 0, .text = "c"});
  std::string first;
  for (const AnswerPart& part : fold.answer().choices[0].parts) first += part.text;
  CHECK(first == "ac");
  CHECK(fold.answer().choices[1].parts[0].text == "b");
}

TEST_CASE("fold/is_bounded") {
  Fold fold(10);
  fold.on({.kind = EventKind::text, .text = "12345"});
  CHECK(fold.fits());
  fold.on({.kind = EventKind::text, .text = "678901"});
  CHECK_FALSE(fold.fits());
  Fold choices;
  choices.on({.kind = EventKind::text, .choice = 128, .text = "x"});
  CHECK_FALSE(choices.fits());
}

TEST_CASE("usage/missing_is_not_zero_and_later_figures_win") {
  Usage usage{.input = 10, .cache_read = 5};
  usage.take({.input = 12, .output = 0});
  CHECK(usage.input.value == 12);
  CHECK(usage.cache_read.value == 5);
  CHECK(usage.output.present);
  CHECK_FALSE(usage.reasoning.present);
  CHECK(usage.input_total() == 17);
}
