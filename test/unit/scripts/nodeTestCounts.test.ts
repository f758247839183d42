/** The counts decide what `npm test` says: nothing that failed, crashed or did not run may look like success. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';

const reporter = new URL('../../../scripts/lib/nodeTestCounts.mjs', import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), 'counts-'));
after(() => {
  rmSync(folder, { recursive: true });
});

function counts(source: string): unknown {
  const file = join(folder, 'a.test.mjs');
  writeFileSync(file, `import { before, describe, it, test } from 'node:test';\n${source}`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env; // Else it would report to us.
  const args = ['--test', `--test-reporter=${reporter}`, '--test-reporter-destination=stdout', file];
  return JSON.parse(spawnSync(process.execPath, args, { env, encoding: 'utf8' }).stdout);
}

describe('the counts of node:test', () => {
  it('are those of tests, not of suites', () => {
    assert.deepEqual(
      counts(`
        test('passes', () => {});
        describe('suite', () => {
          it('passes', () => {});
          it('fails', () => { throw new Error(); });
          it.skip('is skipped', () => {});
        });`),
      { passed: 2, failed: 1, skipped: 1 },
    );
  });

  it('include a hook that fails', () => {
    const { failed } = counts(`
      describe('suite', () => {
        before(() => { throw new Error(); });
        it('never runs', () => {});
      });`) as { failed: number };
    assert.ok(failed > 0);
  });

  it('include a file that crashes', () => {
    assert.deepEqual(counts('throw new Error()'), { passed: 0, failed: 1, skipped: 0 });
  });

  it('leave out a file without tests', () => {
    assert.deepEqual(counts(''), { passed: 0, failed: 0, skipped: 0 });
  });
});
