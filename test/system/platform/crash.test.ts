import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseBundle } from '../../../src/core/evidence/bundle.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import { bytesOf } from '../../unit/core/evidence/support.ts';
import { bundled, start, temporaryFolder, until } from '../../support/processes.ts';

const KILLS = 40;

/**
 * Two processes append to one bundle; one after the other is killed at a random moment and replaced. After each kill,
 * every line that was reported is in the bundle, in which there is nothing else but whole lines.
 */
test(`${KILLS} kills at random moments lose and tear nothing`, { timeout: 120_000 }, async () => {
  const folder = temporaryFolder('crash');
  const program = await bundled(join(import.meta.dirname, 'appender.child.ts'), folder);
  const path = join(folder, 'evidence', 'bundle');
  const launch = () => start(program, path, 'crash');
  const running = [launch(), launch()];
  const reported = new Set<string>();
  const present = new Set<string>();
  let seen = Buffer.alloc(0);

  for (let kill = 0; kill < KILLS; kill++) {
    const victim = running.shift()!;
    // It has to append again after each kill of the other: a lock that stays would be found here.
    const before = victim.lines().length;
    await until(() => victim.lines().length > before);
    const delay = Math.random() * 25;
    await sleep(delay);
    victim.process.kill('SIGKILL');
    assert.equal(await victim.ended, 'SIGKILL', victim.errors());
    running.push(launch());
    const moment = `kill ${kill}, after ${delay} ms`;

    for (const child of [victim, ...running]) for (const digest of child.lines()) reported.add(digest);
    const bytes = readFileSync(path);
    assert.equal(bytes.at(-1), 0x0a, moment);
    assert.ok(bytes.subarray(0, seen.length).equals(seen), `${moment}: what stood there was changed`);
    const { entries, problems } = parseBundle(bytes.subarray(seen.length));
    assert.deepEqual(problems, [], moment);
    for (const { envelopeDigest } of entries) present.add(envelopeDigest);
    for (const digest of reported) assert.ok(present.has(digest), `${moment}: ${digest} was lost`);
    seen = bytes;
  }
  for (const child of running) {
    child.process.kill('SIGKILL');
    await child.ended;
  }

  // The next one to come finds no obstacle, and tidies up.
  await nodeFileStore().appendLine(path, bytesOf('{}'));
  assert.deepEqual(readdirSync(join(folder, 'evidence')), ['bundle']);
});
