// The parts of the reader of chat requests, each for one member of the body.
#pragma once

#include <vector>

#include "dialect/openai_chat/fault.h"

namespace penstock::dialect::openai_chat {

// `messages`.
Result<> read_messages(json::View value, const Path& path, Judge& judge);

// `content` of a message: a string or an array of parts, appended to `out`. `text_only`: of a
// system message or a tool's answer, where images are let through for the targets that take them.
enum class Speaker : std::uint8_t { system, user, assistant, tool };
Result<> read_content(json::View content, Speaker speaker, const Path& path, Judge& judge,
                      std::vector<hub::Part>& out);

// The mark of `cache_control` (Anthropic's, sent by many clients of chat) or
// `prompt_cache_breakpoint` (OpenAI's) in a part, message or tool.
hub::CacheTtl cache_mark(json::View holder);

// What an earlier answer told beside its content and the client sends back: reasoning_details,
// thinking_blocks, reasoning_content or reasoning. Appended to `out`, before the content.
void read_reasoning(json::View message, hub::Request& request, std::vector<hub::Part>& out);
// Puts a seal that stands for a tool call (Gemini's, inside reasoning_details) on that call.
void seal_calls(std::vector<hub::Part>& parts);

// `tools` or the deprecated `functions`.
Result<> read_tools(json::View value, const Path& path, Judge& judge);
Result<> read_functions(json::View value, const Path& path, Judge& judge);
// `tool_choice` or the deprecated `function_call`.
Result<> read_tool_choice(json::View value, const Path& path, Judge& judge);
Result<> read_function_choice(json::View value, const Path& path, Judge& judge);
// Every tool that must be called was declared.
Result<> check_tool_choice(const Path& path, Judge& judge);

Result<> read_response_format(json::View value, const Path& path, Judge& judge);

// `modalities`, `audio` and `web_search_options`: what the answer is to be made of, or from. They
// are kept as they were as well. True: `value` was one of them.
Result<bool> read_answer_media(json::View value, const Path& root, Judge& judge);

// A member that the hub has no word for. Error: too many of them.
Result<> read_extra(json::View value, Judge& judge);

// The members that chat and legacy completions share: sampling, stop, stream and the like. True:
// `value` was one of them.
Result<bool> read_sampling(json::View value, const Path& root, Judge& judge);
Result<bool> read_delivery(json::View value, const Path& root, Judge& judge);

}  // namespace penstock::dialect::openai_chat
