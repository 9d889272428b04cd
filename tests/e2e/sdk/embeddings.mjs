// The same by the official Node client; the folder of its packages comes first in argv.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [packages, baseURL, apiKey, model, text] = process.argv.slice(2);
const entry = createRequire(`${packages}/`).resolve('openai');
const { default: OpenAI } = await import(pathToFileURL(entry).href);
const client = new OpenAI({ baseURL, apiKey, timeout: 20000, maxRetries: 0 });
const answer = await client.embeddings.create({ model, input: [text] });
console.log(JSON.stringify([[...answer.data[0].embedding], answer.usage.prompt_tokens]));
