import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  pairSimilar,
  SIMILARITY_THRESHOLD,
  TextSketcher,
  type TextSketch,
} from '../../../../src/core/lineage/similarText.ts';
import { hostileLine, seededRandom } from '../../../support/hostileJson.ts';

const sketcher = new TextSketcher();
const sketch = (record: unknown): TextSketch =>
  sketcher.sketch(new TextEncoder().encode(typeof record === 'string' ? record : JSON.stringify(record)));

/** Texts of words that are made up, each a hundred words long. */
function texts(count: number, seed: number): string[] {
  const random = seededRandom(seed);
  const word = () =>
    Array.from({ length: 3 + random(6) }, () => 'abcdefghijklmnopqrstuvwxyz'[random(26)]).join('');
  const vocabulary = Array.from({ length: 2000 }, word);
  return Array.from({ length: count }, () =>
    Array.from({ length: 100 }, () => vocabulary[random(vocabulary.length)]).join(' '),
  );
}

/** With every n-th word replaced. */
function edited(text: string, every: number): string {
  return text
    .split(' ')
    .map((word, i) => (i % every === every - 1 ? 'edited' : word))
    .join(' ');
}

describe('near-duplicate texts', () => {
  it('are paired, whatever the members are called and the order is', () => {
    const originals = texts(50, 1);
    const inputs = originals.map((text, id) =>
      sketch({ id, question: text.slice(0, 200), answer: text.slice(200) }),
    );
    const changed = originals.map((text) => {
      const [question, answer] = [text.slice(0, 200), text.slice(200)];
      return sketch({ messages: [{ content: question }, { content: edited(answer, 20).toUpperCase() }] });
    });
    const pairs = pairSimilar(inputs, changed.toReversed());
    assert.deepEqual(
      pairs,
      originals.map((_, i) => ({ input: 49 - i, output: i })),
    );
  });

  it('are not paired where they are too different', () => {
    const originals = texts(20, 2);
    const inputs = originals.map((text) => sketch({ text }));
    const pairedAt = (every: number) =>
      pairSimilar(
        inputs,
        originals.map((text) => sketch({ text: edited(text, every) })),
      ).length;
    assert.equal(pairedAt(25), 20);
    assert.equal(pairedAt(3), 0);
    assert.deepEqual(
      pairSimilar(
        inputs,
        texts(20, 3).map((text) => sketch({ text })),
      ),
      [],
    );
  });

  it('are not paired where it is not clear with which', () => {
    const [text = '', other = ''] = texts(2, 4);
    const once = sketch({ text: edited(text, 30) });
    const bystander = sketch({ text: other });
    assert.deepEqual(pairSimilar([sketch({ text }), bystander], [once]), [{ input: 0, output: 0 }]);
    // Two inputs that are as similar, two outputs that are.
    const tie = [sketch({ text: `${text} first` }), sketch({ text: `${text} second` })];
    assert.deepEqual(pairSimilar(tie, [once]), []);
    assert.deepEqual(pairSimilar([sketch({ text })], [once, sketch({ text: edited(text, 29) })]), []);
  });

  it('are not paired by what many samples share, or by too little', () => {
    const [prompt = ''] = texts(1, 5);
    const rows = texts(100, 6).map((text) => text.slice(0, 120));
    const inputs = rows.map((text) => sketch({ prompt, text }));
    const outputs = texts(100, 7).map((text) => sketch({ prompt, text: text.slice(0, 120) }));
    assert.deepEqual(pairSimilar(inputs, outputs), []);
    const short = sketch({ text: 'Yes, of course.' });
    assert.deepEqual(pairSimilar([short], [short]), []);
  });

  it('of any script, and with escapes, are compared by their letters', () => {
    const chinese = Array.from({ length: 120 }, (_, i) =>
      String.fromCharCode(0x4e00 + ((i * 37) % 5000)),
    ).join('');
    const escaped = `{"text":"${[...chinese].map((c) => `\\u${c.charCodeAt(0).toString(16)}`).join('')}"}`;
    const pairs = pairSimilar([sketch({ text: chinese })], [sketch(escaped)]);
    assert.deepEqual(pairs, [{ input: 0, output: 0 }]);
  });

  it('are paired the same way each time, and each at most once', () => {
    const sample = fc.tuple(fc.nat(5), fc.nat(12)).map(([text, every]) => {
      return sketch({ text: edited(BASE[text]!, every + 2) });
    });
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 8 }),
        fc.array(sample, { maxLength: 8 }),
        (inputs, outputs) => {
          const pairs = pairSimilar(inputs, outputs);
          assert.deepEqual(pairSimilar(inputs, outputs), pairs);
          assert.equal(new Set(pairs.map(({ input }) => input)).size, pairs.length);
          assert.equal(new Set(pairs.map(({ output }) => output)).size, pairs.length);
        },
      ),
      { numRuns: 50 },
    );
  });
});

const BASE = texts(6, 8);

describe('a sketch', () => {
  it('folds case and white space, and keeps a bounded number of shingles of any text', () => {
    assert.deepEqual(
      sketch({ text: 'A  quick\n\tBrown fox jumps.' }),
      sketch({ text: 'a quick brown fox jumps.' }),
    );
    const [long = ''] = texts(1, 9);
    const { hashes, bound } = sketch({ text: long.repeat(200) + texts(200, 10).join(' ') });
    assert.ok(hashes.length <= 128 && bound < 0xffffffff);
    assert.deepEqual(
      [...hashes],
      [...hashes].sort((a, b) => a - b),
    );
  });

  it('estimates how similar long texts are', () => {
    const [a, b] = [texts(40, 11).join(' '), texts(40, 12).join(' ')];
    // Four fifths in common: 4 of 6 parts, if the rest is different on both sides.
    const fifth = Math.floor(a.length / 5);
    const pair = (share: number) =>
      pairSimilar(
        [sketch({ text: a })],
        [sketch({ text: a.slice(0, share * fifth) + b.slice(0, (5 - share) * fifth) })],
      ).length;
    assert.ok(4 / 6 > SIMILARITY_THRESHOLD && 3 / 7 < SIMILARITY_THRESHOLD);
    assert.deepEqual([pair(5), pair(4), pair(3), pair(0)], [1, 1, 0, 0]);
  });

  it('is made of anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.ok(sketcher.sketch(bytes).hashes.length <= 128);
      }),
    );
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        assert.ok(sketch(hostileLine(seededRandom(seed))).hashes.length <= 128);
      }),
    );
  });
});
