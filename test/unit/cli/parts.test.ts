import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nearest, parseArguments } from '../../../src/cli/arguments.ts';
import { formatRanges, listLines, parseLines, toRanges } from '../../../src/cli/lines.ts';
import { progressOf } from '../../../src/cli/terminal.ts';
import { ProvenanceError } from '../../../src/core/errors.ts';

describe('lines', () => {
  test('are read and written as numbers and ranges', () => {
    assert.deepEqual(parseLines('3, 7-9'), [
      { from: 3, to: 3 },
      { from: 7, to: 9 },
    ]);
    assert.equal(formatRanges([...toRanges([1, 2, 3, 5, 8, 9])]), '1-3,5,8-9');
    for (const wrong of ['', '0', '-1', '3-', '9-7', '1,,2', '1;2', 'x', '1e3', '1'.repeat(20)]) {
      assert.throws(() => parseLines(wrong), ProvenanceError, wrong);
    }
  });

  test('lists for people say how many more there are', () => {
    assert.equal(listLines([1, 3, 4, 5, 7, 9, 10], 2), '1, 3-5 and 3 more');
    assert.equal(listLines([1, 3], 2), '1, 3');
    assert.equal(listLines([]), '');
  });
});

test('progress is drawn on a terminal, now and then, and erased', async () => {
  let drawn = '';
  const stderr = { write: (text: string) => (drawn += text), isTTY: true };
  const progress = progressOf({ stdout: stderr, stderr, env: {}, signal: AbortSignal.abort() }, 'a\u001bb');
  progress.onProgress(1, 100);
  assert.equal(drawn, '');
  await sleep(120);
  progress.onProgress(42, 100);
  progress.onProgress(43, 100);
  progress.done();
  assert.equal(drawn, '\ra\\u001Bb  42 %\u001b[K\r\u001b[K');
});

describe('arguments', () => {
  const specs = {
    name: { type: 'string' },
    file: { type: 'string', multiple: true },
    all: { type: 'boolean' },
  } as const;

  test('are options and operands in any order', () => {
    const { options, operands } = parseArguments(specs, [
      'a',
      '--name=-x',
      '--file',
      'b',
      '--all',
      '--file=c',
      '--',
      '--d',
    ]);
    assert.deepEqual(options, { name: '-x', file: ['b', 'c'], all: true });
    assert.deepEqual(operands, ['a', '--d']);
  });

  for (const [given, sentence] of [
    ['--nam', 'There is no option --nam; did you mean --name?'],
    ['-n', 'There is no option -n.'],
    ['--constructor', 'There is no option --constructor.'],
    ['--__proto__', 'There is no option --__proto__.'],
    ['--name', '--name needs a value.'],
    ['--all=1', '--all takes no value.'],
  ] as const) {
    test(given, () => {
      assert.throws(() => parseArguments(specs, [given]), { code: 'invalid-argument', message: sentence });
    });
  }

  test('a typing mistake is found, and a different word is none', () => {
    const commands = ['keygen', 'sign', 'verify', 'flag', 'show'];
    assert.equal(nearest('vrify', commands), 'verify');
    assert.equal(nearest('sgin', commands), 'sign');
    assert.equal(nearest('flags', commands), 'flag');
    assert.equal(nearest('export', commands), undefined);
    assert.equal(nearest('', commands), undefined);
  });
});
