import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseBundle } from '../../../src/core/evidence/bundle.ts';
import { bundled, start, temporaryFolder } from '../../support/processes.ts';

test('two processes: 200 appends each, 400 lines', { timeout: 60_000 }, async () => {
  const root = temporaryFolder('two-writers');
  const program = await bundled(join(import.meta.dirname, 'appender.child.ts'), root);
  const [folder, meeting] = [join(root, 'evidence'), join(root, 'meeting')];
  mkdirSync(meeting);
  const path = join(folder, 'file');
  const children = ['one', 'two'].map((name) => start(program, path, name, '200', meeting));
  for (const child of children) assert.equal(await child.ended, 0, child.errors());
  const { entries, problems } = parseBundle(readFileSync(path));
  assert.deepEqual(problems, []);
  assert.deepEqual(
    entries.map(({ envelopeDigest }) => envelopeDigest).sort(),
    children.flatMap((child) => child.lines()).sort(),
  );
  assert.equal(new Set(readFileSync(path, 'utf8').split('\n')).size, 401);
  assert.deepEqual(readdirSync(folder), ['file']);
  // They took turns: otherwise this shows nothing.
  const first = new Set(children[0]!.lines());
  const turns = entries.filter((entry, at) => {
    const next = entries[at + 1];
    return next && first.has(entry.envelopeDigest) !== first.has(next.envelopeDigest);
  });
  assert.ok(turns.length > 2, `${turns.length} turns`);
});
