import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { evidencePaths } from '../../../src/core/evidence/layout.ts';
import { ed25519Signer } from '../../../src/core/evidence/signer.ts';
import type { LogState } from '../../../src/core/log/logState.ts';
import { formatAllowedSigner, parseAllowedSigners } from '../../../src/core/trust/allowedSigners.ts';
import { ScopeLoader } from '../../../src/core/trust/scope.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import { NodeLogMemory } from '../../../src/platform/logMemory.node.ts';
import { bundled, start, temporaryFolder, until } from '../../support/processes.ts';

const CHILD = join(import.meta.dirname, 'logAppender.child.ts');
const KILLS = 15;
const NAMES = ['ann', 'bob'];
const keyOf = (name: string) =>
  ed25519Signer(new Uint8Array(createHash('sha256').update(name).digest())).publicKey;
const { entries: signers } = parseAllowedSigners(
  NAMES.map((name) => formatAllowedSigner({ principal: name, key: keyOf(name) })).join('\n'),
  'allowed_signers',
);

async function look(dataset: string, memory: string): Promise<LogState> {
  const loader = new ScopeLoader(
    nodeFileStore(),
    undefined,
    undefined,
    undefined,
    undefined,
    new NodeLogMemory(memory),
  );
  const scope = await loader.loadStatements({ dataset, bundles: [], advisories: [], signers });
  return scope.logs.get(evidencePaths(dataset).bundle)!;
}

test(
  `${KILLS} kills at random moments: nothing reported is missing, and nothing looks removed`,
  {
    timeout: 120_000,
  },
  async () => {
    const folder = temporaryFolder('log-crash');
    const program = await bundled(CHILD, folder);
    const dataset = join(folder, 'train.jsonl');
    const memory = join(folder, 'memory');
    const { bundle, checkpoint, folder: evidence } = evidencePaths(dataset);
    const launch = (number: number) => start(program, dataset, memory, NAMES[number % 2]!);
    const running = [launch(0), launch(1)];
    const reported = new Set<string>();
    const standings = new Set<string>();

    for (let kill = 0; kill < KILLS; kill++) {
      const victim = running.shift()!;
      // It has to append again after each kill of the other: a lock that stays, or a log that looks removed, shows here.
      const before = victim.lines().length;
      await until(() => victim.lines().length > before);
      await sleep(Math.random() * 40);
      victim.process.kill('SIGKILL');
      assert.equal(await victim.ended, 'SIGKILL', victim.errors());
      for (const child of [victim, ...running]) for (const digest of child.lines()) reported.add(digest);
      const other = running.shift()!;
      other.process.kill('SIGKILL');
      await other.ended;
      for (const digest of other.lines()) reported.add(digest);

      const present = new Set(
        readFileSync(bundle, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line) => createHash('sha256').update(line).digest('hex')),
      );
      for (const digest of reported) assert.ok(present.has(digest), `kill ${kill}: ${digest} was lost`);
      const state = await look(dataset, memory);
      standings.add(state.standing);
      assert.ok(['complete', 'unsigned'].includes(state.standing), `kill ${kill}: ${JSON.stringify(state)}`);
      assert.ok((state.checkpoint?.size ?? 0) >= state.size - 1, 'at most the last line is not signed');
      running.push(launch(kill), launch(kill + 1));
    }
    for (const child of running) {
      child.process.kill('SIGKILL');
      await child.ended;
    }

    // The next one to come finds no obstacle, and tidies up.
    const last = start(program, dataset, memory, 'ann', '1');
    assert.equal(await last.ended, 0, last.errors());
    assert.equal((await look(dataset, memory)).standing, 'complete');
    assert.deepEqual(
      readdirSync(evidence).sort(),
      [bundle, checkpoint, `${checkpoint}.sig`].map((path) => path.slice(evidence.length + 1)).sort(),
    );
  },
);

test('two writers at once: both are in the log, which is complete', async () => {
  const folder = temporaryFolder('log-writers');
  const program = await bundled(CHILD, folder);
  const dataset = join(folder, 'train.jsonl');
  const memory = join(folder, 'memory');
  const children = NAMES.map((name) => start(program, dataset, memory, name, '10'));
  for (const child of children) assert.equal(await child.ended, 0, child.errors());
  const state = await look(dataset, memory);
  assert.deepEqual([state.standing, state.size, state.problems], ['complete', 20, []]);
});
