// The official Node client against a running demo. Run by run.py:
//   node client_node.mjs FOLDER_OF_PACKAGES BASE_URL
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, baseURL] = process.argv.slice(2);
const entry = createRequire(path.join(packages, 'index.js')).resolve('openai');
const { default: OpenAI } = await import(pathToFileURL(entry).href);

const KEY = 'sk-penstock-demo-0123456789';
const LIMITED_KEY = 'sk-penstock-demo-limited-0123'; // 3 requests a minute
const messages = [{ role: 'user', content: 'Why is the sky blue?' }];
const tools = [{
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}];

// Counts what goes over the wire, the client's own repetitions included.
let sent = 0;
const countingFetch = (url, options) => { sent += 1; return fetch(url, options); };
const make = (options = {}) =>
  new OpenAI({ baseURL, apiKey: KEY, maxRetries: 0, timeout: 30_000, fetch: countingFetch, ...options });
const client = make();
const chat = (fields = {}, options = {}, c = client) =>
  c.chat.completions.create({ model: 'demo-chat', messages, ...fields }, options);

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('accepted');
}

const cases = {
  async whole() {
    const answer = await chat();
    assert.equal(answer.object, 'chat.completion');
    assert.ok(answer.choices[0].message.content);
    assert.ok(answer.usage.total_tokens > 0);
  },

  async streamed() {
    let text = '';
    let finish = null;
    for await (const chunk of await chat({ stream: true })) {
      assert.equal(chunk.choices.length, 1, 'a usage chunk that nobody asked for');
      assert.equal(chunk.usage ?? undefined, undefined);
      text += chunk.choices[0].delta.content ?? '';
      finish = chunk.choices[0].finish_reason ?? finish;
    }
    assert.ok(text);
    assert.equal(finish, 'stop');
  },

  async streamedWithUsage() {
    let last;
    for await (const chunk of await chat({ stream: true, stream_options: { include_usage: true } })) last = chunk;
    assert.ok(last.usage.total_tokens > 0);
    assert.deepEqual(last.choices, []);
  },

  async toolsWhole() {
    const answer = await chat({ tools });
    assert.equal(answer.choices[0].message.tool_calls[0].function.name, 'get_weather');
    assert.equal(answer.choices[0].finish_reason, 'tool_calls');
  },

  async toolsByTheStreamHelper() {
    const final = await client.chat.completions.stream({ model: 'demo-chat', messages, tools }).finalChatCompletion();
    const call = final.choices[0].message.tool_calls[0];
    assert.equal(call.function.name, 'get_weather');
    assert.equal(typeof JSON.parse(call.function.arguments), 'object');
  },

  async embeddingsBase64ByDefault() {
    const answer = await client.embeddings.create({ model: 'demo-embedding', input: ['blue', 'red'] });
    assert.equal(answer.data.length, 2);
    assert.equal(typeof answer.data[0].embedding[0], 'number');
    const plain = await client.embeddings.create({ model: 'demo-embedding', input: ['blue'], encoding_format: 'float' });
    assert.equal(plain.data[0].embedding.length, answer.data[0].embedding.length);
    plain.data[0].embedding.forEach((x, i) => assert.ok(Math.abs(x - answer.data[0].embedding[i]) < 1e-5));
  },

  async modelsListAndRetrieve() {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert.ok(names.includes('demo-chat') && names.includes('demo-embedding'));
    assert.equal((await client.models.retrieve('demo-chat')).id, 'demo-chat');
  },

  async wrongKey() {
    const error = await failure(chat({}, {}, make({ apiKey: 'sk-wrong-0123456789', maxRetries: 2 })));
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, 'invalid_api_key');
    assert.ok(error.requestID);
  },

  async unknownModel() {
    for (const call of [() => chat({ model: 'nobody' }), () => client.models.retrieve('nobody')]) {
      const error = await failure(call());
      assert.ok(error instanceof OpenAI.NotFoundError);
      assert.equal(error.code, 'model_not_found');
    }
  },

  async refusalsAreNotRepeated() {
    const before = sent;
    const error = await failure(chat({ api_base: 'http://x' }, { maxRetries: 2 }));
    assert.equal(error.status, 400);
    assert.equal(sent - before, 1);
  },

  async rateLimitAndTheClientsOwnRetry() {
    const limited = make({ apiKey: LIMITED_KEY });
    for (let n = 0; n < 3; n += 1) await chat({ max_tokens: 1 }, {}, limited);
    const error = await failure(chat({ max_tokens: 1 }, {}, limited));
    assert.ok(error instanceof OpenAI.RateLimitError);
    assert.equal(error.code, 'rate_limit_exceeded');
    const told = Number(error.headers.get('retry-after'));
    assert.ok(told >= 1 && told <= 30, `Retry-After ${told}`);
    const before = sent;
    const begun = Date.now();
    const answer = await chat({ max_tokens: 1 }, { maxRetries: 3 }, limited);
    assert.ok(answer.choices);
    assert.ok(sent - before >= 2, 'no repetition');
    assert.ok(Date.now() - begun > 500 * told, 'the client did not wait');
  },

  async abortInMidStream() {
    const stream = await chat({ stream: true });
    for await (const chunk of stream) {
      assert.ok(chunk);
      stream.controller.abort();
    }
    assert.ok((await chat()).choices);
  },

  async abortBySignal() {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    const error = await failure(chat({ model: 'demo-slow', stream: true }, { signal: controller.signal }));
    assert.ok(error instanceof OpenAI.APIUserAbortError);
  },

  async timeout() {
    for (const stream of [false, true]) {
      const begun = Date.now();
      const error = await failure(chat({ model: 'demo-slow', stream }, { timeout: 1000 }));
      assert.ok(error instanceof OpenAI.APIConnectionTimeoutError, `${error}`);
      assert.ok(Date.now() - begun < 4000);
    }
  },

  async twentyAtOnce() {
    const texts = await Promise.all(Array.from({ length: 20 }, async () => {
      let text = '';
      for await (const chunk of await chat({ stream: true })) text += chunk.choices[0].delta.content ?? '';
      return text;
    }));
    assert.ok(texts.every((text) => text.length > 0));
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
