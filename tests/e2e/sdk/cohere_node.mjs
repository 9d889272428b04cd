// Cohere's official Node client ranks documents through a gateway to a scripted Cohere, which ranks the last
// document best. Run by run.py: node cohere_node.mjs FOLDER_OF_PACKAGES BASE_URL KEY MODEL
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

const [packages, baseURL, token, model] = process.argv.slice(2);
const require = createRequire(path.join(packages, 'index.js'));
const { CohereClient, Cohere } = require('cohere-ai');

const options = { baseUrl: baseURL.replace(/\/v1$/, ''), maxRetries: 0, timeoutInSeconds: 30 };
const client = new CohereClient({ ...options, token });
const asked = { model, query: 'blue? \u00e9', documents: ['a', 'b "q"', 'c\n'], maxTokensPerDoc: 512 };

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('accepted');
}

const cases = {
  async every() {
    const answer = await client.v2.rerank(asked);
    assert.deepEqual(answer.results, [2, 1, 0].map((index) => ({ index, relevanceScore: (index + 1) / 4 })));
    assert.ok(answer.id);
    assert.equal(answer.meta.apiVersion.version, '2');
    assert.equal(answer.meta.billedUnits.searchUnits, 1);
  },

  async best() {
    const answer = await client.v2.rerank({ ...asked, topN: 1 });
    assert.deepEqual(answer.results, [{ index: 2, relevanceScore: 0.75 }]);
  },

  async firstVersion() {
    const documents = ['a', { text: 'b "q"' }];
    const answer = await client.rerank({ model, query: asked.query, documents, returnDocuments: true });
    assert.deepEqual(answer.results.map((r) => [r.index, r.document.text]), [[1, 'b "q"'], [0, 'a']]);
    assert.equal(answer.meta.apiVersion.version, '1');
  },

  async errors() {
    const refused = await failure(client.v2.rerank({ ...asked, maxTokensPerDoc: 9 }));
    assert.ok(refused instanceof Cohere.BadRequestError, `${refused}`);
    assert.match(JSON.stringify(refused.body), /max_tokens_per_doc/);
    const wrong = new CohereClient({ ...options, token: 'sk-wrong-0123456789' });
    assert.ok((await failure(wrong.v2.rerank(asked))) instanceof Cohere.UnauthorizedError);
    assert.ok((await failure(client.v2.rerank({ ...asked, model: 'nobody' }))) instanceof Cohere.NotFoundError);
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
