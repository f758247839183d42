import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256, sha256Stream } from '../../../src/core/bytes/sha256.ts';
import { fastSha256, fastSha256Stream } from '../../../src/platform/sha256.node.ts';

test('is the portable SHA-256, and no Buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 3 }), (bytes, prefix) => {
      assert.deepEqual(fastSha256(bytes), sha256(bytes));
      const whole = sha256(Uint8Array.of(...prefix, ...bytes));
      for (const digest of [sha256, fastSha256]) assert.deepEqual(digest(bytes, prefix), whole);
    }),
  );
  // deepEqual above compares prototypes too; a view into a larger buffer is hashed as a view.
  const buffer = new Uint8Array(100).fill(3);
  assert.deepEqual(fastSha256(buffer.subarray(10, 20)), sha256(new Uint8Array(10).fill(3)));
});

test('the stream too, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }), (parts) => {
      const [fast, portable] = [fastSha256Stream(), sha256Stream()];
      for (const part of parts) {
        fast.update(part);
        portable.update(part);
      }
      assert.deepEqual(fast.digest(), portable.digest());
    }),
  );
});
