import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseStatement } from '../../../src/core/evidence/statement.ts';
import { evidencePaths } from '../../../src/core/evidence/layout.ts';
import { stepsOf } from '../../../src/core/lineage/step.ts';
import { remoteUri } from '../../../src/platform/gitCommit.node.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import {
  hashFile,
  prepareStep,
  prepareStepOf,
  readStepFile,
  type RecordingContext,
} from '../../../src/platform/recordStep.node.ts';
import type { StepRequest } from '../../../src/protocol/lineageWorker.ts';
import { temporaryFolder } from '../../support/processes.ts';

const context: RecordingContext = { files: nodeFileStore() };
const root = temporaryFolder('provenance-steps').replaceAll('\\', '/');
let folders = 0;

/** A folder of its own with two files in it. */
function workspace(input: string, output: string): { folder: string; request: StepRequest } {
  const folder = `${root}/${++folders}`;
  mkdirSync(`${folder}/out`, { recursive: true });
  writeFileSync(`${folder}/in.jsonl`, input);
  writeFileSync(`${folder}/out/made.jsonl`, output);
  return {
    folder,
    request: {
      inputs: [`${folder}/in.jsonl`],
      output: `${folder}/out/made.jsonl`,
      kind: 'map',
      finishedOn: '2026-10-12T09:30:00Z',
    },
  };
}

const INPUT = '{"id":1,"t":"a"}\n{"id":2,"t":"b"}\n';
const OUTPUT = '{"id":1,"t":"A"}\n{"id":2,"t":"b"}\n';

describe('preparing a step', () => {
  it('gives the statement, and keeps leaves and map beside the output before anything is signed', async () => {
    const { folder, request } = workspace(INPUT, OUTPUT);
    const prepared = await prepareStep({ ...request, pairing: { by: 'position' } }, context);
    const parsed = parseStatement(prepared.payload);
    assert.ok(parsed.kind === 'step');
    assert.deepEqual(stepsOf(parsed), [prepared.step]);
    const { output, inputs, map } = prepared.step;
    assert.deepEqual(prepared.counts, { in: 2, out: 2, unchanged: 1, changed: 1, added: 0, dropped: 0 });
    assert.deepEqual([map?.pairing, map?.pairs], ['position', 1]);
    const paths = evidencePaths(request.output);
    for (const samples of [output.samples, inputs[0]?.samples])
      assert.ok(existsSync(paths.leaves(samples!.root)));
    assert.ok(existsSync(paths.map(map!.sha256)));
    assert.ok(!existsSync(paths.bundle));
    assert.deepEqual(readdirSync(folder).sort(), ['in.jsonl', 'out']);
  });

  it('names files as they are seen from the working folder, and of others says only the name', async () => {
    const { folder, request } = workspace(INPUT, OUTPUT);
    const inside = await prepareStep({ ...request, workingFolder: folder }, context);
    assert.deepEqual([inside.step.inputs[0]?.name, inside.step.output.name], ['in.jsonl', 'made.jsonl']);
    const above = await prepareStep({ ...request, workingFolder: root }, context);
    assert.equal(above.step.inputs[0]?.name, `${String(folders)}/in.jsonl`);
    const outside = await prepareStep(request, context);
    assert.equal(outside.step.inputs[0]?.name, 'in.jsonl');
  });

  it('refuses what was written to since it was read, and writes nothing then', async () => {
    const { request } = workspace(INPUT, OUTPUT);
    const input = await readStepFile(request.inputs[0]!, context);
    const output = await readStepFile(request.output, context);
    appendFileSync(input.path, '{"id":3}\n');
    await assert.rejects(prepareStepOf(request, [input], output, context), { code: 'changed-while-reading' });
    assert.ok(!existsSync(evidencePaths(request.output).folder));
  });

  it('says what is wrong with a request', async () => {
    const { request } = workspace(INPUT, OUTPUT);
    const rejected = (more: Partial<StepRequest>) =>
      assert.rejects(prepareStep({ ...request, ...more }, context), { code: 'invalid-argument' });
    await rejected({ kind: 'magic' });
    await rejected({ inputs: [] });
    await rejected({ inputs: [request.output] });
    await rejected({ pairing: { by: 'key' } });
    await rejected({ pairing: { by: 'key', key: 'id' } });
    await rejected({ pairing: { by: 'key', key: '' } });
    await assert.rejects(prepareStep({ ...request, inputs: [join(root, 'none')] }, context), {
      code: 'not-found',
    });
  });

  it('stops when it is told to', async () => {
    const { request } = workspace(INPUT, OUTPUT);
    await assert.rejects(prepareStep(request, { ...context, signal: { aborted: true } }), {
      code: 'cancelled',
    });
  });

  it('takes an output without samples: all were dropped', async () => {
    const { request } = workspace(INPUT, '\n');
    const { counts, step } = await prepareStep({ ...request, kind: 'filter' }, context);
    assert.deepEqual(counts, { in: 2, out: 0, unchanged: 0, changed: 0, added: 0, dropped: 2 });
    assert.equal(step.output.samples?.count, 0);
  });

  it('hashes a file as digesting it does', async () => {
    const { request } = workspace(INPUT, OUTPUT);
    const { samples } = await readStepFile(request.output, context);
    assert.equal(await hashFile(request.output, {}), samples.sha256);
  });
});

describe('a git remote', () => {
  it('is named without what may be a secret or says only where it lies on this machine', () => {
    const uris: Record<string, string | undefined> = {
      'https://host.example/team/code.git': 'git+https://host.example/team/code.git',
      'https://user:token@host.example:8443/code?key=1#x': 'git+https://host.example:8443/code',
      'git@host.example:team/code.git': 'git+ssh://host.example/team/code.git',
      'host.example:/srv/code.git': 'git+ssh://host.example/srv/code.git',
      'ssh://git@host.example:22/code': 'git+ssh://host.example:22/code',
      'git+https://user@host.example/code': 'git+https://host.example/code',
      '/home/someone/code': undefined,
      '../code': undefined,
      'file:///home/someone/code': undefined,
      'C:\\code': undefined,
      'ext::sh -c evil': undefined,
      '': undefined,
    };
    assert.deepEqual(
      Object.fromEntries(Object.keys(uris).map((remote) => [remote, remoteUri(remote)])),
      uris,
    );
  });
});
