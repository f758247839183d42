import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sha256 } from '../../../src/core/bytes/sha256.ts';
import { toHex } from '../../../src/core/bytes/hex.ts';
import { LineCounter } from '../../../src/core/sample/lines.ts';
import { merkleRoot } from '../../../src/core/merkle/tree.ts';
import { SampleDigester } from '../../../src/core/sample/sampleDigester.ts';
import { cacheFolder, DigestCache, userDigestCache } from '../../../src/platform/digestCache.node.ts';
import { digestFile, type DigestedFile } from '../../../src/platform/digestFile.node.ts';
import { cachedMerkleRoot } from '../../../src/platform/merkleRoot.node.ts';
import { fastSha256 } from '../../../src/platform/sha256.node.ts';
import { temporaryFolder, until } from '../../support/processes.ts';

const folder = temporaryFolder('provenance-cache');

function digested(text: string): DigestedFile {
  const bytes = Buffer.from(text);
  const digester = new SampleDigester();
  const counter = new LineCounter();
  digester.push(bytes);
  counter.push(bytes);
  return { samples: digester.finish(), lines: counter.lines, lineCount: counter.editorLines };
}

function found({ samples, lines, lineCount }: DigestedFile) {
  const { digests, malformed, lines: lineOfSample, ...rest } = samples;
  return {
    ...rest,
    lines,
    lineCount,
    digests: toHex(digests),
    lineOfSample: lineOfSample && [...lineOfSample],
    malformed: [...malformed],
  };
}

describe('the cache of digests', () => {
  test('gives back what was put, blank lines and malformed samples included', async () => {
    const cache = new DigestCache(join(folder, 'same'));
    for (const text of [
      '',
      '[1]\n[2]',
      '\n[1]\n\n',
      '{"a":1,"a":2}\n[1]\nNaN\n \n"\ud800"\n',
      'x\n'.repeat(3000),
    ]) {
      const file = digested(text);
      await cache.put(file);
      const got = await cache.get(file.samples.sha256);
      assert.deepEqual(got && found(got), found(file), JSON.stringify(text));
    }
    assert.equal(await cache.get('0'.repeat(64)), undefined);
  });

  test('an entry of which any bit was changed, or that was cut off, is none', async () => {
    const path = join(folder, 'damaged');
    const cache = new DigestCache(path);
    const file = digested('[1]\n\n{"a":1,"a":2}\n');
    await cache.put(file);
    const entry = join(path, readdirSync(path)[0]!);
    const intact = readFileSync(entry);
    for (let at = 0; at < intact.length; at++) {
      const damaged = Buffer.from(intact);
      damaged[at]! ^= 1 << (at % 8);
      writeFileSync(entry, damaged);
      assert.equal(await cache.get(file.samples.sha256), undefined, `byte ${String(at)}`);
      writeFileSync(entry, intact.subarray(0, at));
      assert.equal(await cache.get(file.samples.sha256), undefined, `cut off at ${String(at)}`);
    }
    writeFileSync(entry, intact);
    assert.ok(await cache.get(file.samples.sha256));
  });

  test('says that none of the digests is one that is looked for, read in pieces', async () => {
    const path = join(folder, 'search');
    const cache = new DigestCache(path);
    const file = digested(Array.from({ length: 70_000 }, (_, id) => `{"id":${id}}\n`).join(''));
    await cache.put(file);
    const { sha256: name, digests, count } = file.samples;
    const lookFor = (row: number | undefined) => {
      const wanted = row === undefined ? 'none' : toHex(digests.subarray(32 * row, 32 * row + 32));
      return (packed: Uint8Array, i: number) => toHex(packed.subarray(32 * i, 32 * i + 32)) === wanted;
    };
    assert.equal(await cache.holdsNone(name, lookFor(undefined)), true);
    for (const row of [0, 32_767, 32_768, 40_000, count - 1]) {
      assert.equal(await cache.holdsNone(name, lookFor(row)), false, String(row));
    }
    assert.equal(await cache.holdsNone('0'.repeat(64), lookFor(undefined)), undefined);
    const [entry = ''] = readdirSync(path);
    const bytes = readFileSync(join(path, entry));
    for (const damage of [bytes.length - 1, bytes.length - 5, 1_500_000, 20, 3]) {
      writeFileSync(
        join(path, entry),
        bytes.map((byte, at) => (at === damage ? byte ^ 1 : byte)),
      );
      assert.equal(await cache.holdsNone(name, lookFor(undefined)), undefined, String(damage));
    }
    for (const length of [0, 5, 100, bytes.length - 1]) {
      writeFileSync(join(path, entry), bytes.subarray(0, length));
      assert.equal(await cache.holdsNone(name, lookFor(undefined)), undefined, String(length));
    }
  });

  test('what was not used for longest makes room', async () => {
    const path = join(folder, 'bounded');
    const cache = new DigestCache(path, 2000);
    const files = ['a', 'b', 'c'].map((letter) => digested(`"${letter}"\n`.repeat(20)));
    const names = files.map(({ samples }) => samples.sha256);
    await cache.put(files[0]!);
    await cache.put(files[1]!);
    for (const [i, name] of [names[0]!, names[1]!].entries()) {
      utimesSync(join(path, `${name}.digests`), 1000 + i, 1000 + i);
    }
    await cache.get(names[0]!);
    await cache.put(files[2]!);
    const kept = await Promise.all(names.map(async (name) => (await cache.get(name)) !== undefined));
    assert.deepEqual(kept, [true, false, true]);
    await cache.put(digested('[1]\n'.repeat(100)));
    assert.equal(readdirSync(path).length, 2, 'what is larger than all the room is not kept');
  });

  test('that cannot be written is no error', async () => {
    writeFileSync(join(folder, 'file'), '');
    const cache = new DigestCache(join(folder, 'file', 'cache'));
    const file = digested('[1]\n');
    await cache.put(file);
    assert.equal(await cache.get(file.samples.sha256), undefined);
  });

  test('keeps the roots of leaves, and believes no damaged one', async () => {
    const path = join(folder, 'roots');
    const cache = new DigestCache(path);
    const root = cachedMerkleRoot(cache);
    const leaves = Buffer.concat(Array.from({ length: 40_000 }, (_, i) => sha256(Buffer.from(String(i)))));
    const expected = toHex(merkleRoot(leaves, fastSha256));
    const entry = join(path, `${toHex(sha256(leaves))}.root`);
    assert.equal(toHex(await root(leaves)), expected);
    await until(() => existsSync(entry));
    assert.equal(toHex((await cache.getRoot(sha256(leaves)))!), expected);
    const intact = readFileSync(entry);
    for (let at = 0; at < intact.length; at++) {
      const damaged = Buffer.from(intact);
      damaged[at]! ^= 1;
      writeFileSync(entry, damaged);
      assert.equal(await cache.getRoot(sha256(leaves)), undefined);
    }
    assert.equal(toHex(await root(leaves)), expected);
    // It is kept again, which nobody waits for.
    await until(() => readFileSync(entry).equals(intact));
    // An entry that says something else shows that it is asked.
    await cache.putRoot(sha256(leaves), sha256(leaves));
    assert.equal(toHex(await root(leaves)), toHex(sha256(leaves)));
  });

  test('serves a large file that was digested before, whatever it is called', async () => {
    const cache = new DigestCache(join(folder, 'large'));
    const text = `${'{"text":"'.padEnd(1000, 'x')}"}\n\n`.repeat(9000);
    const bytes = Buffer.from(text);
    const [first, second] = [join(folder, 'first.jsonl'), join(folder, 'second.jsonl')] as const;
    writeFileSync(first, bytes);
    writeFileSync(second, bytes);
    const { version: _, ...fresh } = await digestFile(first, { cache });
    const name = toHex(sha256(bytes));
    await until(() => readdirSync(join(folder, 'large')).includes(`${name}.digests`));
    const kept = await cache.get(name);
    assert.deepEqual(kept && found(kept), found(fresh));

    // An entry that says something else shows that it is asked.
    const other = digested('[1]\n');
    await cache.put({ ...other, samples: { ...other.samples, sha256: name } });
    assert.equal((await digestFile(second, { cache })).samples.count, 1);
  });

  test('lies where the system keeps such things, and can be turned off', () => {
    assert.equal(cacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux', '/h'), '/x/dataset-provenance');
    assert.equal(cacheFolder({ XDG_CACHE_HOME: 'x' }, 'linux', '/h'), '/h/.cache/dataset-provenance');
    assert.equal(cacheFolder({}, 'darwin', '/h'), '/h/Library/Caches/dataset-provenance');
    assert.equal(cacheFolder({ LOCALAPPDATA: '/l' }, 'win32', '/h'), '/l/dataset-provenance');
    assert.equal(userDigestCache({ PROVENANCE_CACHE: 'off' }), undefined);
    assert.ok(userDigestCache({}));
  });
});
