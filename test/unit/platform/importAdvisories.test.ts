import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serializeEnvelope, signEnvelope } from '../../../src/core/evidence/dsse.ts';
import { PAYLOAD_TYPE } from '../../../src/core/evidence/predicates.ts';
import { advisoryStatement, sampleStatement, statementBytes } from '../../../src/core/evidence/statement.ts';
import { importAdvisories } from '../../../src/platform/importAdvisories.node.ts';
import { signer } from '../../support/judged.ts';
import { MemoryFiles } from '../../support/memoryFiles.ts';

const subjects = [{ name: 'train.jsonl#1', sha256: 'ab'.repeat(32) }];
const TARGET = '/w/.provenance/advisories/acme.intoto.jsonl';

async function envelope(payload: Uint8Array): Promise<string> {
  return new TextDecoder().decode(
    serializeEnvelope(await signEnvelope(payload, PAYLOAD_TYPE, signer('acme'))),
  );
}

function advisory(id: string): Promise<string> {
  return envelope(
    statementBytes(
      advisoryStatement(subjects, {
        id,
        title: `About ${id}`,
        category: 'poisoning',
        severity: 'high',
        timeCreated: '2026-01-01T00:00:00Z',
      }),
    ),
  );
}

async function filesWith(text: string): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  await files.write('/in/acme.intoto.jsonl', new TextEncoder().encode(text));
  return files;
}

const read = async (files: MemoryFiles, path: string) => new TextDecoder().decode(await files.read(path));

test('Advisories are added as they were signed, each once', async () => {
  const [first, second] = [await advisory('A-1'), await advisory('A-2')];
  const files = await filesWith(`${first}\r\n\r\n${second}`);
  const imported = await importAdvisories(files, ['/in/acme.intoto.jsonl'], '/w');
  assert.deepEqual(
    imported.advisories.map(({ id, samples, added, keyId }) => [id, samples, added, keyId]),
    [
      ['A-1', 1, true, signer('acme').keyId],
      ['A-2', 1, true, signer('acme').keyId],
    ],
  );
  assert.equal(await read(files, TARGET), `${first}\n${second}\n`);
  const again = await importAdvisories(files, ['/in/acme.intoto.jsonl'], '/w');
  assert.deepEqual(
    again.advisories.map(({ added }) => added),
    [false, false],
  );
  assert.equal(await read(files, TARGET), `${first}\n${second}\n`);
});

test('What is no advisory is left out and told; a file of nothing else is refused', async () => {
  const other = await envelope(
    statementBytes(
      sampleStatement(subjects, { dataset: 'train.jsonl', timeCreated: '2026-01-01T00:00:00Z' }),
    ),
  );
  const good = await advisory('A-1');
  const files = await filesWith(`{"torn\n${other}\n${good}\n`);
  const imported = await importAdvisories(files, ['/in/acme.intoto.jsonl'], '/w');
  assert.deepEqual(
    imported.problems.map(({ line }) => line),
    [1],
  );
  assert.equal(await read(files, TARGET), `${good}\n`);
  for (const text of ['', 'hello', other]) {
    await assert.rejects(importAdvisories(await filesWith(text), ['/in/acme.intoto.jsonl'], '/w'), {
      code: 'invalid-statement',
    });
  }
  await assert.rejects(importAdvisories(files, ['/in/gone'], '/w'), { code: 'not-found' });
});
