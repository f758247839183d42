import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { DatasetJson, VerifyJson } from '../../../src/cli/json.ts';
import { buildPrograms, Sandbox } from './support.ts';

/** Large enough for threads and for the cache. */
const LINES = Array.from({ length: 60_000 }, (_, id) => JSON.stringify({ id, text: 'x'.repeat(150) }));

describe('files that are digested in threads', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = new Sandbox(await buildPrograms());
    await sandbox.provenance('keygen', '--trust', '--name', 'anna@example.org');
    // The second one has a blank line, for which all its samples have to be looked at.
    sandbox.write('plain.jsonl', `${LINES.join('\n')}\n`);
    sandbox.write('blank.jsonl', `${LINES.join('\n')}\n\n`);
    for (const name of ['plain', 'blank']) {
      const { code, stderr } = await sandbox.provenance('sign', `${name}.jsonl`);
      assert.deepEqual([code, stderr], [0, '']);
    }
  });

  async function verdict(file: string): Promise<DatasetJson> {
    const { datasets } = (await sandbox.json('verify', file)) as VerifyJson;
    return datasets[0]!;
  }

  /** What a report says, without what differs between the files. */
  function comparable({ path, sha256, baseline, statements, log, ...report }: DatasetJson): unknown {
    assert.ok(path && sha256 && baseline !== undefined);
    return {
      ...report,
      log: [log?.standing, log?.size, log?.problems],
      statements: statements.map(({ kind, samples, decides, standing }) => ({
        kind,
        samples,
        decides,
        standing,
      })),
    };
  }

  /** A report without when the log was last looked at. */
  function timeless({ log, ...report }: DatasetJson): unknown {
    return { ...report, log: { ...log, seen: undefined } };
  }

  test('an intact file is reported the same whether its samples are looked at or not', async () => {
    const [plain, blank] = [await verdict('plain.jsonl'), await verdict('blank.jsonl')];
    assert.equal(plain.verdict, 'intact');
    assert.equal(plain.counts.verified, LINES.length);
    assert.deepEqual(comparable(plain), comparable(blank));
    const texts = await Promise.all(
      ['plain', 'blank'].map(async (name) => {
        const { stdout, code } = await sandbox.provenance('verify', `${name}.jsonl`);
        return [code, stdout.replaceAll(name, 'NAME').replace(/\d{4}-\S+Z/g, 'TIME')];
      }),
    );
    assert.deepEqual(texts[0], texts[1]);
  });

  test('what is in the cache is reported as what is not', async () => {
    sandbox.write(
      'changed.jsonl',
      `${['{"new":1}', ...LINES.slice(0, 500), '{"x', ...LINES.slice(501)].join('\n')}\n`,
    );
    writeFileSync(
      sandbox.path('.provenance/changed.jsonl.intoto.jsonl'),
      readFileSync(sandbox.path('.provenance/plain.jsonl.intoto.jsonl')),
    );
    const cache = join(sandbox.home, '.cache/dataset-provenance/digests');
    const entries = () => readdirSync(cache).filter((name) => name.endsWith('.digests'));
    const before = entries();
    const first = await verdict('changed.jsonl');
    assert.equal(first.verdict, 'changed');
    assert.deepEqual([first.added, first.malformed.map(({ line }) => line)], [[1], [502]]);
    const [entry, ...others] = entries().filter((name) => !before.includes(name));
    assert.ok(entry !== undefined && others.length === 0);
    assert.deepEqual(timeless(await verdict('changed.jsonl')), timeless(first));
    writeFileSync(join(cache, entry), 'damaged');
    assert.deepEqual(timeless(await verdict('changed.jsonl')), timeless(first));
  });

  test('a flag is found in an intact file', async () => {
    const options = ['--category', 'pii', '--severity', 'low', '--reason', 'r'];
    await sandbox.provenance('flag', 'plain.jsonl', '--lines', '40000', ...options);
    for (const name of ['plain', 'blank']) {
      const { verdict: whole, flagged, reviews } = await verdict(`${name}.jsonl`);
      assert.deepEqual([whole, flagged, reviews.map(({ line }) => line)], ['intact', 1, [40_000]]);
    }
  });

  test('the program works by a link, and from elsewhere', async () => {
    const { code, stdout } = await sandbox.shell(
      'program="$(sed -n "s/.*\\" \\"\\(.*\\)\\" .*/\\1/p" "$(command -v provenance)")" && ' +
        'cp -r "$(dirname "$program")" copy && ln -s copy/provenance.mjs link.mjs && ' +
        'PROVENANCE_CACHE=off node link.mjs verify changed.jsonl | head -n 1',
    );
    assert.deepEqual([code, stdout], [0, 'changed.jsonl: changed\n']);
  });
});
