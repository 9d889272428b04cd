// Amazon's own codec as judge of the frames that the scripted Bedrock sends, which are on stdin as JSON:
// a list of base64 texts. Run by run.py: node frames_node.mjs FOLDER_OF_PACKAGES
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.argv[2], 'index.js'));
const { EventStreamCodec } = require('@smithy/eventstream-codec');

const utf8 = { to: (bytes) => Buffer.from(bytes).toString('utf8'), from: (text) => Buffer.from(text, 'utf8') };
const codec = new EventStreamCodec(utf8.to, utf8.from);
let text = '';
for await (const piece of process.stdin) text += piece;
const frames = JSON.parse(text).map((frame) => new Uint8Array(Buffer.from(frame, 'base64')));
assert.ok(frames.length > 10);
for (const frame of frames) {
  const { headers, body } = codec.decode(frame);
  assert.equal(headers[':message-type'].value, 'event');
  assert.equal(headers[':content-type'].value, 'application/json');
  assert.equal(typeof JSON.parse(utf8.to(body)), 'object');
  // Written by the codec, it is the same frame.
  assert.deepEqual(Buffer.from(codec.encode({ headers, body })), Buffer.from(frame));
}
console.log(`${frames.length} passed, 0 failed, 0 skipped`);
