// The tool loops of the official Node clients, and their accumulators, through a gateway to a scripted
// provider of every dialect, which calls two tools, wants both results and then says a text. A stream
// gathered by its client must be the whole answer. Run by run.py:
//   node loops_node.mjs FOLDER_OF_PACKAGES BASE_URL KEY MODELS
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, baseURL, apiKey, models] = process.argv.slice(2);
const require = createRequire(path.join(packages, 'index.js'));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: Anthropic } = await load('@anthropic-ai/sdk');
const { GoogleGenAI } = await load('@google/genai');
const { default: OpenAI } = await load('openai');

const origin = baseURL.replace(/\/v1$/, '');
const gpt = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 30_000 });
const claude = new Anthropic({ baseURL: origin, apiKey, maxRetries: 0, timeout: 30_000 });
const google = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: origin } });

const question = 'What will the weather be?';
const messages = [{ role: 'user', content: question }];
const TEXT = 'Bl' + 'ue: \u{1f535} \u00e9 "q" \\ \n' + 'sky.'; // of turn.py
const city = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const nothing = { type: 'object', properties: {} };
const RESULTS = { get_weather: 'sunny', now: 'noon' }; // what speaking.py waits for

// The tools of one loop, in a client's own form, and what was called.
function tools(form) {
  const called = [];
  const run = (name) => async (given) => { called.push([name, given]); return RESULTS[name]; };
  const list = [['get_weather', city], ['now', nothing]].map(([name, schema]) => form(name, schema, run(name)));
  const check = () => assert.deepEqual(called, [['get_weather', { city: 'Oslo \u00e9', days: [1, 2] }], ['now', {}]]);
  return { list, check };
}

const ofChat = (name, parameters, run) => (
  { type: 'function', function: { name, parameters, parse: JSON.parse, function: run } });
const ofClaude = (name, schema, run) => (
  { type: 'custom', name, input_schema: schema, parse: (value) => value, run });

// Without what differs between two answers by its nature.
function bare(value) {
  if (Array.isArray(value)) return value.map(bare);
  if (value === null || typeof value !== 'object') return value;
  const own = Object.entries(value).filter(([key, v]) => v !== undefined && !/^(id|_.*|created(_at)?|completed_at|system_fingerprint|parsed|parsed_arguments|parsed_output|output_parsed|output_text)$/.test(key));
  return Object.fromEntries(own.map(([key, v]) => [key, key === 'arguments' ? JSON.parse(v) : bare(v)]));
}

const chatTools = tools(ofChat).list.map(({ type, function: { name, parameters } }) => (
  { type, function: { name, parameters } }));
const claudeTools = tools(ofClaude).list.map(({ name, input_schema: schema }) => ({ name, input_schema: schema }));

const cases = {
  async chatLoop(model) {
    const { list, check } = tools(ofChat);
    const runner = gpt.chat.completions.runTools({ model, messages, tools: list });
    assert.equal(await runner.finalContent(), TEXT);
    check();
  },

  async chatLoopStreamed(model) {
    const { list, check } = tools(ofChat);
    const runner = gpt.chat.completions.runTools({ model, messages, tools: list, stream: true });
    assert.equal(await runner.finalContent(), TEXT);
    check();
  },

  async chatAccumulated(model) {
    for (const more of [{}, { tools: chatTools }]) {
      const asked = { model, messages, ...more };
      const whole = await gpt.chat.completions.create(asked);
      const final = await gpt.chat.completions.stream(asked).finalChatCompletion();
      assert.deepEqual(bare(final.choices[0].message.tool_calls ?? []), bare(whole.choices[0].message.tool_calls ?? []));
      assert.equal(final.choices[0].message.content, whole.choices[0].message.content);
      assert.equal(final.choices[0].finish_reason, whole.choices[0].finish_reason);
    }
  },

  async responsesAccumulated(model) {
    for (const more of [{}, { tools: chatTools.map((t) => ({ type: 'function', strict: false, ...t.function })) }]) {
      const asked = { model, input: question, ...more };
      const whole = await gpt.responses.create(asked);
      const final = await gpt.responses.stream(asked).finalResponse();
      assert.deepEqual(bare(final.output), bare(whole.output));
      assert.equal(final.status, whole.status);
      assert.deepEqual(final.usage, whole.usage);
    }
  },

  async claudeLoop(model) {
    const { list, check } = tools(ofClaude);
    const final = await claude.beta.messages.toolRunner({ model, max_tokens: 300, messages, tools: list });
    assert.equal(final.content.find((b) => b.type === 'text').text, TEXT);
    check();
  },

  async claudeLoopStreamed(model) {
    const { list, check } = tools(ofClaude);
    const runner = claude.beta.messages.toolRunner({ model, max_tokens: 300, messages, tools: list, stream: true });
    let final;
    for await (const stream of runner) final = await stream.finalMessage();
    assert.equal(final.content.find((b) => b.type === 'text').text, TEXT);
    check();
  },

  async claudeAccumulated(model) {
    for (const more of [{}, { tools: claudeTools }]) {
      const asked = { model, max_tokens: 300, messages, ...more };
      const whole = await claude.messages.create(asked);
      const final = await claude.messages.stream(asked).finalMessage();
      assert.deepEqual(bare(final.content), bare(whole.content));
      assert.equal(final.stop_reason, whole.stop_reason);
      // The package takes this figure from the first event only, which comes before a provider counts.
      delete whole.usage.cache_creation;
      delete final.usage.cache_creation;
      assert.deepEqual(final.usage, whole.usage);
    }
  },

  async googleLoop(model) {
    const { list, check } = tools((name, parametersJsonSchema, run) => ({ name, parametersJsonSchema, run }));
    const callable = {
      tool: async () => ({ functionDeclarations: list.map(({ run, ...declared }) => declared) }),
      callTool: (calls) => Promise.all(calls.map(async ({ id, name, args }) => ({
        functionResponse: { id, name, response: { output: await list.find((t) => t.name === name).run(args ?? {}) } },
      }))),
    };
    const answer = await google.models.generateContent({ model, contents: question, config: { tools: [callable] } });
    assert.equal(answer.text, TEXT);
    check();
  },
};

let passed = 0;
let failed = 0;
for (const model of models.split(',')) {
  for (const [name, run] of Object.entries(cases)) {
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
