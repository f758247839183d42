import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SIGNER_STATES, type SignerSummary } from '../../../../src/core/trust/signers.ts';
import {
  signerChildren,
  signerContext,
  signerIcon,
  signerRoots,
} from '../../../../src/features/signers/model.ts';
import { explainEffect, explainLine, signerReasons } from '../../../../src/language/signers.ts';

const NOW = Date.UTC(2026, 10, 25);

function signer(parts: Partial<SignerSummary> = {}): SignerSummary {
  return {
    keyId: 'SHA256:aApxQYkXeY/46G7YvJ6gEkOEZE+7dEt+xndbIxD5EIg',
    names: ['anna'],
    state: 'trusted',
    lines: [{ path: '/u', line: 3, principals: 'anna', effect: 'trusts' }],
    endsSoon: false,
    statements: 1,
    byKind: { dataset: 1 },
    byStanding: { trusted: 1 },
    datasets: [{ dataset: '/w/a.jsonl', statements: 1, bundle: '/w/.provenance/a', line: 7 }],
    ...parts,
  };
}

const words = {
  reasons: signerReasons,
  line: (line: SignerSummary['lines'][number]) => explainLine(line, (path) => path),
};

/** The texts under a signer, with the lines that they lead to. */
function children(of: SignerSummary): string[] {
  return signerChildren({ kind: 'signer', keyId: of.keyId, signer: of }, words).map((node) => {
    if (node.kind === 'fact') return node.line ? `${node.text} -> ${node.line.line}` : node.text;
    return node.kind === 'dataset' ? `${node.signed.dataset} -> ${node.signed.line}` : node.kind;
  });
}

describe('the Signers tree', () => {
  test('shows those who signed one by one, the others together', () => {
    const idle = signer({ keyId: 'idle', statements: 0, datasets: [] });
    const roots = signerRoots([signer(), idle]);
    assert.deepEqual(
      roots.map(({ kind }) => kind),
      ['signer', 'idle'],
    );
    assert.deepEqual(
      signerChildren(roots[1]!, words).map((node) => node.kind === 'signer' && node.keyId),
      ['idle'],
    );
    assert.deepEqual(signerRoots([]), []);
  });

  test('says why, and leads to the line', () => {
    assert.deepEqual(children(signer()), ['Trusted by /u, line 3. -> 3', '/w/a.jsonl -> 7']);
    const revocation = {
      envelopeDigest: '',
      keyId: 'SHA256:other',
      principal: 'bert',
      time: '2026-11-12T10:00:00Z',
      reason: 'stolen\u202e',
      since: '2026-11-01T00:00:00Z',
      wholeKey: true,
    };
    const roles = ['curators'];
    const lines = [
      { path: '/u', line: 1, principals: 'anna', effect: 'ended', validBefore: NOW },
      { path: '/u', line: 2, principals: 'anna', effect: 'other-namespace', namespaces: 'git' },
      { path: '/v', line: 3, principals: 'anna', effect: 'not-yet', validAfter: NOW },
    ] as const;
    assert.deepEqual(children(signer({ state: 'revoked', revocation, roles, lines, datasets: [] })), [
      'The key of anna was revoked by bert on 2026-11-12: stolen\\u202E',
      'What it signed from 2026-11-01T00:00:00Z on does not vouch for anything.',
      'Roles by the policy: curators.',
      '/u, line 1: its validity ended on 2026-11-25 00:00 UTC. -> 1',
      '/u, line 2 names it for git only. -> 2',
      '/v, line 3: it is valid from 2026-11-25 00:00 UTC on. -> 3',
    ]);
    assert.deepEqual(children(signer({ state: 'untrusted', lines: [], names: [], datasets: [] })), [
      'No allowed_signers file names this key.',
    ]);
    assert.deepEqual(children(signer({ roles: [], datasets: [] })), [
      'The policy gives it no role, so it vouches for nothing here.',
      'Trusted by /u, line 3. -> 3',
    ]);
  });

  test('menus know what can be done', () => {
    assert.equal(
      signerContext(signer({ publicKey: 'ssh-ed25519 A' })),
      'signer trusted listed hasLine hasKey signed',
    );
    const elsewhere = signer({
      state: 'untrusted',
      lines: [{ path: '/u', line: 1, principals: 'a', effect: 'authority' }],
      statements: 0,
    });
    assert.equal(signerContext(elsewhere), 'signer untrusted hasLine');
  });

  test('every state has an icon, and no two that mean different things have one look', () => {
    const looks = SIGNER_STATES.filter((state) => state !== 'not-yet').map((state) =>
      JSON.stringify(signerIcon(state, false)),
    );
    assert.equal(new Set(looks).size, looks.length);
    assert.equal(signerIcon('trusted', true).id, 'clock');
  });
});

test('an effect is said by dataset, and not without end', () => {
  const dataset = (name: string) => ({
    dataset: name,
    changes: [{ from: 'trusted', to: 'untrusted', statements: 2, samples: 1 }] as const,
    vouched: { before: true, after: false },
    flagsLost: 1,
    clearingsLost: 2,
  });
  const datasets = Array.from({ length: 4 }, (_, i) => dataset(`/w/${String(i)}.jsonl`));
  assert.deepEqual(
    explainEffect({ statements: 8, datasets }, (path) => path.slice(3), 1),
    [
      '0.jsonl: 2 statements on one sample, trusted → not trusted. Nobody you trust vouches for it as a whole then. ' +
        'One flag does not count any more. 2 answers that cleared flags do not count any more.',
      'And 3 more datasets.',
    ],
  );
  assert.deepEqual(explainEffect({ statements: 0, datasets: [] }, String), [
    'Nothing that is signed here changes.',
  ]);
});
