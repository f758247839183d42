import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fingerprint, formatSshPublicKey } from '../../../../src/core/evidence/sshKey.ts';
import { sha256 } from '../../../../src/core/bytes/sha256.ts';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import { parseAllowedSigners } from '../../../../src/core/trust/allowedSigners.ts';
import { distrustKey, replaceKey } from '../../../../src/core/trust/editAllowedSigners.ts';
import { applyRevocations, keyDigestOf } from '../../../../src/core/trust/revocations.ts';
import type { StatementInScope } from '../../../../src/core/trust/scope.ts';
import { signersOf } from '../../../../src/core/trust/signers.ts';
import { trustEffect } from '../../../../src/core/trust/trustEffect.ts';
import { signer, World } from '../../../support/judged.ts';

const keyOf = (name: string) => toHex(sha256(signer(name).publicKey.blob));
const line = (name: string, options = '') =>
  `${name} ${options}${options === '' ? '' : ' '}${formatSshPublicKey(signer(name).publicKey)}`;
const NOW = Date.UTC(2026, 10, 25);
const DAY = 24 * 60 * 60 * 1000;

async function statementsOf(world: World, trust: string): Promise<readonly StatementInScope[]> {
  const { statements } = await world.loader.loadStatements({
    dataset: '/w/train.jsonl',
    bundles: ['/w/.provenance/other.jsonl.intoto.jsonl'],
    advisories: [],
    signers: parseAllowedSigners(trust, '/u').entries,
  });
  return statements;
}

/** "dataset anna trusted": each statement in a line. */
function standings(statements: readonly StatementInScope[]): string[] {
  return statements.map(
    ({ statement, principal, standing, revocation }) =>
      `${statement.kind} ${principal ?? '?'} ${standing}${revocation ? ` by ${revocation.principal ?? '?'}` : ''}`,
  );
}

describe('revocations', () => {
  test('a fingerprint is the digest that revocations name', () => {
    assert.equal(keyDigestOf(signer('anna').keyId), keyOf('anna'));
    assert.equal(keyDigestOf(fingerprint(signer('bert').publicKey)), keyOf('bert'));
    for (const bad of ['', 'SHA256:', `SHA256:${'A'.repeat(42)}`, `MD5:${'A'.repeat(43)}`]) {
      assert.equal(keyDigestOf(bad), undefined);
    }
  });

  test('say who took it back, when and why', async () => {
    const world = new World().text('a b');
    await world.signDataset('anna');
    await world.revoke('bert', keyOf('anna'), '2025-01-01T00:00:00Z');
    const [signed, revocation] = await statementsOf(world, `${line('anna')}\n${line('bert')}`);
    assert.deepEqual(signed?.revocation, {
      envelopeDigest: revocation?.envelopeDigest,
      keyId: signer('bert').keyId,
      principal: 'bert',
      time: '2026-01-01T00:01:00Z',
      reason: 'test',
      since: '2025-01-01T00:00:00Z',
      wholeKey: true,
    });
    assert.equal(signed.standing, 'revoked');
  });

  test('of a key count from a date on', async () => {
    const world = new World().text('a b');
    await world.signDataset('anna');
    await world.signLines('anna', [1]);
    await world.revoke('bert', keyOf('anna'), '2026-01-01T00:01:00Z');
    assert.deepEqual(standings(await statementsOf(world, `${line('anna')}\n${line('bert')}`)), [
      'dataset anna trusted',
      'sample anna revoked by bert',
      'revocation bert trusted',
    ]);
  });

  test('of a stranger count only for what the stranger signed', async () => {
    const world = new World().text('a b');
    await world.signDataset('anna');
    await world.signLines('carl', [1]);
    await world.revoke('carl', keyOf('anna'));
    await world.revoke('carl', keyOf('carl'));
    assert.deepEqual(standings(await statementsOf(world, line('anna'))).slice(0, 2), [
      'dataset anna trusted',
      'sample ? revoked by ?',
    ]);
  });

  test('a flag is not taken back by a key that was itself taken back', async () => {
    const world = new World().text('a b');
    const flag = await world.review('anna', [1], 'flagged');
    await world.signDataset('anna');
    // A thief with bert's key takes back all that anna signed.
    await world.revoke('bert', keyOf('anna'));
    const trust = `${line('anna')}\n${line('bert')}\n${line('dora')}`;
    assert.deepEqual(standings(await statementsOf(world, trust)).slice(0, 2), [
      'review anna revoked by bert',
      'dataset anna revoked by bert',
    ]);
    await world.revoke('dora', keyOf('bert'));
    assert.deepEqual(standings(await statementsOf(world, trust)).slice(0, 2), [
      'review anna trusted',
      'dataset anna revoked by bert',
    ]);
    await world.revoke('dora', flag);
    assert.equal(standings(await statementsOf(world, trust))[0], 'review anna revoked by dora');
  });

  test('whoever takes back their own key does not take back their flags, and can take back one', async () => {
    const world = new World().text('a b');
    const flag = await world.review('anna', [1], 'flagged');
    await world.signDataset('anna');
    await world.revoke('anna', keyOf('anna'));
    assert.deepEqual(standings(await statementsOf(world, line('anna'))).slice(0, 2), [
      'review anna trusted',
      'dataset anna revoked by anna',
    ]);
    const other = new World().text('a b');
    assert.equal(await other.review('anna', [1], 'flagged'), flag);
    await other.revoke('anna', flag);
    assert.equal(standings(await statementsOf(other, line('anna')))[0], 'review anna revoked by anna');
  });

  test('applied again they change nothing', async () => {
    const world = new World().text('a b');
    await world.signDataset('anna');
    await world.revoke('anna', keyOf('anna'));
    const statements = await statementsOf(world, line('anna'));
    assert.deepEqual(applyRevocations(statements), statements);
  });
});

describe('signers', () => {
  async function signers(world: World, trust: string, now = NOW) {
    const statements = await statementsOf(world, trust);
    return signersOf(statements, parseAllowedSigners(trust, '/u').entries, now);
  }

  test('those that signed come first, then those that are trusted only', async () => {
    const world = new World().text('a b c').text('d e', '/w/other.jsonl');
    await world.signDataset('anna');
    await world.signDataset('anna', '/w/other.jsonl');
    await world.review('carl', [2], 'flagged');
    const [anna, carl, bert, ...rest] = await signers(world, `# us\n${line('bert')}\n${line('anna')}`);
    assert.deepEqual(rest, []);
    assert.equal(anna?.state, 'trusted');
    assert.deepEqual(anna.names, ['anna']);
    assert.deepEqual(anna.byKind, { dataset: 2 });
    assert.deepEqual(
      anna.datasets.map(({ dataset, statements, line: at }) => [dataset, statements, at]),
      [
        ['/w/other.jsonl', 1, 1],
        ['/w/train.jsonl', 1, 1],
      ],
    );
    assert.deepEqual(
      anna.lines.map(({ path, line: at, effect }) => [path, at, effect]),
      [['/u', 3, 'trusts']],
    );
    assert.equal(anna.keyType, 'ssh-ed25519');
    assert.equal(anna.lastSeen, '2026-01-01T00:01:00Z');
    assert.deepEqual([carl?.state, carl?.names, carl?.byKind], ['untrusted', [], { review: 1 }]);
    assert.deepEqual([bert?.state, bert?.statements, bert?.lastSeen], ['trusted', 0, undefined]);
  });

  test('say what a key is worth now, and why', async () => {
    const world = new World().text('a b');
    await world.signDataset('anna');
    const stateOf = async (trust: string) => {
      const [anna] = await signers(world, trust);
      return [anna?.state, anna?.endsSoon, anna?.lines.map(({ effect }) => effect).join()];
    };
    assert.deepEqual(await stateOf(''), ['untrusted', false, '']);
    assert.deepEqual(await stateOf(line('anna')), ['trusted', false, 'trusts']);
    assert.deepEqual(await stateOf(line('anna', 'valid-before="20270301Z"')), ['trusted', false, 'trusts']);
    assert.deepEqual(await stateOf(line('anna', 'valid-before="20261220Z"')), ['trusted', true, 'trusts']);
    assert.deepEqual(await stateOf(line('anna', 'valid-before="20261120Z"')), ['ended', false, 'ended']);
    assert.deepEqual(await stateOf(line('anna', 'valid-after="20261220Z"')), ['not-yet', false, 'not-yet']);
    assert.deepEqual(await stateOf(line('anna', 'namespaces="git"')), [
      'untrusted',
      false,
      'other-namespace',
    ]);
    assert.deepEqual(await stateOf(line('anna', 'cert-authority')), ['untrusted', false, 'authority']);
    const both = `${line('anna', 'valid-before="20261220Z"')}\n${line('anna')}`;
    assert.deepEqual(await stateOf(both), ['trusted', false, 'trusts,trusts']);
  });

  test('a revoked key is revoked from its date on', async () => {
    const world = new World().text('a b');
    await world.signDataset('anna');
    await world.revoke('bert', keyOf('anna'), '2026-12-01T00:00:00Z');
    const trust = `${line('anna')}\n${line('bert')}`;
    const stateAt = async (now: number) =>
      (await signers(world, trust, now)).find(({ names }) => names.includes('anna'))?.state;
    assert.equal(await stateAt(NOW), 'trusted');
    assert.equal(await stateAt(NOW + 7 * DAY), 'revoked');
  });

  test('what was changed after it was signed is nobody’s', async () => {
    const world = new World().text('a b');
    await world.signDataset('anna');
    const path = '/w/.provenance/train.jsonl.intoto.jsonl';
    const text = new TextDecoder().decode(world.files.files.get(path));
    await world.files.write(path, new TextEncoder().encode(text.replace(/"sig":"..../, '"sig":"AAAA')));
    assert.deepEqual(await signers(world, ''), []);
  });
});

describe('the effect of a change', () => {
  test('counts what changes, by dataset', async () => {
    const world = new World().text('a b c').text('d e', '/w/other.jsonl');
    await world.signDataset('anna');
    await world.signDataset('anna');
    const flag = await world.review('carl', [2], 'flagged');
    await world.review('anna', [2], 'cleared', { supersedes: flag });
    await world.signDataset('bert', '/w/other.jsonl');
    const before = await statementsOf(world, `${line('anna')}\n${line('bert')}`);
    const after = await statementsOf(world, line('bert'));
    assert.deepEqual(trustEffect(before, after), {
      statements: 3,
      datasets: [
        {
          dataset: '/w/train.jsonl',
          changes: [{ from: 'trusted', to: 'untrusted', statements: 3, samples: 3 }],
          vouched: { before: true, after: false },
          flagsLost: 0,
          clearingsLost: 1,
        },
      ],
    });
    assert.deepEqual(trustEffect(after, after), { statements: 0, datasets: [] });
  });

  test('the preview of an edit is what grading finds after it', async () => {
    const names = ['anna', 'bert', 'carl'];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 0, max: 3 })), { maxLength: 8 }),
        fc.array(
          fc.tuple(
            fc.constantFrom(...names),
            fc.constantFrom('', 'namespaces="git"', 'valid-before="20260101000200Z"'),
          ),
          { maxLength: 5 },
        ),
        fc.constantFrom(...names),
        fc.integer({ min: -1, max: 8 }),
        async (actions, trust, name, minute) => {
          const world = new World().text('a b c').text('d e', '/w/other.jsonl');
          for (const [who, action] of actions) {
            if (action === 0) await world.signDataset(who);
            if (action === 1) await world.signDataset(who, '/w/other.jsonl');
            if (action === 2) await world.review(who, [1], 'flagged');
            if (action === 3) await world.revoke(who, keyOf(who), '2026-01-01T00:03:00Z');
          }
          const text = `# people\n${trust.map(([who, options]) => line(who, options)).join('\n')}\n`;
          const file = { path: '/u', bytes: new TextEncoder().encode(text) };
          const next = signer('next');
          const edit =
            minute < 0
              ? distrustKey(file, signer(name).keyId)
              : replaceKey(
                  file,
                  signer(name).keyId,
                  { key: next.publicKey, keyId: next.keyId },
                  Date.UTC(2026, 0, 1, 0, minute),
                );
          if (!edit) return;
          const edited = new TextDecoder().decode(edit.edited);
          const before = await statementsOf(world, text);
          const preview = trustEffect(before, await statementsOf(world, edited));
          // A window that was not open before, and reads the file as it is then.
          const fresh = new World();
          for (const [path, bytes] of world.files.files) await fresh.files.write(path, bytes);
          const after = await statementsOf(fresh, edited);
          const changed = before.filter(({ standing }, at) => after[at]?.standing !== standing);
          assert.equal(preview.statements, new Set(changed.map((s) => s.envelopeDigest)).size);
          for (const { dataset, changes } of preview.datasets) {
            for (const { from, to, statements } of changes) {
              const found = before.filter(
                (s, at) => s.dataset === dataset && s.standing === from && after[at]?.standing === to,
              );
              assert.equal(statements, found.length);
            }
          }
          const counted = preview.datasets.flatMap(({ changes }) => changes.map((c) => c.statements));
          assert.equal(
            counted.reduce((sum, count) => sum + count, 0),
            changed.length,
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
