import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import canonicalize from 'canonicalize';
import { toHex } from '../../../src/core/bytes/hex.ts';
import { digestAt } from '../../../src/core/sample/digest.ts';
import { threadDigester } from '../../../src/platform/chunkDigester.node.ts';
import { mutated, seededRandom } from '../../support/hostileJson.ts';
import { dataFolder, skipWithout } from '../../support/vectors.ts';

const DATASET = dataFolder('gsm8k/train.jsonl');
const MUTATIONS = Number(process.env['FUZZ'] ?? 100_000);
const BATCH = 5000;
const LF = 0x0a;

/** What a line says, by other means than ours: the text that RFC 8785's author makes of it. */
function meaning(line: Uint8Array): string {
  return canonicalize(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))) ?? '';
}

describe('mutated lines of a signed dataset', skipWithout(DATASET), () => {
  it(`${String(MUTATIONS)} of them: one that says something else is never the sample that was signed`, () => {
    const random = seededRandom(11);
    const originals = readFileSync(DATASET, 'utf8')
      .split('\n')
      .slice(0, 2000)
      .map((line) => Buffer.from(line));
    const signed = new Map<string, Uint8Array>();
    const whole = threadDigester().digest(
      Buffer.concat(originals.flatMap((line) => [line, Buffer.from('\n')])),
    );
    originals.forEach((line, i) => signed.set(toHex(digestAt(whole.digests, i)), line));

    let same = 0;
    let others = 0;
    for (let done = 0; done < MUTATIONS; done += BATCH) {
      const lines = Array.from({ length: BATCH }, () => {
        const line = mutated(random, originals[random(originals.length)]!);
        // A line end would make two lines of one.
        return line.map((byte) => (byte === LF ? 0x20 : byte));
      });
      const chunk = threadDigester().digest(
        Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])),
      );
      assert.equal(chunk.lines, BATCH);
      for (let sample = 0; sample < chunk.count; sample++) {
        if (chunk.malformed.has(sample)) continue;
        const original = signed.get(toHex(digestAt(chunk.digests, sample)));
        if (!original) {
          others++;
          continue;
        }
        same++;
        const line = lines[chunk.lineOfSample?.[sample] ?? sample]!;
        assert.equal(meaning(line), meaning(original), new TextDecoder().decode(line));
      }
    }
    // Mutations of white space, for one, change nothing: the test can tell both kinds.
    assert.ok(same > 0 && others > 0, `${String(same)} say the same, ${String(others)} something else`);
  });
});
