import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256, sha256Stream } from '../../../src/core/bytes/sha256.ts';
import { ed25519Signer } from '../../../src/core/evidence/signer.ts';
import { signatureVerifier, verifySignature } from '../../../src/core/evidence/sshKey.ts';
import { fastSha256, fastSha256Stream, fastSha512 } from '../../../src/platform/sha256.node.ts';

test('is the portable SHA-256, and no Buffer', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.deepEqual(fastSha256(bytes), sha256(bytes));
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

test('signatures are verified alike with its SHA-512, in one part or several', async () => {
  const fast = signatureVerifier(fastSha512);
  const { publicKey, sign } = ed25519Signer(new Uint8Array(32).fill(7));
  for (const length of [0, 1, 111, 112, 5000]) {
    const message = Uint8Array.from({ length }, (_, i) => i);
    const signature = await sign(message);
    const parts = [message.subarray(0, length >> 1), message.subarray(length >> 1)];
    for (const verify of [fast, verifySignature]) {
      assert.equal(verify(publicKey, signature, message), 'valid');
      assert.equal(verify(publicKey, signature, ...parts), 'valid');
      assert.equal(verify(publicKey, signature, message, new Uint8Array(1)), 'invalid');
      for (let bit = 0; bit < 512; bit += 7) {
        const changed = signature.slice();
        changed[bit >> 3]! ^= 1 << (bit & 7);
        assert.equal(verify(publicKey, changed, message), 'invalid', `bit ${String(bit)}`);
      }
    }
  }
});
