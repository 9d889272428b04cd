#include <doctest/doctest.h>

#include "request_of.h"

using namespace test;
using hub::Issuer;
using hub::PartKind;
using hub::Role;
using hub::Source;
using penstock::Bytes;

TEST_CASE("bedrock_writer/system_and_turns") {
  hub::Request request;
  say(request, Role::system, {text("Be brief.")});
  say(request, Role::developer, {text("Be kind.")});
  say(request, Role::user, {text("Hi"), text("there")});
  say(request, Role::user, {text("!")});
  say(request, Role::assistant, {text("Hello")});
  say(request, Role::user, {text("Bye")});
  const Written got = written(request);
  CHECK(got.text == R"({"system":[{"text":"Be brief."},{"text":"Be kind."}],"messages":[)"
                    R"({"role":"user","content":[{"text":"Hi"},{"text":"there"},{"text":"!"}]},)"
                    R"({"role":"assistant","content":[{"text":"Hello"}]},)"
                    R"({"role":"user","content":[{"text":"Bye"}]}],"inferenceConfig":{}})");
  CHECK(got.losses.dropped.empty());
  CHECK(got.losses.emulated.empty());
}

TEST_CASE("bedrock_writer/late_instructions_stay_in_place_trap_28") {
  hub::Request request;
  say(request, Role::user, {text("a")});
  say(request, Role::assistant, {text("b")});
  say(request, Role::system, {text("New rule.")});
  say(request, Role::user, {text("c")});
  const Written older = written(request);
  CHECK(same(older.at("messages", "2"),
             R"({"role":"user","content":[{"text":"New rule."},{"text":"c"}]})"));
  CHECK(older.emulated("messages"));
  CHECK(older.at("system") == nullptr);
  const Written newer = written(request, opus_5);
  CHECK(same(newer.at("messages", "2"), R"({"role":"system","content":[{"text":"New rule."}]})"));
  CHECK(same(newer.at("messages", "3"), R"({"role":"user","content":[{"text":"c"}]})"));
}

TEST_CASE("bedrock_writer/results_come_first_and_together_trap_12") {
  hub::Request request;
  say(request, Role::user, {text("go")});
  say(request, Role::assistant, {call("call_1", "f", R"({"q":1})"), call("bad.id:2", "g", "")});
  say(request, Role::tool, {result("call_1", "one")});
  say(request, Role::user, {text("and?")});
  say(request, Role::tool, {result("bad.id:2", " ")});
  offer(request, "f");
  const Written got = written(request);
  CHECK(same(got.at("messages", "1", "content", "0"),
             R"({"toolUse":{"toolUseId":"call_1","name":"f","input":{"q":1}}})"));
  CHECK(same(got.at("messages", "1", "content", "1", "toolUse", "input"), "{}"));
  const std::string made = got.word("messages", "1", "content", "1", "toolUse", "toolUseId");
  CHECK(made.find_first_of(".:") == std::string::npos);
  REQUIRE(got.at("messages")->items.size() == 3);
  CHECK(same(got.at("messages", "2", "content", "0"),
             R"({"toolResult":{"toolUseId":"call_1","content":[{"text":"one"}]}})"));
  CHECK(got.word("messages", "2", "content", "1", "toolResult", "toolUseId") == made);
  CHECK(got.word("messages", "2", "content", "1", "toolResult", "content", "0", "text") ==
        "(empty)");
  CHECK(got.word("messages", "2", "content", "2", "text") == "and?");
}

TEST_CASE("bedrock_writer/mistral_has_its_own_ids_trap_71") {
  hub::Request request;
  say(request, Role::user, {text("go")});
  say(request, Role::assistant, {call("tooluse_abc", "f", "{}")});
  say(request, Role::tool, {result("tooluse_abc", "one")});
  const Written got = written(request, mistral);
  const std::string id = got.word("messages", "1", "content", "0", "toolUse", "toolUseId");
  CHECK(id.size() == 9);
  CHECK(got.word("messages", "2", "content", "0", "toolResult", "toolUseId") == id);
}

TEST_CASE("bedrock_writer/blank_text_is_left_out_trap_69") {
  hub::Request request;
  say(request, Role::system, {text(" \\n")});
  say(request, Role::user, {text(""), text("x"), text("\\t \\r\\n")});
  say(request, Role::assistant, {text("  ")});
  say(request, Role::user, {text("y")});
  const Written got = written(request);
  CHECK(same(got.at("messages", "0", "content"), R"([{"text":"x"}])"));
  CHECK(got.word("messages", "1", "content", "0", "text") == "(empty)");

  hub::Request sealed;
  say(sealed, Role::user, {text("x")});
  say(sealed, Role::assistant,
      {thinking("a", "S1", Issuer::anthropic), text(""), thinking("b", "S2", Issuer::anthropic),
       call("c", "f", "{}")});
  say(sealed, Role::tool, {result("c", "ok")});
  const Written kept = written(sealed);
  CHECK(same(kept.at("messages", "1", "content", "1"), R"({"text":""})"));
  CHECK(kept.at("messages", "1", "content")->items.size() == 4);
}

TEST_CASE("bedrock_writer/reasoning_goes_back_to_its_issuer_only_trap_77") {
  hub::Request request;
  say(request, Role::user, {text("x")});
  hub::Part redacted{.kind = PartKind::redacted_thinking, .issuer = Issuer::anthropic};
  redacted.signature = "EqAD\\/x==";
  hub::Part blob{.kind = PartKind::redacted_thinking, .issuer = Issuer::bedrock};
  blob.signature = "AAEC/w==";
  say(request, Role::assistant,
      {thinking("Plan.", "ErcB", Issuer::anthropic), redacted, blob,
       thinking("no", "", Issuer::anthropic), thinking("no", "x", Issuer::openai), text("y")});
  say(request, Role::user, {text("z")});
  const Written got = written(request);
  CHECK(same(got.at("messages", "1", "content"),
             R"([{"reasoningContent":{"reasoningText":{"text":"Plan.","signature":"ErcB"}}},
                 {"reasoningContent":{"redactedContent":"RXFBRC94PT0="}},
                 {"reasoningContent":{"redactedContent":"AAEC/w=="}},{"text":"y"}])"));
  CHECK(got.dropped("reasoning_content"));
  const Written other = written(request, nova_2);
  CHECK(same(other.at("messages", "1", "content"),
             R"([{"reasoningContent":{"redactedContent":"AAEC/w=="}},{"text":"y"}])"));
}

TEST_CASE("bedrock_writer/thinking_and_calls_keep_their_order_and_bytes_trap_14") {
  hub::Request request;
  say(request, Role::user, {text("x")});
  say(request, Role::assistant,
      {thinking("a\\u00e9 \\/ \\n", "S+/=", Issuer::anthropic), text("t"),
       call("c", "f", R"({"b": 1,"a":[ ]})"), thinking("", "T", Issuer::anthropic),
       call("d", "f", "{}")});
  say(request, Role::tool, {result("c", "1"), result("d", "2")});
  offer(request, "f");
  CHECK(written(request).text.find(
            R"({"reasoningContent":{"reasoningText":{"text":"a\u00e9 \/ \n","signature":"S+/="}}},)"
            R"({"text":"t"},{"toolUse":{"toolUseId":"c","name":"f","input":{"b": 1,"a":[ ]}}},)"
            R"({"reasoningContent":{"reasoningText":{"text":"","signature":"T"}}},)"
            R"({"toolUse":{"toolUseId":"d","name":"f","input":{}}}])") != std::string::npos);
}

TEST_CASE("bedrock_writer/documents_have_fitting_names_trap_79") {
  hub::Request request;
  const auto pdf = [](Bytes name) {
    return media(PartKind::file, Source::base64, "application/pdf", "AAAA", name);
  };
  say(request, Role::user,
      {pdf("a_b  c.final.pdf"), pdf("a-b c.final.pdf"), pdf(""), pdf("b\\u00e4\\u00f6.pdf"),
       media(PartKind::file, Source::plain_text, "text\\/plain", "Hi", "notes.txt")});
  const Written got = written(request);
  const auto name = [&](const char* place) {
    return got.word("messages", "0", "content", place, "document", "name");
  };
  CHECK(name("0") == "a-b c-final");
  CHECK(name("1") == "a-b c-final (2)");
  CHECK(name("2") == "Document");
  CHECK(name("3") == "b-");
  CHECK(same(got.at("messages", "0", "content", "4"),
             R"({"document":{"format":"txt","name":"notes","source":{"text":"Hi"}}})"));
  CHECK(got.word("messages", "0", "content", "5", "text") == "The document is attached.");
  CHECK(written(request).text == got.text);

  hub::Request many;
  say(many, Role::user, std::vector<hub::Part>(101, pdf("x.pdf")));
  CHECK_FALSE(written(many).done);
}

TEST_CASE("bedrock_writer/media_is_inline_or_refused") {
  const auto one = [](hub::Part part, Bytes model = sonnet_45) {
    hub::Request request;
    say(request, Role::user, {text("Look"), part});
    return written(request, model);
  };
  const Written png = one(media(PartKind::image, Source::base64, "image/jpeg", "iVBORw0KGgoAAAA"));
  CHECK(same(png.at("messages", "0", "content", "1"),
             R"({"image":{"format":"png","source":{"bytes":"iVBORw0KGgoAAAA"}}})"));
  CHECK(one(media(PartKind::image, Source::base64, "image\\/webp", "AAAA"))
            .word("messages", "0", "content", "1", "image", "format") == "webp");
  CHECK(one(media(PartKind::image, Source::url, "", "s3://bucket/cat.png"))
            .word("messages", "0", "content", "1", "image", "source", "s3Location", "uri") ==
        "s3://bucket/cat.png");
  CHECK(one(media(PartKind::file, Source::base64, "image/gif", "R0lGODlh"))
            .word("messages", "0", "content", "1", "image", "format") == "gif");
  CHECK_FALSE(one(media(PartKind::image, Source::url, "", "https://x.example/cat.png")).done);
  CHECK_FALSE(one(media(PartKind::image, Source::id, "", "file-1")).done);
  CHECK_FALSE(one(media(PartKind::image, Source::base64, "image/tiff", "AAAA")).done);
  CHECK_FALSE(one(media(PartKind::file, Source::base64, "application/zip", "AAAA", "a.zip")).done);
  CHECK_FALSE(one(media(PartKind::audio, Source::base64, "audio/wav", "AAAA")).done);
  CHECK(one(media(PartKind::video, Source::base64, "video/mp4", "AAAA"), nova_2)
            .word("messages", "0", "content", "1", "video", "format") == "mp4");
  hub::Request http;
  say(http, Role::user, {media(PartKind::image, Source::url, "", "http://x.example/")});
  CHECK(written(http).losses.refused == "messages.content");
}

TEST_CASE("bedrock_writer/results_may_hold_images_and_errors") {
  hub::Request request;
  say(request, Role::user, {text("go")});
  say(request, Role::assistant, {call("a", "f", "{}")});
  hub::Part failed = result("a", "no luck");
  failed.is_error = true;
  failed.content.push_back(media(PartKind::image, Source::base64, "image/png", "iVBORw0KGgo"));
  say(request, Role::tool, {failed});
  const Written got = written(request);
  CHECK(same(got.at("messages", "2", "content", "0", "toolResult"),
             R"({"toolUseId":"a","content":[{"text":"no luck"},
                 {"image":{"format":"png","source":{"bytes":"iVBORw0KGgo"}}}],"status":"error"})"));
  const Written other = written(request, llama);
  CHECK(other.word("messages", "2", "content", "0", "toolResult", "content", "0", "text") ==
        "Error:");
  CHECK(other.at("messages", "2", "content", "0", "toolResult", "status") == nullptr);
}

TEST_CASE("bedrock_writer/broken_arguments_are_wrapped_trap_21") {
  hub::Request request;
  say(request, Role::user, {text("go")});
  hub::Part broken = call("a", "f", "{\\\"q\\\":");
  broken.arguments.in_string = true;
  hub::Part sound = call("b", "f", "{\\\"q\\\": 1.50}");
  sound.arguments.in_string = true;
  hub::Part custom = call("c", "shell", "ls \\\"x\\\"");
  custom.arguments.in_string = custom.custom = true;
  say(request, Role::assistant, {broken, sound, custom});
  say(request, Role::tool, {result("a", "1"), result("b", "2"), result("c", "3")});
  const Written got = written(request);
  const auto input = [&](const char* place) {
    return got.at("messages", "1", "content", place, "toolUse", "input");
  };
  CHECK(same(input("0"), R"({"_raw":"{\"q\":"})"));
  CHECK(same(input("1"), R"({"q":1.50})"));
  CHECK(same(input("2"), R"({"input":"ls \"x\""})"));
}

TEST_CASE("bedrock_writer/the_user_has_the_first_and_the_last_word") {
  hub::Request request;
  say(request, Role::assistant, {text("Once upon ")});
  const Written prefill = written(request);
  CHECK(same(prefill.at("messages"),
             R"([{"role":"user","content":[{"text":"Continue."}]},
                 {"role":"assistant","content":[{"text":"Once upon"}]}])"));
  CHECK(written(request, opus_5).word("messages", "2", "role") == "user");
  CHECK(written(request, nova_2).emulated("messages"));
  request.messages[0].parts[0].text = " \\n";
  CHECK(written(request).at("messages")->items.size() == 1);
  say(request, Role::assistant, {});
  CHECK(written(request, opus_5).at("messages")->items.size() == 1);
  request.messages[0].parts[0].text = "x ";
  CHECK(written(request).word("messages", "1", "content", "0", "text") == "x ");
  CHECK(written(hub::Request()).word("messages", "0", "content", "0", "text") == "Continue.");
}

TEST_CASE("bedrock_writer/cache_points_follow_what_is_marked_trap_83") {
  hub::Request request;
  hub::Part marked = text("stable");
  marked.cache = hub::CacheTtl::hour1;
  say(request, Role::system, {marked, text("more")});
  say(request, Role::user, {text("go")});
  say(request, Role::assistant, {call("a", "f", "{}")});
  hub::Part inside = result("a", "long");
  inside.content[0].cache = hub::CacheTtl::standard;
  say(request, Role::tool, {inside});
  offer(request, "f");
  request.tools[0].cache = hub::CacheTtl::minutes5;
  const Written got = written(request);
  CHECK(
      same(got.at("system"),
           R"([{"text":"stable"},{"cachePoint":{"type":"default","ttl":"1h"}},{"text":"more"}])"));
  CHECK(same(got.at("messages", "2", "content", "1"), R"({"cachePoint":{"type":"default"}})"));
  CHECK(
      same(got.at("toolConfig", "tools", "1"), R"({"cachePoint":{"type":"default","ttl":"5m"}})"));
  const Written nova = written(request, nova_2);
  CHECK(same(nova.at("system", "1"), R"({"cachePoint":{"type":"default"}})"));
  CHECK(nova.at("toolConfig", "tools")->items.size() == 1);
  const Written none = written(request, llama);
  CHECK(none.dropped("cache_control"));
  CHECK(none.text.find("cachePoint") == std::string::npos);
}

TEST_CASE("bedrock_writer/four_cache_points_at_most_the_latest_stay") {
  hub::Request request;
  for (int i = 0; i < 6; ++i) {
    say(request, i % 2 == 0 ? Role::user : Role::assistant, {text("x")});
    request.messages.back().parts[0].cache = hub::CacheTtl::standard;
  }
  say(request, Role::user, {text("end")});
  const Written got = written(request);
  CHECK(got.dropped("cache_control"));
  std::size_t points = 0;
  for (std::size_t at = 0; (at = got.text.find("cachePoint", at)) != std::string::npos; ++at)
    ++points;
  CHECK(points == 4);
  CHECK(got.at("messages", "1", "content")->items.size() == 1);
  CHECK(got.at("messages", "2", "content")->items.size() == 2);
}

TEST_CASE("bedrock_writer/automatic_cache_points_mark_the_stable_prefix_trap_39") {
  hub::Request request;
  say(request, Role::system, {text("s")});
  say(request, Role::user, {text("u")});
  offer(request, "f");
  const penstock::dialect::TargetTraits by_arn{
      .model = "arn:aws:bedrock:us-east-1:1:application-inference-profile/x",
      .base_model = "anthropic.claude-sonnet-4-5",
      .prompt_cache = penstock::dialect::PromptCache::automatic};
  const Written got = written(request, by_arn);
  CHECK(same(got.at("system", "1"), R"({"cachePoint":{"type":"default"}})"));
  CHECK(same(got.at("messages", "0", "content", "1"), R"({"cachePoint":{"type":"default"}})"));
  CHECK(same(got.at("toolConfig", "tools", "1"), R"({"cachePoint":{"type":"default"}})"));
}
