import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowsPath, allowsSource, namesSigner } from '../../../../src/core/policy/patterns.ts';
import { parsePolicy } from '../../../../src/core/policy/parsePolicy.ts';
import { reviewState, type Review } from '../../../../src/core/trust/reviews.ts';
import { signer } from '../../../support/judged.ts';
import { PolicyWorld } from '../../../support/policyWorld.ts';

/** Standing and refusal of each statement about `a.jsonl`, in the order of the evidence. */
async function standings(world: PolicyWorld, roles: object): Promise<string[]> {
  const policy = parsePolicy(JSON.stringify({ roles }), '/w/.provenance/policy.jsonc');
  assert.deepEqual(policy.problems, []);
  const { statements } = await world.scope(policy, 'a.jsonl');
  return statements
    .filter(({ own }) => own)
    .map(({ standing, refusal }) => (refusal === undefined ? standing : `${standing}: ${refusal}`));
}

test('who may vouch for what: by path, source and stage; of several roles, any does', async () => {
  const world = new PolicyWorld().trusted('anna', 'ben', 'carl').data('a.jsonl', 'one');
  await world.sign('anna', 'a.jsonl', { origin: { source: 'https://a.example/x', stage: 'sft' } });
  await world.sign('ben', 'a.jsonl');
  await world.vouch('carl', 'a.jsonl', [1]);
  await world.step('anna', 'a.jsonl', []);
  await world.sign('eve', 'a.jsonl');
  const judge = (mayVouch: unknown, more: object = {}) =>
    standings(world, { curators: { signers: ['anna', 'ben'], mayVouch }, ...more });
  const eve = 'untrusted';
  const carl = 'untrusted: no-role';
  assert.deepEqual(await judge(true), ['trusted', 'trusted', carl, 'trusted', eve]);
  assert.deepEqual(await judge(false), [
    ...Array<string>(2).fill('untrusted: may-not-vouch'),
    carl,
    'untrusted: may-not-vouch',
    eve,
  ]);
  assert.deepEqual(await judge({ paths: ['a.*'] }), ['trusted', 'trusted', carl, 'trusted', eve]);
  assert.deepEqual(await judge({ paths: ['data/**'] }), [
    ...Array<string>(2).fill('untrusted: path'),
    carl,
    'untrusted: path',
    eve,
  ]);
  // A step states no source; a vouching that states none is not for one.
  assert.deepEqual(await judge({ sources: ['https://*.example/*'] }), [
    'trusted',
    'untrusted: source',
    carl,
    'trusted',
    eve,
  ]);
  assert.deepEqual(await judge({ sources: ['https://a.example/*'], stages: ['rl'] }), [
    'untrusted: stage',
    'untrusted: source',
    carl,
    'trusted',
    eve,
  ]);
  const everything = { carls: { signers: [signer('carl').keyId, 'ben'], mayVouch: true } };
  assert.deepEqual(await judge({ paths: ['data/**'] }, everything), [
    'untrusted: path',
    'trusted',
    'trusted',
    'untrusted: path',
    eve,
  ]);
});

test('without a policy with roles, trusted signers may do everything', async () => {
  const world = new PolicyWorld().trusted('anna').data('a.jsonl', 'one');
  await world.sign('anna', 'a.jsonl');
  const { statements } = await world.scope(parsePolicy('{}', '/w/.provenance/policy.jsonc'), 'a.jsonl');
  assert.deepEqual(
    statements.map(({ standing, rights }) => [standing, rights]),
    [['trusted', undefined]],
  );
});

test('a flag of somebody who may not review counts as a stranger’s, and their clearing does not', async () => {
  const world = new PolicyWorld().trusted('anna', 'ben').data('a.jsonl', 'one');
  const flag = await world.review('ben', 'a.jsonl', [1], 'flagged');
  await world.review('anna', 'a.jsonl', [1], 'cleared', { supersedes: flag });
  const state = async (roles: object) => {
    const policy = parsePolicy(JSON.stringify({ roles }), '/w/.provenance/policy.jsonc');
    const { datasets } = await world.facts(policy, ['a.jsonl']);
    const found = 'assessment' in datasets[0]! ? datasets[0].assessment.reviews.get(0) : undefined;
    return found && `${found.state}${found.trusted ? '' : ' by a stranger'}`;
  };
  const ben = { signers: ['ben'], mayReview: true };
  assert.equal(await state({ all: { signers: ['*'], mayReview: true, mayClear: ['anyone'] } }), 'cleared');
  assert.equal(await state({ bens: ben, annas: { signers: ['anna'], mayVouch: true } }), 'flagged');
  assert.equal(await state({ bens: ben, annas: { signers: ['anna'], mayReview: true } }), 'flagged');
  assert.equal(
    await state({ bens: ben, annas: { signers: ['anna'], mayReview: true, mayClear: ['bens'] } }),
    'cleared',
  );
  assert.equal(
    await state({ bens: ben, annas: { signers: ['anna'], mayReview: true, mayClear: ['strangers'] } }),
    'flagged',
  );
  assert.equal(await state({ annas: { signers: ['anna'], mayVouch: true } }), 'flagged by a stranger');
  assert.equal(
    await state({ annas: { signers: ['anna'], mayReview: true, mayClear: ['strangers'] } }),
    'cleared',
  );
});

/** Reviews as `WHO +severity` (a flag) or `WHO -` (a clearing), each answering the first. */
function thread(...reviews: string[]): string {
  const rights = {
    chief: { roles: ['chiefs'], mayClear: ['anyone'] },
    reviewer: { roles: ['reviewers'], mayClear: ['strangers'] },
    other: { roles: ['reviewers'], mayClear: ['reviewers'] },
    both: { roles: ['reviewers', 'chiefs'], mayClear: [] },
    stranger: { roles: [], mayClear: [] },
  };
  const made = reviews.map((text, index): Review => {
    const [who, what] = text.split(' ') as [keyof typeof rights, string];
    const isFlag = what.startsWith('+');
    return {
      statement: index,
      envelopeDigest: String(index),
      verdict: isFlag ? 'flagged' : 'cleared',
      category: 'poisoning',
      severity: (isFlag ? what.slice(1) : 'low') as Review['severity'],
      reason: '',
      ...(index > 0 && { supersedes: '0' }),
      keyId: who,
      standing: who === 'stranger' ? 'untrusted' : 'trusted',
      rights: rights[who],
      time: '',
    };
  });
  const { state, severity, deciding } = reviewState(made)!;
  return state === 'cleared' ? `cleared by ${deciding.keyId}` : `${severity} by ${deciding.keyId}`;
}

test('who may clear whose flags', () => {
  for (const [reviews, expected] of [
    [['reviewer +high', 'chief -'], 'cleared by chief'],
    [['reviewer +high', 'reviewer -'], 'cleared by reviewer'],
    [['chief +high', 'reviewer -'], 'high by chief'],
    [['stranger +high', 'reviewer -'], 'cleared by reviewer'],
    [['stranger +high', 'stranger -'], 'cleared by stranger'],
    [['stranger +high', 'other -'], 'high by stranger'],
    [['reviewer +high', 'other -'], 'cleared by other'],
    // All roles of who flagged have to be named.
    [['both +high', 'other -'], 'high by both'],
    // To play down is to clear in part; to aggravate is not.
    [['chief +high', 'reviewer +low'], 'high by chief'],
    [['chief +low', 'reviewer +high'], 'high by reviewer'],
    // Confirming a flag gives no right to clear it.
    [['chief +low', 'reviewer +high', 'reviewer -'], 'high by reviewer'],
    [['chief +low', 'reviewer +high', 'chief -'], 'cleared by chief'],
    // What was cleared rightly is not open any more.
    [['reviewer +low', 'chief -', 'other +low', 'other -'], 'cleared by other'],
    [['chief +low', 'chief -', 'reviewer +low', 'reviewer -'], 'cleared by reviewer'],
  ] as const) {
    assert.equal(thread(...reviews), expected, reviews.join(', '));
  }
});

test('sources: wildcards of a host stay in the host', () => {
  for (const [pattern, source, expected] of [
    ['https://*.acme.example/*', 'https://data.acme.example/x', true],
    ['https://*.acme.example/*', 'HTTPS://DATA.ACME.EXAMPLE/x', true],
    ['https://*.acme.example/*', 'https://data.acme.example', true],
    ['https://*.acme.example/*', 'https://evil.example/x.acme.example/', false],
    ['https://*.acme.example/*', 'https://evil.example?x.acme.example/', false],
    ['https://*.acme.example/*', 'https://evil.example#x.acme.example/', false],
    ['https://*.acme.example/*', 'https://evil.example\\x.acme.example/', false],
    ['https://acme.example/*', 'https://acme.example@evil.example/', false],
    ['https://acme.example/a*', 'https://acme.example/b', false],
    ['http*://acme.example/*', 'https://acme.example/b', true],
    ['https://acme.example/*', 'acme.example/b', false],
    ['wiki*', 'wikipedia', true],
    ['wiki*', 'a wiki', false],
    ['*', 'anything/at all', true],
    ['!*', 'anything', false],
  ] as const) {
    assert.equal(allowsSource([pattern], source), expected, `${pattern} ${source}`);
  }
  assert.equal(
    allowsSource(['https://*.example/*', '!https://bad.example/*'], 'https://bad.example/'),
    false,
  );
  assert.equal(
    allowsSource(['!https://bad.example/*', 'https://*.example/*'], 'https://good.example/'),
    true,
  );
});

test('paths: below the folder of the policy, unless they start elsewhere', () => {
  for (const [pattern, path, expected] of [
    ['data/*', '/w/data/a.jsonl', true],
    ['data/*', '/w/data/sft/a.jsonl', false],
    ['data/**', '/w/data/sft/a.jsonl', true],
    ['data/**', '/elsewhere/data/a.jsonl', false],
    ['**/data/*', '/elsewhere/data/a.jsonl', true],
    ['/elsewhere/**', '/elsewhere/data/a.jsonl', true],
    ['/w/data/*', '/w/data/a.jsonl', true],
    ['*.jsonl', '/w/a.jsonl', true],
    ['*.jsonl', '/work/a.jsonl', false],
  ] as const) {
    assert.equal(allowsPath([pattern], path, '/w'), expected, `${pattern} ${path}`);
  }
});

test('signers: by name, by pattern, by fingerprint', () => {
  const keyId = 'SHA256:abc';
  for (const [pattern, principal, expected] of [
    ['anna@acme.example', 'anna@acme.example', true],
    ['*@acme.example', 'anna@acme.example,ben@other.example', true],
    ['*@acme.example', '*@acme.example', true],
    // A key that may speak for all of acme.example is not Anna's.
    ['anna@acme.example', '*@acme.example', false],
    ['?@acme.example', '*@acme.example', false],
    ['mallory', '!mallory,anna', false],
    ['SHA256:abc', undefined, true],
    ['SHA256:*', undefined, false],
    ['*', undefined, false],
  ] as const) {
    assert.equal(
      namesSigner([pattern], { keyId, ...(principal !== undefined && { principal }) }),
      expected,
      `${pattern} ${principal ?? ''}`,
    );
  }
  assert.equal(namesSigner(['*', '!ben'], { keyId, principal: 'ben' }), false);
});
