import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import { sha256 } from '../../../../src/core/bytes/sha256.ts';
import { DerivationMap } from '../../../../src/core/lineage/derivationMap.ts';
import {
  changedSamples,
  distinctSamples,
  NOTHING_CHANGED,
  pairByKey,
  pairByPosition,
  stepCounts,
  UnchangedRows,
  type ChangedRows,
  type PairedFile,
  type RowKeys,
} from '../../../../src/core/lineage/pairing.ts';
import { MalformedSamples } from '../../../../src/core/sample/malformedSamples.ts';

/** A file whose samples are texts; `null` is a malformed one. */
function fileOf(samples: readonly (string | null)[]): PairedFile {
  const digests = new Uint8Array(samples.length * 32);
  const rows: number[] = [];
  samples.forEach((sample, row) => {
    if (sample === null) rows.push(row);
    else digests.set(digestOf(sample), row * 32);
  });
  const malformed = new MalformedSamples({
    rows: Uint32Array.from(rows),
    codes: new Uint8Array(rows.length),
    offsets: new Uint32Array(rows.length),
  });
  return { count: samples.length, digests, malformed };
}

const digestOf = (sample: string) => sha256(new TextEncoder().encode(sample));
const hexOf = (sample: string) => toHex(digestOf(sample));

/** The keys of samples that are written `KEY:TEXT`; none where there is no colon. */
function keysOf(samples: readonly (string | null)[]): RowKeys {
  const keys = samples.map((sample) => /^(.*?):/.exec(sample ?? '')?.[1]);
  const digests = new Uint8Array(samples.length * 32);
  keys.forEach((key, row) => key !== undefined && digests.set(digestOf(key), row * 32));
  return { digests, isMissing: (row) => keys[row] === undefined };
}

function unchangedOf(inputs: readonly (readonly (string | null)[])[], output: readonly (string | null)[]) {
  return new UnchangedRows(inputs.map(fileOf), fileOf(output));
}

function byKey(inputs: readonly (readonly string[])[], output: readonly string[]) {
  const unchanged = unchangedOf(inputs, output);
  return { unchanged, paired: pairByKey(unchanged, inputs.map(keysOf), keysOf(output)) };
}

function changedOf(paired: ChangedRows | { conflict: unknown }): ChangedRows {
  assert.ok(!('conflict' in paired), JSON.stringify(paired));
  return paired;
}

/** The pairs as `OUTPUT<INPUT`, sorted. @param samples all that may stand there */
function picture({ pairs }: ChangedRows, samples: readonly string[]): string {
  const names = new Map(samples.map((sample) => [hexOf(sample), sample]));
  const map = DerivationMap.parse(pairs.serialize().bytes);
  return [...map]
    .map(({ output, input }) => `${names.get(output) ?? '?'}<${names.get(input) ?? '?'}`)
    .sort()
    .join(' ');
}

const counts = (inputs: readonly (readonly (string | null)[])[], output: readonly (string | null)[]) =>
  stepCounts(unchangedOf(inputs, output), NOTHING_CHANGED);

describe('what is unchanged', () => {
  it('is found by digest, whatever the order', () => {
    assert.deepEqual(counts([['a', 'b', 'c', 'd']], ['d', 'b', 'x']), {
      in: 4,
      out: 3,
      unchanged: 2,
      changed: 0,
      added: 1,
      dropped: 2,
    });
  });

  it('of equal samples counts as many as there are on both sides', () => {
    // Deduplication drops the further copies.
    assert.deepEqual(counts([['a', 'a', 'a', 'b']], ['a', 'b']).dropped, 2);
    // A sample of two inputs that stands once in the merged output was used once.
    assert.deepEqual(counts([['a', 'b'], ['a']], ['a', 'b']).dropped, 1);
    assert.deepEqual(counts([['a', 'b'], ['a']], ['a', 'b', 'a']).dropped, 0);
    // Copies that the step made are unchanged, and come of the same sample.
    const copied = unchangedOf([['a', 'b']], ['a', 'a', 'a']);
    assert.deepEqual(stepCounts(copied, NOTHING_CHANGED), {
      in: 2,
      out: 3,
      unchanged: 3,
      changed: 0,
      added: 0,
      dropped: 1,
    });
    assert.equal(copied.copies, 2);
    assert.equal(unchangedOf([['a', 'a']], ['a']).copies, 0);
  });

  it('leaves malformed samples out on both sides', () => {
    const found = unchangedOf([[null, 'a', null]], ['a', null]);
    assert.deepEqual(stepCounts(found, NOTHING_CHANGED), {
      in: 1,
      out: 1,
      unchanged: 1,
      changed: 0,
      added: 0,
      dropped: 0,
    });
    assert.deepEqual([[...found.leftInputs[0]!], [...found.leftOutput]], [[], []]);
  });

  it('may be nothing: no input, empty files', () => {
    assert.deepEqual(counts([], ['a', 'b']), {
      in: 0,
      out: 2,
      unchanged: 0,
      changed: 0,
      added: 2,
      dropped: 0,
    });
    assert.deepEqual(counts([['a']], []).dropped, 1);
    assert.deepEqual(counts([[]], []).out, 0);
  });

  it('is what counting one by one finds', () => {
    const samples = fc.array(fc.option(fc.constantFrom(...'abcde')), { maxLength: 12 });
    fc.assert(
      fc.property(fc.array(samples, { maxLength: 3 }), samples, (inputs, output) => {
        const found = unchangedOf(inputs, output);
        const all = inputs.flat();
        let { used, unchanged, out } = { used: 0, unchanged: 0, out: 0 };
        const left = [...all];
        for (const sample of output) {
          if (sample === null) continue;
          out++;
          if (all.includes(sample)) unchanged++;
          const at = left.indexOf(sample);
          if (at < 0) continue;
          used++;
          left.splice(at, 1);
        }
        const result = stepCounts(found, NOTHING_CHANGED);
        const total = all.filter((sample) => sample !== null).length;
        assert.deepEqual(result, {
          in: total,
          out,
          unchanged,
          changed: 0,
          added: out - unchanged,
          dropped: total - used,
        });
        inputs.forEach((input, index) => {
          const expected = input.flatMap((sample, row) =>
            sample !== null && !output.includes(sample) ? [row] : [],
          );
          assert.deepEqual([...found.leftInputs[index]!], expected);
        });
      }),
    );
  });
});

describe('pairing by position', () => {
  const paired = (input: readonly (string | null)[], output: readonly (string | null)[]) => {
    const unchanged = unchangedOf([input], output);
    return { unchanged, paired: pairByPosition(unchanged) };
  };

  it('pairs rows that differ at their place', () => {
    const { unchanged, paired: found } = paired(['a', 'b', 'c'], ['a', 'B', 'C']);
    const changed = changedOf(found);
    assert.equal(picture(changed, [...'abcBC']), 'B<b C<c');
    assert.deepEqual(stepCounts(unchanged, changed), {
      in: 3,
      out: 3,
      unchanged: 1,
      changed: 2,
      added: 0,
      dropped: 0,
    });
  });

  it('follows a row that became equal to another one', () => {
    // "A" was made of "a", and stands there already: both are where it came from.
    const { unchanged, paired: found } = paired(['A', 'a'], ['A', 'A']);
    const changed = changedOf(found);
    assert.equal(picture(changed, ['a', 'A']), 'A<a');
    const { dropped, unchanged: same, changed: different } = stepCounts(unchanged, changed);
    assert.deepEqual([same, different, dropped], [2, 0, 0]);
  });

  it('takes a changed copy of a row that stays', () => {
    const { paired: found } = paired(['a', 'a'], ['a', 'x']);
    assert.equal(picture(changedOf(found), ['a', 'x']), 'x<a');
  });

  it('pairs nothing where rows moved, of two inputs, or of files of different lengths', () => {
    assert.deepEqual(paired(['a', 'b', 'c'], ['x', 'a', 'b']).paired, {
      conflict: { kind: 'moved', inputRow: 0, outputRow: 1 },
    });
    assert.deepEqual(paired(['a', 'b'], ['b', 'a']).paired, {
      conflict: { kind: 'moved', inputRow: 1, outputRow: 0 },
    });
    assert.deepEqual(pairByPosition(unchangedOf([['a'], ['b']], ['x'])), { conflict: { kind: 'inputs' } });
    assert.deepEqual(paired(['a', 'b'], ['x']).paired, { conflict: { kind: 'counts' } });
  });

  it('leaves malformed rows alone, in their place', () => {
    const { unchanged, paired: found } = paired([null, 'b', 'c'], ['x', null, 'C']);
    const changed = changedOf(found);
    assert.equal(picture(changed, ['x', 'b', 'c', 'C']), 'C<c');
    assert.deepEqual(stepCounts(unchanged, changed), {
      in: 2,
      out: 2,
      unchanged: 0,
      changed: 1,
      added: 1,
      dropped: 1,
    });
  });

  it('finds the truth of any map that keeps the order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(8), fc.boolean()), { maxLength: 20 }), (rows) => {
        // Texts are changed to what no text is, so rows never seem to have moved.
        const input = rows.map(([text]) => `t${text}`);
        const output = rows.map(([text, changed]) => (changed ? `changed t${text}` : `t${text}`));
        const { unchanged, paired: found } = paired(input, output);
        const changed = changedOf(found);
        const truth = new Set(
          rows.flatMap(([text, isChanged]) => (isChanged ? [`changed t${text}<t${text}`] : [])),
        );
        assert.equal(picture(changed, [...input, ...output]), [...truth].sort().join(' '));
        const { added, dropped } = stepCounts(unchanged, changed);
        assert.deepEqual([added, dropped], [0, 0]);
      }),
    );
  });
});

describe('pairing by key', () => {
  it('pairs what is left over with the row that has the same key, in any input', () => {
    const { unchanged, paired } = byKey([['1:a', '2:b'], ['3:c']], ['3:C', '1:a', '4:new', '2:B']);
    const changed = changedOf(paired);
    assert.equal(picture(changed, ['1:a', '2:b', '3:c', '3:C', '2:B']), '2:B<2:b 3:C<3:c');
    assert.deepEqual(stepCounts(unchanged, changed), {
      in: 3,
      out: 4,
      unchanged: 1,
      changed: 2,
      added: 1,
      dropped: 0,
    });
  });

  it('takes equal rows for one, and counts their copies', () => {
    const { unchanged, paired } = byKey([['1:a', '1:a', '1:a'], ['1:a']], ['1:A', '1:A']);
    const changed = changedOf(paired);
    assert.equal(picture(changed, ['1:a', '1:A']), '1:A<1:a');
    assert.deepEqual(stepCounts(unchanged, changed), {
      in: 4,
      out: 2,
      unchanged: 0,
      changed: 2,
      added: 0,
      dropped: 2,
    });
  });

  it('does not ask for unique keys among rows that need none', () => {
    const { paired } = byKey([['1:a', '1:b', '2:c']], ['1:a', '1:b', '2:C']);
    assert.equal(picture(changedOf(paired), ['2:c', '2:C']), '2:C<2:c');
  });

  it('pairs nothing where a key could mean two rows, in whatever file and whether or not they are left over', () => {
    const conflictOf = (inputs: string[][], output: string[]) => {
      const { paired } = byKey(inputs, output);
      return 'conflict' in paired ? paired.conflict : undefined;
    };
    // One of the two is in the output as it is: the other would be paired by chance.
    assert.deepEqual(conflictOf([['1:a', '1:b']], ['1:a', '1:x']), {
      kind: 'repeated-in-output',
      rows: [0, 1],
    });
    assert.deepEqual(conflictOf([['1:a', '1:b']], ['1:x']), {
      kind: 'repeated-in-inputs',
      rows: [
        { input: 0, row: 0 },
        { input: 0, row: 1 },
      ],
    });
    assert.deepEqual(conflictOf([['1:a'], ['2:b', '1:c']], ['1:x']), {
      kind: 'repeated-in-inputs',
      rows: [
        { input: 0, row: 0 },
        { input: 1, row: 1 },
      ],
    });
    assert.deepEqual(conflictOf([['1:a']], ['1:x', '1:y']), { kind: 'repeated-in-output', rows: [0, 1] });
  });

  it('pairs nothing where a key is missing that may be needed', () => {
    const { paired } = byKey([['1:a']], ['1:a', 'no key']);
    assert.deepEqual(paired, { conflict: { kind: 'missing-in-output', row: 1 } });
    const keyless = byKey([['1:a', 'no key']], ['1:A', '2:x']);
    assert.deepEqual(keyless.paired, { conflict: { kind: 'missing-in-input', row: { input: 0, row: 1 } } });
    // All have a partner, so what has no key was dropped.
    assert.equal(changedOf(byKey([['1:a', 'no key']], ['1:A']).paired).changed, 1);
  });

  it('finds the truth of any pipeline whose rows keep a unique key', () => {
    const step = fc.record({
      rows: fc.uniqueArray(fc.nat(60), { maxLength: 25 }),
      split: fc.nat(25),
      fate: fc.array(fc.constantFrom('keep', 'change', 'drop'), { minLength: 25, maxLength: 25 }),
      order: fc.array(fc.nat(1000), { minLength: 30, maxLength: 30 }),
      fresh: fc.nat(3),
    });
    fc.assert(
      fc.property(step, ({ rows, split, fate, order, fresh }) => {
        const samples = rows.map((id) => `${id}:text`);
        const inputs = [samples.slice(0, split), samples.slice(split)];
        const made = samples.flatMap((sample, i) =>
          fate[i] === 'drop' ? [] : [fate[i] === 'keep' ? sample : `${sample} changed`],
        );
        for (let i = 0; i < fresh; i++) made.push(`new${i}:text`);
        const output = made
          .map((sample, i) => [order[i] ?? 0, sample] as const)
          .sort(([a], [b]) => a - b)
          .map(([, sample]) => sample);
        const { unchanged, paired } = byKey(inputs, output);
        const changed = changedOf(paired);
        const changes = samples.filter((_, i) => fate[i] === 'change');
        const truth = changes.map((sample) => `${sample} changed<${sample}`).sort();
        assert.equal(picture(changed, [...samples, ...output]), truth.join(' '));
        assert.deepEqual(stepCounts(unchanged, changed), {
          in: samples.length,
          out: output.length,
          unchanged: samples.filter((_, i) => fate[i] === 'keep').length,
          changed: changes.length,
          added: fresh,
          dropped: samples.filter((_, i) => fate[i] === 'drop').length,
        });
      }),
    );
  });

  it('never pairs a row with one of another key, whatever the keys are, and its counts always add up', () => {
    const sample = fc.tuple(fc.constantFrom('', '1:', '2:', '3:'), fc.constantFrom(...'abc'));
    const samples = fc.array(
      sample.map(([key, text]) => key + text),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(fc.array(samples, { maxLength: 2 }), samples, (inputs, output) => {
        const { unchanged, paired } = byKey(inputs, output);
        if ('conflict' in paired) return;
        const all = [...inputs.flat(), ...output];
        for (const pair of picture(paired, all).split(' ').filter(Boolean)) {
          const [made = '', from = ''] = pair.split('<');
          assert.equal(made.split(':')[0], from.split(':')[0]);
          assert.ok(output.includes(made) && inputs.flat().includes(from) && !inputs.flat().includes(made));
          // Only one sample of that key on each side.
          const key = `${from.split(':')[0] ?? ''}:`;
          const holders = (rows: string[]) => new Set(rows.filter((row) => row.startsWith(key)));
          assert.deepEqual([holders(inputs.flat()).size, holders(output).size], [1, 1]);
        }
        const result = stepCounts(unchanged, paired);
        assert.equal(result.out, result.unchanged + result.changed + result.added);
        for (const count of Object.values(result)) assert.ok(count >= 0 && count <= 16);
        assert.equal(result.in, inputs.flat().length);
      }),
    );
  });
});

describe('samples that are compared by their text', () => {
  it('are taken once, with the first row and the number of those that hold them', () => {
    const files = [fileOf(['x', 'a', 'a']), fileOf(['b', 'a'])];
    const { places, copies } = distinctSamples(files, [Uint32Array.of(1, 2), Uint32Array.of(0, 1)]);
    assert.deepEqual(places, [
      { input: 0, row: 1 },
      { input: 1, row: 0 },
    ]);
    assert.deepEqual([...copies], [3, 1]);
  });

  it('count as changed in each row that holds them', () => {
    const unchanged = unchangedOf([['a', 'a', 'b']], ['A', 'B', 'B']);
    const from = distinctSamples(unchanged.inputs, unchanged.leftInputs);
    const to = distinctSamples([unchanged.output], [unchanged.leftOutput]);
    const changed = changedSamples(from, to, [
      { input: 0, output: 0 },
      { input: 1, output: 1 },
    ]);
    assert.equal(picture(changed, [...'abAB']), 'A<a B<b');
    assert.deepEqual(stepCounts(unchanged, changed), {
      in: 3,
      out: 3,
      unchanged: 0,
      changed: 3,
      added: 0,
      dropped: 1,
    });
  });
});
