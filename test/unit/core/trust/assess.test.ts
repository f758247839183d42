import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sha256 } from '../../../../src/core/bytes/sha256.ts';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import { evidencePaths } from '../../../../src/core/evidence/layout.ts';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import { signer, World } from '../../../support/judged.ts';

const BUNDLE = evidencePaths('/w/train.jsonl').bundle;

describe('the status of a sample', () => {
  test('unsigned: nothing covers it, and its dataset is not signed', async () => {
    const world = new World().text('a b');
    assert.equal(await world.picture(), 'unsigned: unsigned unsigned');
  });

  test('verified: a trusted signer vouches for it', async () => {
    const world = new World().trusted('ann').text('a b');
    await world.signDataset('ann');
    assert.equal(await world.picture(), 'intact: verified verified');
  });

  test('untrusted: the signature is valid, the signer is not trusted', async () => {
    const world = new World().trusted('ann').text('a b');
    await world.signDataset('eve');
    assert.equal(await world.picture(), 'intact: untrusted untrusted');
  });

  test('modified, added, removed', async () => {
    const world = new World().trusted('ann').text('a b c d e');
    await world.signDataset('ann');
    world.text('a X c d new e');
    assert.equal(await world.picture(), 'changed: verified modified verified verified added verified');
    world.text('a b d e');
    assert.equal(await world.picture(), 'subset: verified verified verified verified');
  });

  test('a further copy of a signed sample is added', async () => {
    const world = new World().trusted('ann').text('a b');
    await world.signDataset('ann');
    world.text('a b a');
    assert.equal(await world.picture(), 'changed: verified verified added');
  });

  test('malformed lines never stop the others', async () => {
    const world = new World().trusted('ann').text('a b');
    await world.signDataset('ann');
    world.text('a {"text":b {"text":');
    assert.equal(await world.picture(), 'changed: verified malformed malformed');
  });

  test('revoked: the statement was taken back by its own signer', async () => {
    const world = new World().trusted('ann').text('a b');
    const statement = await world.signDataset('ann');
    await world.revoke('ann', statement);
    assert.equal(await world.picture(), 'unsigned: revoked revoked');
  });

  test('revoked: a trusted signer may take back a key, a stranger may not', async () => {
    const world = new World().trusted('ann').trusted('bob').text('a');
    await world.signDataset('ann');
    const key = toHex(sha256(signer('ann').publicKey.blob));
    await world.revoke('eve', key);
    assert.equal(await world.picture(), 'intact: verified');
    await world.revoke('bob', key, '2026-06-01T00:00:00Z');
    assert.equal(await world.picture(), 'intact: verified', 'signed before that date');
    await world.revoke('bob', key, '2025-01-01T00:00:00Z');
    assert.equal(await world.picture(), 'unsigned: revoked');
  });

  test('revoked: a stranger’s signature does not cover it up', async () => {
    const world = new World().trusted('ann').text('a b');
    const statement = await world.signDataset('ann');
    await world.revoke('ann', statement);
    await world.signDataset('eve');
    assert.equal(await world.picture(), 'intact: revoked revoked');
    await world.signLines('ann', [1]);
    assert.equal(
      await world.picture(),
      'intact: verified revoked',
      'but a new one of a trusted signer counts',
    );
  });

  test('revoked: also where the envelope leaves out the public key that was taken back', async () => {
    const world = new World().trusted('ann').trusted('bob').text('a');
    await world.signDataset('ann');
    const line = new TextDecoder().decode(world.files.files.get(BUNDLE));
    await world.files.write(BUNDLE, new TextEncoder().encode(line.replace(/,?"publicKey":"[^"]*"/, '')));
    world.files.files.delete(BUNDLE.replace('.intoto.jsonl', '.checkpoint'));
    assert.equal(await world.picture(), 'intact: verified');
    await world.revoke('bob', toHex(sha256(signer('ann').publicKey.blob)));
    assert.equal(await world.picture(), 'unsigned: revoked');
  });

  test('revoked: the signer had expired', async () => {
    const world = new World().trusted('ann', 'valid-before="20250101Z"').text('a');
    await world.signDataset('ann');
    assert.equal(await world.picture(), 'unsigned: revoked');
  });

  test('unknown: the leaves are missing and the file has changed', async () => {
    const world = new World().trusted('ann').text('a b');
    await world.signDataset('ann');
    for (const path of world.files.files.keys())
      if (path.includes('/leaves/')) world.files.files.delete(path);
    assert.equal(await world.picture(), 'intact: verified verified', 'an intact file needs no leaves');
    world.text('a c');
    const { assessment, scope } = await world.judge();
    assert.equal(assessment.verdict, 'unknown');
    assert.deepEqual(
      scope.problems.map(({ error }) => error.code),
      ['leaves-missing'],
    );
    assert.equal(await world.picture(), 'unknown: unknown unknown');
  });

  test('unknown: damaged leaves are not believed', async () => {
    const world = new World().trusted('ann').text('a b');
    await world.signDataset('ann');
    for (const [path, bytes] of world.files.files) {
      if (path.includes('/leaves/'))
        await world.files.write(
          path,
          bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
        );
    }
    world.text('a c');
    assert.equal(await world.picture(), 'unknown: unknown unknown');
  });

  test('unknown: the evidence cannot be read', async () => {
    const world = new World().trusted('ann').text('a');
    await world.signDataset('ann');
    world.files.failing.set(BUNDLE, new ProvenanceError('permission-denied', 'no'));
    world.files.files.set(BUNDLE, new Uint8Array([...world.files.files.get(BUNDLE)!, 10]));
    assert.equal(await world.picture(), 'unknown: unknown');
  });

  test('unknown: signed with a key that is not known here', async () => {
    const world = new World().text('a');
    await world.signDataset('eve');
    const line = new TextDecoder().decode(world.files.files.get(BUNDLE));
    await world.files.write(BUNDLE, new TextEncoder().encode(line.replace(/,?"publicKey":"[^"]*"/, '')));
    assert.equal(await world.picture(), 'unknown: unknown');
  });
});

describe('which statement decides', () => {
  test('a row signed one by one is verified in a file that changed', async () => {
    const world = new World().trusted('ann').text('a b c');
    await world.signDataset('ann');
    world.text('a X c');
    await world.signLines('ann', [2]);
    assert.equal(await world.picture(), 'changed: verified verified verified');
  });

  test('a stranger’s signature does not make a changed row look less bad', async () => {
    const world = new World().trusted('ann').text('a b c');
    await world.signDataset('ann');
    world.text('a X c new');
    await world.signLines('eve', [2, 4]);
    await world.signDataset('eve');
    assert.equal(await world.picture(), 'changed: verified modified verified added');
  });

  test('where only strangers signed, their newest statement is what the file is compared with', async () => {
    const world = new World().text('a b');
    await world.signDataset('eve');
    world.text('a X');
    assert.equal(await world.picture(), 'changed: untrusted modified');
    await world.signDataset('mallory');
    assert.equal(await world.picture(), 'intact: untrusted untrusted');
  });

  test('signing the changed file again makes it intact', async () => {
    const world = new World().trusted('ann').text('a b');
    await world.signDataset('ann');
    world.text('a X');
    await world.signDataset('ann');
    assert.equal(await world.picture(), 'intact: verified verified');
    world.text('a b');
    assert.equal(await world.picture(), 'changed: verified verified', 'b: by the older statement');
  });

  test('a copy is verified once a trusted signer vouches for it after the dataset was signed', async () => {
    const world = new World().trusted('ann').text('a b');
    await world.signDataset('ann');
    world.text('a b a a');
    await world.signLines('ann', [3]);
    assert.equal(await world.picture(), 'changed: verified verified verified added');
  });

  test('another dataset of the workspace vouches row by row', async () => {
    const world = new World().trusted('ann').text('a b c d', '/w/raw/all.jsonl').text('c a x');
    await world.signDataset('ann', '/w/raw/all.jsonl');
    const bundles = [evidencePaths('/w/raw/all.jsonl').bundle];
    assert.equal(await world.picture({ bundles }), 'unsigned: verified verified unsigned');
    const { assessment, scope } = await world.judge({ bundles });
    assert.equal(scope.statements[assessment.coveredBy[0]!]!.dataset, '/w/raw/all.jsonl');
  });

  test('a torn line, an unknown predicate and a wrong signature are passed over and reported', async () => {
    const world = new World().trusted('ann').text('a');
    await world.signDataset('ann');
    const good = new TextDecoder().decode(world.files.files.get(BUNDLE));
    const forged = good.replace(/"sig":"(.)/, (_, first: string) => `"sig":"${first === 'A' ? 'B' : 'A'}`);
    await world.files.write(
      BUNDLE,
      new TextEncoder().encode(`${good}${forged}${good.slice(0, 40)}\n{"x":1}\n`),
    );
    const { scope } = await world.judge();
    assert.equal(await world.picture(), 'intact: verified');
    assert.deepEqual(scope.problems.map(({ line }) => line).sort(), [2, 3, 4]);
  });
});

describe('the verdict', () => {
  const cases: [name: string, now: string, expected: string][] = [
    ['intact', '{"text":"a"} {"text":"b"} {"text":"c"}', 'intact'],
    ['reformatted', '{"text":"\\u0061"} {"text":"b"} {"text":"c"}', 'reformatted'],
    ['reordered', '{"text":"b"} {"text":"a"} {"text":"c"}', 'reordered'],
    ['subset', '{"text":"c"} {"text":"a"}', 'subset'],
    ['changed', '{"text":"a"} {"text":"b"} {"text":"d"}', 'changed'],
  ];
  for (const [name, now, expected] of cases) {
    test(name, async () => {
      const world = new World().trusted('ann').text('a b c');
      await world.signDataset('ann');
      assert.equal((await world.text(now).judge()).assessment.verdict, expected);
    });
  }

  test('unsaved text that equals what was signed is not called intact', async () => {
    const world = new World().trusted('ann').text('a b');
    await world.signDataset('ann');
    assert.equal(await world.picture({ saved: false }), 'reformatted: verified verified');
  });
});

describe('reviews', () => {
  const start = async () => {
    const world = new World().trusted('ann').trusted('bob').text('a b');
    await world.signDataset('ann');
    return world;
  };

  test('flagged, then cleared by another trusted signer', async () => {
    const world = await start();
    const flag = await world.review('ann', [2], 'flagged');
    assert.equal(await world.picture(), 'intact: verified verified(flagged)');
    await world.review('bob', [2], 'cleared', { supersedes: flag });
    assert.equal(await world.picture(), 'intact: verified verified(cleared)');
  });

  test('a stranger can flag, but neither clear nor play down a flag', async () => {
    const world = await start();
    await world.review('eve', [1], 'flagged');
    const flag = await world.review('ann', [2], 'flagged');
    await world.review('eve', [2], 'cleared', { supersedes: flag });
    await world.review('eve', [2], 'flagged', { supersedes: flag, severity: 'low' });
    const { assessment } = await world.judge();
    assert.equal(await world.picture(), 'intact: verified(flagged?) verified(flagged)');
    assert.equal(assessment.reviews.get(1)?.severity, 'high');
    assert.equal(assessment.reviews.get(1)?.threads[0]?.reviews.length, 3, 'but it is seen');
  });

  test('a stranger can take back their own flag', async () => {
    const world = await start();
    const flag = await world.review('eve', [1], 'flagged');
    await world.review('eve', [1], 'cleared', { supersedes: flag });
    assert.equal(await world.picture(), 'intact: verified(cleared?) verified');
  });

  test('clearing one of two flags leaves the other', async () => {
    const world = await start();
    const first = await world.review('ann', [2], 'flagged');
    await world.review('bob', [2], 'flagged', { severity: 'low' });
    await world.review('ann', [2], 'cleared', { supersedes: first });
    const { assessment } = await world.judge();
    assert.deepEqual(
      [assessment.reviews.get(1)?.state, assessment.reviews.get(1)?.severity],
      ['flagged', 'low'],
    );
  });

  test('clearing names its samples: the other samples of the flag stay flagged', async () => {
    const world = await start();
    const flag = await world.review('ann', [1, 2], 'flagged');
    await world.review('ann', [1], 'cleared', { supersedes: flag });
    assert.equal(await world.picture(), 'intact: verified(cleared) verified(flagged)');
  });

  test('a reply keeps the flag open; the thread can still be cleared through the reply', async () => {
    const world = await start();
    const flag = await world.review('ann', [2], 'flagged');
    const reply = await world.review('bob', [2], 'flagged', { supersedes: flag });
    assert.equal(await world.picture(), 'intact: verified verified(flagged)');
    await world.review('ann', [2], 'cleared', { supersedes: reply });
    assert.equal(await world.picture(), 'intact: verified verified(cleared)');
  });

  test('a revoked flag counts no more; an expired signer’s does', async () => {
    const world = new World().trusted('ann').trusted('old', 'valid-before="20250101Z"').text('a b');
    const flag = await world.review('ann', [1], 'flagged');
    await world.review('old', [2], 'flagged');
    await world.revoke('ann', flag);
    assert.equal(await world.picture(), 'unsigned: unsigned unsigned(flagged?)');
  });

  test('a flag reaches every copy of the sample, from another dataset and from an advisory', async () => {
    const world = await start();
    await world.review('ann', [1], 'flagged', { dataset: '/w/other.jsonl' });
    await world.review('bob', [2], 'flagged', { dataset: '/w/x/advisory.jsonl' });
    const bundles = [evidencePaths('/w/other.jsonl').bundle];
    const advisories = [evidencePaths('/w/x/advisory.jsonl').bundle];
    assert.equal(await world.picture({ bundles, advisories }), 'intact: verified(flagged) verified(flagged)');
  });
});

test('property: content that changed is never verified', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 14 }),
      async (signed, now) => {
        const world = new World().trusted('ann').text(signed.map(String).join(' '));
        await world.signDataset('ann');
        world.text(now.length === 0 ? 'none' : now.map(String).join(' '));
        const statuses = (await world.picture()).replace(/^\w+: /, '').split(' ');
        const budget = new Map<number, number>();
        for (const value of signed) budget.set(value, (budget.get(value) ?? 0) + 1);
        now.forEach((value, i) => {
          const left = budget.get(value) ?? 0;
          assert.equal(statuses[i] === 'verified', left > 0, `row ${String(i)} of ${now.join(' ')}`);
          if (left > 0) budget.set(value, left - 1);
        });
      },
    ),
    { numRuns: 150, endOnFailure: true },
  );
});
