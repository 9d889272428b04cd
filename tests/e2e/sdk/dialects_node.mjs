// The official Node clients of Anthropic, Google, Mistral and OpenAI's Responses against a running demo.
// Run by run.py: node dialects_node.mjs FOLDER_OF_PACKAGES BASE_URL
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, baseURL] = process.argv.slice(2);
const require = createRequire(path.join(packages, 'index.js'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: Anthropic } = await load('@anthropic-ai/sdk');
const { GoogleGenAI } = await load('@google/genai');
const { default: OpenAI } = await load('openai');
const { Mistral } = await load('@mistralai/mistralai');

const origin = baseURL.replace(/\/v1$/, '');
const KEY = 'sk-penstock-demo-0123456789';
const WRONG = 'sk-wrong-0123456789';
const model = 'demo-chat';
const question = 'Why is the sky blue?';
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('accepted');
}

const claude = new Anthropic({ baseURL: origin, apiKey: KEY, maxRetries: 0, timeout: 30_000 });
const asked = { model, max_tokens: 300, messages: [{ role: 'user', content: question }] };
const tools = [{ name: 'get_weather', description: 'Weather', input_schema: schema }];
const google = (apiKey = KEY) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl: origin } });
const gpt = new OpenAI({ baseURL, apiKey: KEY, maxRetries: 0, timeout: 30_000 });
const gptTools = [{ type: 'function', name: 'get_weather', parameters: schema, strict: false }];
const mistral = new Mistral({ serverURL: origin, apiKey: KEY });

const cases = {
  async messagesAccumulated() {
    const whole = await claude.messages.create(asked);
    const final = await claude.messages.stream(asked).finalMessage();
    assert.equal(final.content[0].text, whole.content[0].text);
    assert.equal(final.stop_reason, whole.stop_reason);
    assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
    assert.ok(final.usage.input_tokens > 0);
  },

  async messagesToolsAccumulated() {
    const whole = await claude.messages.create({ ...asked, tools });
    const final = await claude.messages.stream({ ...asked, tools }).finalMessage();
    const calls = [whole, final].map((m) => m.content.find((b) => b.type === 'tool_use'));
    assert.equal(calls[0].name, 'get_weather');
    assert.deepEqual(calls[1].input, calls[0].input);
    assert.equal(final.stop_reason, 'tool_use');
  },

  async messagesToolRunner() {
    let runs = 0;
    const runner = claude.beta.messages.toolRunner({
      ...asked,
      max_iterations: 3,
      tools: [{ type: 'custom', ...tools[0], parse: (value) => value, run: async () => { runs += 1; return 'sunny'; } }],
    });
    assert.equal((await runner).type, 'message');
    assert.ok(runs > 0);
  },

  async messagesCounted() {
    const { input_tokens: count } = await claude.messages.countTokens({ model, messages: asked.messages });
    assert.ok(count > 1 && count < 100, `${count}`);
  },

  async messagesErrors() {
    const wrong = new Anthropic({ baseURL: origin, apiKey: WRONG, maxRetries: 0 });
    assert.ok((await failure(wrong.messages.create(asked))) instanceof Anthropic.AuthenticationError);
    const error = await failure(claude.messages.create({ ...asked, model: 'nobody' }));
    assert.ok(error instanceof Anthropic.NotFoundError);
    assert.equal(error.error.error.type, 'not_found_error');
  },

  async geminiWholeAndStreamed() {
    const whole = await google().models.generateContent({ model, contents: question });
    assert.ok(whole.text);
    let text = '';
    let last;
    for await (const chunk of await google().models.generateContentStream({ model, contents: question })) {
      text += chunk.text ?? '';
      last = chunk;
    }
    assert.equal(text, whole.text);
    assert.equal(last.candidates[0].finishReason, 'STOP');
    assert.equal(last.usageMetadata.candidatesTokenCount, whole.usageMetadata.candidatesTokenCount);
  },

  async geminiFunctions() {
    const config = { tools: [{ functionDeclarations: [{ name: 'get_weather', parametersJsonSchema: schema }] }] };
    const whole = await google().models.generateContent({ model, contents: question, config });
    assert.equal(whole.functionCalls[0].name, 'get_weather');
    const calls = [];
    for await (const chunk of await google().models.generateContentStream({ model, contents: question, config })) {
      calls.push(...(chunk.functionCalls ?? []));
    }
    assert.deepEqual(calls[0].args, whole.functionCalls[0].args);
  },

  async geminiCounted() {
    assert.ok((await google().models.countTokens({ model, contents: question })).totalTokens > 1);
  },

  async geminiErrors() {
    assert.equal((await failure(google(WRONG).models.generateContent({ model, contents: 'x' }))).status, 401);
    assert.equal((await failure(google().models.generateContent({ model: 'nobody', contents: 'x' }))).status, 404);
  },

  async responsesAccumulated() {
    const whole = await gpt.responses.create({ model, input: question });
    assert.ok(whole.output_text);
    const final = await gpt.responses.stream({ model, input: question }).finalResponse();
    assert.equal(final.output_text, whole.output_text);
    assert.equal(final.usage.output_tokens, whole.usage.output_tokens);
  },

  async responsesTools() {
    const whole = await gpt.responses.create({ model, input: question, tools: gptTools });
    const final = await gpt.responses.stream({ model, input: question, tools: gptTools }).finalResponse();
    for (const answer of [whole, final]) {
      const call = answer.output.find((item) => item.type === 'function_call');
      assert.equal(call.name, 'get_weather');
      assert.equal(typeof JSON.parse(call.arguments), 'object');
    }
  },

  async mistralChat() {
    const messages = [{ role: 'user', content: question }];
    const whole = await mistral.chat.complete({ model, messages });
    let text = '';
    for await (const event of await mistral.chat.stream({ model, messages })) {
      text += event.data.choices[0]?.delta.content ?? '';
    }
    assert.equal(text, whole.choices[0].message.content);
  },
};

let failed = 0;
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}\n${error.stack}`);
  }
}
console.log(`${Object.keys(cases).length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
