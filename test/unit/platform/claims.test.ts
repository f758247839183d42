import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { FileStore } from '../../../src/core/bytes/fileStore.ts';
import { ClaimFinder } from '../../../src/platform/claims.node.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';

const CARD = '---\nsource_datasets:\n- owner/source\n---\n# Card\n';

describe('ClaimFinder', () => {
  const root = mkdtempSync(join(tmpdir(), 'provenance-claims-'));
  after(() => rmSync(root, { recursive: true, force: true }));

  function folder(name: string, files: Readonly<Record<string, string>>): string {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name, path)), { recursive: true });
      writeFileSync(join(root, name, path), text);
    }
    return join(root, name);
  }

  /** A store that tells which files were read. */
  function watched(): { store: FileStore; reads: string[] } {
    const store = nodeFileStore();
    const reads: string[] = [];
    return {
      reads,
      store: {
        ...store,
        read(path, maxBytes) {
          reads.push(path);
          return store.read(path, maxBytes);
        },
      },
    };
  }

  const outputs = async (finder: ClaimFinder, ...folders: string[]) =>
    (await finder.find(folders)).claims.map(({ output }) => output.path?.slice(root.length + 1)).sort();

  it('finds what claims lineage in the folders and below, and what it is about', async () => {
    const first = folder('first', {
      'README.md': CARD,
      'a.jsonl': '{}\n',
      'deep/b.parquet': '',
      'deep/pipeline/dvc.lock':
        "schema: '2.0'\nstages: {s: {deps: [{path: in.csv}], outs: [{path: ../../out.csv}]}}\n",
      'notes.txt': CARD,
    });
    const second = folder('second', { 'sub/README.md': CARD, 'sub/c.ndjson': '{}\n', 'd.jsonl': '{}\n' });
    assert.deepEqual(await outputs(new ClaimFinder(nodeFileStore()), first, second), [
      'first/a.jsonl',
      'first/deep/b.parquet',
      'first/out.csv',
      'second/sub/c.ndjson',
    ]);
  });

  it('leaves to a card further down what that one is about', async () => {
    const both = folder('both', {
      'README.md': CARD,
      'a.jsonl': '',
      'inner/README.md': CARD.replace('owner', 'other'),
      'inner/b.jsonl': '',
      'plain/README.md': '# No card',
      'plain/c.jsonl': '',
    });
    const { claims } = await new ClaimFinder(nodeFileStore()).find([both]);
    assert.deepEqual(claims.map(({ output, inputs }) => `${output.name} ← ${inputs[0]?.name ?? ''}`).sort(), [
      'a.jsonl ← owner/source',
      'b.jsonl ← other/source',
      'plain/c.jsonl ← owner/source',
    ]);
  });

  it('does not look into folders that are not the user’s data, nor follow links', async () => {
    const outside = folder('outside', { 'README.md': CARD, 'x.jsonl': '' });
    const hidden = folder('hidden', {
      'node_modules/p/README.md': CARD,
      'node_modules/p/x.jsonl': '',
      '.git/README.md': CARD,
      '.dvc/cache/README.md': CARD,
      '.provenance/README.md': CARD,
    });
    symlinkSync(outside, join(hidden, 'linked'));
    symlinkSync(join(outside, 'README.md'), join(hidden, 'README.md'));
    assert.deepEqual(await new ClaimFinder(nodeFileStore()).find([hidden]), { claims: [], problems: [] });
  });

  it('says what is wrong with one file, and reads the others', async () => {
    const mixed = folder('mixed', { 'dvc.lock': 'stages: [', 'README.md': CARD, 'a.jsonl': '' });
    const { claims, problems } = await new ClaimFinder(nodeFileStore()).find([mixed]);
    assert.equal(claims.length, 1);
    assert.deepEqual(
      problems.map(({ path, error }) => [path.slice(root.length), error.code]),
      [['/mixed/dvc.lock', 'invalid-claim']],
    );
  });

  it('reads again only what changed', async () => {
    const { store, reads } = watched();
    const finder = new ClaimFinder(store);
    const changing = folder('changing', {
      'README.md': CARD,
      'a.jsonl': '',
      'sub/README.md': CARD,
      'sub/b.jsonl': '',
    });
    assert.equal((await finder.find([changing])).claims.length, 2);
    reads.length = 0;
    assert.equal((await finder.find([changing])).claims.length, 2);
    assert.equal(reads.length, 0);
    folder('changing', { 'c.jsonl': '' });
    assert.deepEqual(await outputs(finder, changing), [
      'changing/a.jsonl',
      'changing/c.jsonl',
      'changing/sub/b.jsonl',
    ]);
    assert.ok(!reads.some((path) => path.includes('/sub/')));
    folder('changing', { 'sub/README.md': `${CARD}More.\n`.replace('owner', 'someone') });
    const { claims } = await finder.find([changing]);
    assert.ok(claims.some(({ inputs }) => inputs[0]?.name === 'someone/source'));
  });

  it('gives up when it is cancelled', async () => {
    const any = folder('any', { 'README.md': CARD });
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(new ClaimFinder(nodeFileStore()).find([any], controller.signal), {
      code: 'cancelled',
    });
  });
});
