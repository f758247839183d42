import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import type { DatasetJson, VerifyJson } from '../../../src/cli/json.ts';
import { dataFolder, skipWithout } from '../../support/vectors.ts';
import { randomNumbers } from '../../support/randomNumbers.ts';
import { buildPrograms, Sandbox } from './support.ts';

const DATASET = dataFolder('gsm8k/train.jsonl');

/** A line of the edited file: which signed sample it was, and what was done to it. */
interface Line {
  readonly text: string;
  /** Position of the sample in the signed order, from 1. */
  readonly position: number;
  readonly edit?: 'modified' | 'repeated' | 'swapped';
}

const SWAPS = { adjacent: 1, near: 7, distant: 3000 } as const;
const REPEATS = { 'right after': 1, 'far after': 900, 'far before': -900 } as const;

type Random = (below: number) => number;

/**
 * The acceptance case of the product: in a signed dataset, one character changes in three lines, one line is deleted,
 * one repeated, two change places. `verify` names exactly these lines.
 */
describe('an edited copy of a real dataset', skipWithout(DATASET), () => {
  let sandbox: Sandbox;
  let signed: string[];

  before(async () => {
    sandbox = new Sandbox(await buildPrograms());
    const text = readFileSync(DATASET, 'utf8');
    signed = text.split('\n').slice(0, -1);
    sandbox.write('train.jsonl', text);
    assert.equal((await sandbox.provenance('keygen', '--trust', '--name', 'anna@example.org')).code, 0);
    assert.equal((await sandbox.provenance('sign', 'train.jsonl')).code, 0);
  });

  const combinations = Object.entries(SWAPS).flatMap(([swap, distance]) =>
    Object.entries(REPEATS).map(([repeat, offset]) => ({ swap, distance, repeat, offset })),
  );
  for (const [nth, { swap, distance, repeat, offset }] of combinations.entries()) {
    test(`${swap} lines swapped, one repeated ${repeat} itself`, async () => {
      const random = randomNumbers(nth + 1);
      await assertNamed(edit(signed, distance, offset, random), ({ text }) => text);
      // Others, with every line written differently, which changes bytes but no sample.
      await assertNamed(edit(signed, distance, offset, random), ({ text }) => rewritten(text, random));
    });
  }

  test('every line written differently', async () => {
    const random = randomNumbers(7);
    sandbox.write('train.jsonl', `${signed.map((line) => rewritten(line, random)).join('\r\n')}\r\n`);
    const { fine, datasets } = (await sandbox.json('verify', 'train.jsonl')) as VerifyJson;
    assert.equal(datasets[0]?.verdict, 'reformatted');
    assert.equal(fine, true);
  });

  async function assertNamed(edited: readonly Line[], write: (line: Line) => string): Promise<void> {
    sandbox.write('train.jsonl', `${edited.map(write).join('\n')}\n`);
    const { fine, datasets } = (await sandbox.json('verify', 'train.jsonl')) as VerifyJson;
    const [found] = datasets;
    assert.ok(found);
    assert.equal(fine, false);
    assert.deepEqual(summaryOf(found), expected(edited, signed.length));
  }
});

function summaryOf({
  verdict,
  samples,
  counts,
  modified,
  added,
  removed,
  moved,
  ...rest
}: DatasetJson): object {
  const { untrusted, unsigned, revoked, unknown, malformed } = rest;
  const others = [...untrusted, ...unsigned, ...revoked, ...unknown, ...malformed];
  return { verdict, samples, verified: counts.verified, modified, added, removed, moved, others };
}

function expected(edited: readonly Line[], signedCount: number): object {
  const lines = edited.map((line, index) => ({ ...line, line: index + 1 }));
  const present = new Set(lines.map(({ position }) => position));
  const removed = Array.from({ length: signedCount }, (_, i) => i + 1).filter(
    (position) => !present.has(position),
  );
  const modified = lines.filter((line) => line.edit === 'modified');
  // Of equal lines the first one in the file is the signed one, wherever it stands.
  const added = lines.filter((line) => line.edit === 'repeated').slice(1);
  return {
    verdict: 'changed',
    samples: edited.length,
    verified: edited.length - modified.length - added.length,
    modified: modified.map(({ line }) => line),
    added: added.map(({ line }) => line),
    removed: removed.map((position) => ({ position })),
    moved: lines
      .filter((line) => line.edit === 'swapped')
      .map(({ line, position }) => ({ line, from: position })),
    others: [],
  };
}

/** Three lines modified, one deleted, one repeated, two swapped: none next to another. */
function edit(signed: readonly string[], distance: number, offset: number, random: Random): Line[] {
  const lines: Line[] = signed.map((text, index) => ({ text, position: index + 1 }));
  const taken: number[] = [];
  const pick = (from: number, to: number): number => {
    for (;;) {
      const index = from + random(to - from);
      if (taken.some((other) => Math.abs(other - index) < 4)) continue;
      taken.push(index);
      return index;
    }
  };
  const first = pick(10, lines.length - distance - 10);
  const second = first + distance;
  taken.push(second);
  // Far enough from both ends for its copy.
  const repeated = pick(1000, lines.length - 1000);
  taken.push(repeated + offset);
  for (let count = 0; count < 3; count++) {
    const index = pick(1, lines.length - 1);
    lines[index] = { ...lines[index]!, text: changed(lines[index]!.text, random), edit: 'modified' };
  }
  const deleted = pick(1, lines.length - 1);
  const [a, b] = [lines[first]!, lines[second]!];
  lines[first] = { ...b, edit: 'swapped' };
  lines[second] = { ...a, edit: 'swapped' };

  const copy: Line = { ...lines[repeated]!, edit: 'repeated' };
  lines[repeated] = copy;
  const withCopy = lines.flatMap((line, index) => {
    if (index === deleted) return [];
    return index === repeated + offset ? [copy, line] : [line];
  });
  return withCopy;
}

/** One letter of the question is another. */
function changed(text: string, random: Random): string {
  const start = text.indexOf(': "') + 3;
  for (;;) {
    const at = start + random(40);
    const letter = text[at]!;
    if (!/[a-z]/.test(letter)) continue;
    return text.slice(0, at) + (letter === 'x' ? 'y' : 'x') + text.slice(at + 1);
  }
}

/** The same record with its members in another order, other white space, and some characters as escapes. */
function rewritten(text: string, random: Random): string {
  const space = () => ' '.repeat(random(3));
  const members = Object.entries(JSON.parse(text) as Record<string, string>).map(([key, value]) => {
    const escaped = JSON.stringify(value).replace(/(?<!\\)[a-z](?=[ .])/g, (letter) =>
      random(3) > 0 ? letter : `\\u00${letter.charCodeAt(0).toString(16)}`,
    );
    return `${space()}"${key}"${space()}:${space()}${escaped}${space()}`;
  });
  if (random(2) === 0) members.reverse();
  return `${space()}{${members.join(',')}}${space()}`;
}
