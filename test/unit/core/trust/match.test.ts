import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchRows, ROW, type RowMatch } from '../../../../src/core/trust/match.ts';
import { sha256 } from '../../../../src/core/bytes/sha256.ts';
import { DigestTable } from '../../../../src/core/sample/digest.ts';
import { Leaves } from '../../../../src/core/trust/scope.ts';

/** Rows and leaves as words of letters, one letter a sample; `!` is a malformed row. */
function picture(leaves: string, rows: string): string {
  const match = matchRows(toRows(rows), pack(leaves));
  const kinds = kindsOf(match, rows.length).map((kind, row) => {
    const leaf = match.leafOf(row);
    switch (kind) {
      case ROW.inPlace:
        return '=';
      case ROW.moved:
        return '~';
      case ROW.modified:
        return leaves[leaf]!.toUpperCase();
      case ROW.added:
        return '+';
      case ROW.copy:
        return '2';
      case ROW.malformed:
        return '!';
      default:
        return '?';
    }
  });
  const removed = [...match.removed].map((leaf) => leaves[leaf]);
  return `${kinds.join('')} -${removed.join('')}`;
}

function kindsOf(match: RowMatch, count: number): number[] {
  return Array.from({ length: count }, (_, row) => match.kindOf(row));
}

function leavesOf(match: RowMatch, count: number): number[] {
  return Array.from({ length: count }, (_, row) => match.leafOf(row));
}

function digest(letter: string): Uint8Array {
  return sha256(new TextEncoder().encode(letter));
}

function pack(letters: string): Uint8Array {
  const packed = new Uint8Array(letters.length * 32);
  [...letters].forEach((letter, i) => {
    if (letter !== '!') packed.set(digest(letter), i * 32);
  });
  return packed;
}

function toRows(letters: string) {
  const malformed = new Set([...letters].flatMap((letter, i) => (letter === '!' ? [i] : [])));
  return { count: letters.length, digests: pack(letters), malformed };
}

// A capital letter in the picture is the leaf that was signed in place of a modified row.
const CASES: [name: string, leaves: string, rows: string, expected: string][] = [
  ['unchanged', 'abcdef', 'abcdef', '====== -'],
  ['nothing signed', '', 'ab', '++ -'],
  ['nothing left', 'ab', '', ' -ab'],
  ['one modified', 'abcdef', 'abXdef', '==C=== -'],
  ['several modified side by side', 'abcdef', 'aXYZef', '=BCD== -'],
  ['all modified', 'abc', 'XYZ', 'ABC -'],
  ['one added', 'abcdef', 'abcXdef', '===+=== -'],
  ['added at the ends', 'abc', 'XabcY', '+===+ -'],
  ['one removed', 'abcdef', 'abdef', '===== -c'],
  ['removed at the ends', 'abcdef', 'bcde', '==== -af'],
  ['more rows than leaves in a gap: added and removed', 'abcd', 'aXYcd', '=++== -b'],
  ['fewer rows than leaves in a gap', 'abcde', 'aXe', '=+= -bcd'],
  ['two gaps are judged apart', 'abcdef', 'aXcdeYZ', '=B===++ -f'],
  ['neighbours swapped', 'abcdef', 'abdcef', '==~~== -'],
  ['swapped at a distance of two', 'abcdef', 'adcbef', '=~=~== -'],
  ['swapped far apart', 'abcdefgh', 'gbcdefah', '~=====~= -'],
  ['one row moved down', 'abcdefgh', 'acdefbgh', '=====~== -'],
  ['one row moved up', 'abcdefgh', 'afbcdegh', '=~====== -'],
  ['reversed', 'abcde', 'edcba', '~~=~~ -'],
  ['swap around a modified row', 'abcdef', 'aeXdbf', '=~C=~= -'],
  ['swapped neighbours beside a modified row', 'abcdef', 'acbXef', '=~~D== -'],
  ['repeated right after', 'abcdef', 'abccdef', '===2=== -'],
  ['repeated far after', 'abcdef', 'abcdebf', '=====2= -'],
  ['repeated before: the second one in the file is the copy', 'abcdef', 'aebcdef', '=====2= -'],
  ['repeated twice', 'abc', 'aabac', '=2=2= -'],
  ['signed twice, stands twice', 'abab', 'abab', '==== -'],
  ['signed twice, one gone', 'abcabd', 'bcabd', '===== -a'],
  ['signed three times, the middle one gone', 'aXaYa', 'aXYa', '==== -a'],
  ['signed twice, one edited', 'abbc', 'abXc', '==B= -'],
  ['all copies of one', 'aaaa', 'aaaaaa', '====22 -'],
  ['fewer copies than signed', 'aaaa', 'aa', '== -aa'],
  ['edited into a copy of a neighbour takes its place', 'abcd', 'aacd', '=B== -'],
  ['copy and modified row in one gap', 'abcdef', 'abXadef', '==C2=== -'],
  ['malformed in place of a leaf', 'abcd', 'a!cd', '=!== -'],
  ['malformed inserted', 'abcd', 'ab!cd', '==!== -'],
  ['malformed beside a row that was not signed', 'abcd', 'aX!cd', '=+!== -'],
  ['malformed, added and copied in one gap', 'abcd', 'aXc!ea', '=B=!+2 -'],
  ['two malformed inserted beside a modified row', 'abcd', 'aX!!cd', '=B!!== -'],
  ['malformed at the end of everything', 'ab', 'ab!', '==! -'],
  ['only malformed rows', 'ab', '!!', '!! -'],
];

for (const [name, leaves, rows, expected] of CASES) {
  test(name, () => {
    assert.equal(picture(leaves, rows), expected);
  });
}

test('three modified, one removed, one repeated, two swapped', () => {
  // b, h and m changed; e removed; j repeated after k; c and o swapped.
  assert.equal(picture('abcdefghijklmnop', 'aXodfgYijkjlZncp'), '=B~===H===2=M=~= -e');
});

const letters = fc.array(fc.constantFrom(...'abcdefghij'), { maxLength: 30 }).map((list) => list.join(''));

test('property: every row and every leaf is accounted for exactly once', () => {
  fc.assert(
    fc.property(letters, letters, fc.array(fc.nat(29), { maxLength: 3 }), (leaves, text, bad) => {
      const rows = [...text].map((letter, i) => (bad.includes(i) ? '!' : letter)).join('');
      const match = matchRows(toRows(rows), pack(leaves));
      const used = new Set<number>();
      leavesOf(match, rows.length).forEach((leaf, row) => {
        const kind = match.kindOf(row);
        if (leaf === -1) {
          assert.ok(kind === ROW.added || kind === ROW.copy || kind === ROW.malformed);
          return;
        }
        assert.ok(!used.has(leaf), 'a leaf is used once');
        used.add(leaf);
        if (kind === ROW.inPlace || kind === ROW.moved) assert.equal(rows[row], leaves[leaf]);
        else assert.notEqual(rows[row] === '!' ? undefined : ROW.copy, kind);
      });
      for (const leaf of match.removed) {
        assert.ok(!used.has(leaf), 'a removed leaf is not used');
        used.add(leaf);
      }
      assert.equal(used.size, leaves.length);
    }),
    { numRuns: 2000 },
  );
});

test('property: as many rows are matched as the multisets share, the first of equal ones', () => {
  fc.assert(
    fc.property(letters, letters, (leaves, rows) => {
      const match = matchRows(toRows(rows), pack(leaves));
      for (const letter of new Set(rows)) {
        const signed = [...leaves].filter((leaf) => leaf === letter).length;
        const kinds = kindsOf(match, rows.length).filter((_, row) => rows[row] === letter);
        const matched = kinds.map((kind) => kind === ROW.inPlace || kind === ROW.moved);
        assert.equal(matched.filter(Boolean).length, Math.min(signed, kinds.length));
        assert.deepEqual(
          matched,
          [...matched].sort((a, b) => Number(b) - Number(a)),
          'the first ones',
        );
      }
    }),
    { numRuns: 2000 },
  );
});

test('property: a permutation has nothing but moved rows, and the identity none', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...'abcdefghijklmnop'], { minLength: 16 }), (shuffled) => {
      const match = matchRows(toRows(shuffled.join('')), pack('abcdefghijklmnop'));
      assert.equal(match.removed.length, 0);
      const kept = leavesOf(match, 16).filter((_, row) => match.kindOf(row) === ROW.inPlace);
      assert.deepEqual(
        kept,
        [...kept].sort((a, b) => a - b),
        'rows in place are in the signed order',
      );
    }),
    { numRuns: 1000 },
  );
});

test('property: edits of distinct samples are told exactly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 30, max: 60 }), fc.integer(), (size, seed) => {
      const random = generator(seed);
      // Places at least three apart, so that no gap holds two kinds of edits.
      const slots = [...Array(Math.floor(size / 3)).keys()].map((slot) => slot * 3 + 1);
      const picked = Array.from(
        { length: 7 },
        () => slots.splice(Math.floor(random() * slots.length), 1)[0]!,
      );
      const [m1, m2, m3, gone, repeated, s1, s2] = picked as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const leaves = Array.from({ length: size }, (_, i) => `leaf ${String(i)}`);
      const rows = leaves.map((text, i) => ({ text, expected: 'same', i }));
      for (const at of [m1, m2, m3])
        rows[at] = { text: `changed ${String(at)}`, expected: 'modified', i: at };
      const [a, b] = [rows[s1]!, rows[s2]!];
      rows[s1] = { ...b, expected: 'moved' };
      rows[s2] = { ...a, expected: 'moved' };
      const copy = { ...rows[repeated]!, expected: 'copy' };
      const edited = rows.flatMap((row, i) => (i === gone ? [] : i === repeated ? [row, copy] : [row]));
      const packed = (texts: string[]) => {
        const out = new Uint8Array(texts.length * 32);
        texts.forEach((text, i) => {
          out.set(sha256(new TextEncoder().encode(text)), i * 32);
        });
        return out;
      };
      const match = matchRows(
        { count: edited.length, digests: packed(edited.map(({ text }) => text)), malformed: new Set() },
        packed(leaves),
      );
      const names = ['same', 'moved', 'modified', 'added', 'copy', 'malformed'];
      assert.deepEqual(
        kindsOf(match, edited.length).map((kind) => names[kind]),
        edited.map(({ expected }) => expected),
      );
      assert.deepEqual([...match.removed], [gone]);
    }),
    { numRuns: 500 },
  );
});

test('leaves are found alike by a table of them and by looking for the few that are asked for', () => {
  const texts = Array.from({ length: 200 }, (_, i) => `leaf ${String(i % 150)}`);
  const packed = (list: string[]) =>
    Buffer.concat(list.map((text) => sha256(new TextEncoder().encode(text))));
  const asked = packed(['leaf 3', 'no leaf', 'leaf 149']);
  const leaves = new Leaves(packed(texts));
  for (let pass = 0; pass < 12; pass++) {
    const has = leaves.lookup(new DigestTable(asked));
    assert.deepEqual(
      [0, 1, 2].map((index) => has(asked, index)),
      [true, false, true],
    );
  }
});

/** A small seeded generator (mulberry32). */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
