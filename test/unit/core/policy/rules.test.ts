import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import { needsOf } from '../../../../src/core/policy/needs.ts';
import { parsePolicy } from '../../../../src/core/policy/parsePolicy.ts';
import { evaluatePolicy } from '../../../../src/core/policy/policyCheck.ts';
import { RULES } from '../../../../src/core/policy/rules.ts';
import { signer } from '../../../support/judged.ts';
import { failures, picture, PolicyWorld } from '../../../support/policyWorld.ts';

/** A dataset that Anna signed, with its origin; and who else is trusted. */
async function signed(): Promise<PolicyWorld> {
  const world = new PolicyWorld().trusted('anna', 'ben', 'cert').data('a.jsonl', 'one', 'two', 'three');
  await world.sign('anna', 'a.jsonl', {
    origin: {
      source: 'https://forum.example/',
      licence: 'CC-BY-4.0',
      stage: 'sft',
      generationMethod: 'web-crawl',
    },
  });
  return world;
}

interface Case {
  readonly rule: keyof typeof RULES;
  readonly wanted?: object;
  readonly because: string;
  /** What passes. */
  readonly start?: () => Promise<PolicyWorld>;
  /** What makes it fail. */
  readonly spoil: (world: PolicyWorld) => unknown;
  readonly policy?: object;
  /** What the failing rule shows. */
  readonly shows: string[];
}

const roles = {
  curators: { signers: ['anna'], mayVouch: true },
  reviewers: { signers: ['ben'], mayVouch: true, mayReview: true },
};

/** A dataset that was made of another one, whose source Anna signed. */
async function derived(): Promise<PolicyWorld> {
  const world = new PolicyWorld()
    .trusted('anna', 'ben')
    .data('raw.jsonl', 'one', 'two', 'x')
    .data('a.jsonl', 'one', 'two');
  await world.sign('anna', 'raw.jsonl', { origin: { generationMethod: 'web-crawl' } });
  await world.step('anna', 'a.jsonl', ['raw.jsonl'], { kind: 'filter' });
  await world.sign('anna', 'a.jsonl');
  return world;
}

/** The envelope of the reviewer, in the case where it is taken back. */
let reviewed = '';

const cases: Case[] = [
  {
    rule: 'verified',
    wanted: { minShare: 1 },
    because: 'a sample was added',
    spoil: (world) => world.data('a.jsonl', 'one', 'two', 'three', 'four'),
    shows: [
      '3 of 4 samples are verified (75 %); at least 100 % are asked for.',
      'a.jsonl:4 Added: it was not in the dataset that was signed.',
    ],
  },
  {
    rule: 'verified',
    wanted: { minCount: 3 },
    because: 'a sample is gone',
    spoil: (world) => world.data('a.jsonl', 'one', 'two'),
    shows: ['2 of 2 samples are verified; at least 3 are asked for.'],
  },
  {
    rule: 'verified',
    wanted: { minShare: 0.5, minCount: 2 },
    because: 'most are modified',
    spoil: (world) => world.data('a.jsonl', 'one', 'TWO', 'THREE'),
    shows: [
      '1 of 3 samples are verified (33.33 %); at least 50 % and 2 samples are asked for.',
      'a.jsonl:2 Modified: something else was signed at this place.',
      'a.jsonl:3 Modified: something else was signed at this place.',
    ],
  },
  {
    rule: 'verified',
    wanted: { minShare: 0 },
    because: 'there is no sample',
    spoil: (world) => world.data('a.jsonl'),
    shows: ['0 of 0 samples are verified (0 %); at least 0 % are asked for.'],
  },
  {
    rule: 'unchanged',
    wanted: { allow: ['intact', 'reordered'] },
    because: 'a sample is gone',
    spoil: (world) => world.data('a.jsonl', 'one', 'two'),
    shows: [
      '0 of 1 datasets are what a trusted signer signed (intact, reordered).',
      'a.jsonl Samples that were signed are not in it.',
    ],
  },
  {
    rule: 'signers',
    wanted: { required: ['anna'] },
    because: 'she did not sign the dataset that came in',
    start: async () => {
      const world = await signed();
      world.data('b.jsonl', 'four');
      await world.vouch('anna', 'b.jsonl', [1]);
      return world;
    },
    spoil: async (world) => {
      world.data('b.jsonl', 'five');
      await world.sign('ben', 'b.jsonl');
    },
    shows: ['3 of 4 samples are vouched for by anna.', 'b.jsonl:1 anna does not vouch for this sample.'],
  },
  {
    rule: 'signers',
    wanted: { distinct: 2 },
    because: 'the second signer looked at other samples',
    start: async () => {
      const world = await signed();
      await world.vouch('ben', 'a.jsonl', [1, 3]);
      world.data('a.jsonl', 'one', 'three');
      return world;
    },
    spoil: (world) => world.data('a.jsonl', 'one', 'two', 'three'),
    shows: [
      '2 of 3 samples are vouched for by 2 signers.',
      'a.jsonl:2 1 signers vouch for this sample; 2 are asked for.',
    ],
  },
  {
    rule: 'signers',
    wanted: { roles: ['reviewers'] },
    policy: { roles },
    because: 'the reviewer took it back',
    start: async () => {
      const world = await signed();
      reviewed = await world.sign('ben', 'a.jsonl');
      return world;
    },
    spoil: (world) => world.revoke('ben', 'a.jsonl', reviewed),
    shows: [
      '0 of 3 samples are vouched for by role reviewers.',
      ...[1, 2, 3].map(
        (line) => `a.jsonl:${String(line)} Nobody with the role reviewers vouches for this sample.`,
      ),
    ],
  },
  {
    rule: 'origins',
    wanted: {
      sources: ['https://*.example/*'],
      licences: ['cc-by-*'],
      stages: ['sft'],
      generationMethods: ['web-crawl'],
    },
    because: 'a record says otherwise',
    start: async () => {
      const world = await signed();
      return world;
    },
    spoil: async (world) => {
      world.data('a.jsonl', '{"text":"x","license":"proprietary"}', '{"text":"y"}');
      await world.sign('anna', 'a.jsonl', {
        origin: { source: 'https://other.example/x', stage: 'sft', licence: 'CC-BY-4.0' },
      });
    },
    shows: [
      '0 of 2 samples have an origin that is allowed.',
      'a.jsonl:1 Its licence is “proprietary”, which is not allowed.',
      'a.jsonl:2 How it was made is not known.',
    ],
  },
  {
    rule: 'origins',
    wanted: { sources: ['https://forum.example/'] },
    because: 'nobody vouches for what the record claims',
    spoil: (world) =>
      world.data('a.jsonl', 'one', '{"text":"x","source":"https://forum.example/"}', 'two', 'three'),
    shows: [
      '3 of 4 samples have an origin that is allowed.',
      'a.jsonl:2 Not verified, so that its origin is only claimed.',
    ],
  },
  {
    rule: 'lineage',
    wanted: { from: ['web-crawl'] },
    because: 'another source came in',
    start: derived,
    spoil: async (world) => {
      world.data('raw.jsonl', 'one', 'two', 'x', 'y').data('a.jsonl', 'one', 'two', 'y');
      await world.sign('anna', 'raw.jsonl', { origin: { generationMethod: 'user-data' } });
      await world.step('anna', 'a.jsonl', ['raw.jsonl']);
    },
    shows: [
      '0 of 2 datasets lead back over trusted steps to sources of these kinds: web-crawl.',
      'raw.jsonl raw.jsonl comes from a source of the kind user-data, which is not allowed.',
      'a.jsonl raw.jsonl comes from a source of the kind user-data, which is not allowed.',
    ],
  },
  {
    rule: 'lineage',
    wanted: {},
    because: 'the dataset was changed without a step',
    start: derived,
    spoil: (world) => world.data('a.jsonl', 'one'),
    shows: [
      '1 of 2 datasets lead back to their sources over trusted steps.',
      'a.jsonl No evidence is about the bytes of this dataset.',
    ],
  },
  {
    rule: 'flags',
    wanted: { severity: 'high' },
    because: 'a sample is flagged, by a trusted signer so that the log is complete',
    spoil: (world) => world.review('ben', 'a.jsonl', [2], 'flagged', { severity: 'critical' }),
    shows: [
      '1 of 3 samples have an open flag of severity high or more.',
      'a.jsonl:2 An open flag: poisoning, critical.',
    ],
  },
  {
    rule: 'flags',
    wanted: {},
    because: 'what it was made of is flagged',
    start: derived,
    spoil: async (world) => {
      world.data('raw.jsonl', 'one', 'two', 'x').data('a.jsonl', 'one', 'TWO');
      await world.step('anna', 'a.jsonl', ['raw.jsonl'], { kind: 'map', map: [[2, 2]] });
      await world.review('ben', 'raw.jsonl', [2], 'flagged', { severity: 'low' });
    },
    shows: [
      '2 of 5 samples have an open flag of severity low or more.',
      'raw.jsonl:2 An open flag: poisoning, low.',
      'a.jsonl:2 Made of something flagged, raw.jsonl#2: poisoning, low.',
    ],
  },
  {
    rule: 'advisories',
    wanted: { severity: 'medium', from: ['cert'] },
    because: 'an advisory is about a sample',
    start: async () => {
      const world = await signed();
      world.data('elsewhere.jsonl', 'four');
      await world.sign('anna', 'elsewhere.jsonl');
      await world.advise('cert', 'a.jsonl', [1], 'low');
      return world;
    },
    spoil: (world) => world.advise('cert', 'a.jsonl', [3], 'medium'),
    shows: [
      'Advisories of severity medium or more are about 1 of 4 samples.',
      'a.jsonl:3 An advisory is about it: poisoning, medium.',
    ],
  },
  {
    rule: 'age',
    wanted: { maxDays: 30 },
    because: 'time went by',
    spoil: (world) => (world.today = 31),
    shows: [
      '0 of 3 samples were vouched for within the last 30 days.',
      ...[1, 2, 3].map(
        (line) =>
          `a.jsonl:${String(line)} The statement that vouches for this sample is of 2026-01-01T00:00:00Z.`,
      ),
    ],
  },
  {
    rule: 'log',
    wanted: {},
    because: 'a line is gone, whatever it was',
    start: async () => {
      const world = await signed();
      await world.sign('ben', 'a.jsonl');
      return world;
    },
    spoil: async (world) => {
      // As on a machine that has never seen it: the checkpoint tells.
      world.forget();
      await world.removeLines('/w/.provenance/a.jsonl.intoto.jsonl', new Set([1]));
    },
    shows: [
      'The evidence of 0 of 1 datasets is complete.',
      'a.jsonl The checkpoint is over the evidence up to line 2, and what is here ends with line 1.',
    ],
  },
  {
    rule: 'log',
    because: 'the checkpoint is gone; the rule holds without standing in the policy',
    spoil: (world) => {
      world.remove('/w/.provenance/a.jsonl.checkpoint');
    },
    shows: [
      'The evidence of 0 of 1 datasets is complete.',
      'a.jsonl No checkpoint of a trusted signer is over all 1 lines of its evidence, so that nobody can say that none was removed.',
    ],
  },
];

const EVERYTHING_IS_VERIFIED = { verified: { minCount: 1 } };

for (const { rule, wanted, because, start = signed, spoil, policy = {}, shows } of cases) {
  test(`${rule} ${JSON.stringify(wanted)}: passes, and fails by just that rule when ${because}`, async () => {
    const world = await start();
    const whole = { ...policy, rules: wanted ? { [rule]: wanted } : EVERYTHING_IS_VERIFIED };
    assert.deepEqual(failures(await world.check(whole)), []);
    await spoil(world);
    const verdict = await world.check(whole);
    assert.deepEqual(failures(verdict), [rule]);
    const result = verdict.rules.find((found) => found.rule === rule)!;
    assert.deepEqual(picture(result), shows);
    assert.ok(result.remedy);
  });
}

test('what is missing, broken or not asked for never passes', async () => {
  const world = await signed();
  assert.deepEqual(failures(await world.check({})), ['policy'], 'no rules');
  assert.deepEqual(failures(await world.check({ rules: { verified: { minShare: 0 }, verify: {} } })), [
    'policy',
  ]);
  assert.deepEqual(
    failures(await world.check('{"rules": {"verified": {"minShare": 0}}')),
    ['policy'],
    'cut off',
  );
  assert.deepEqual(failures(await world.check({ rules: EVERYTHING_IS_VERIFIED }, [])), [
    'datasets',
    'verified',
  ]);
  const policy = parsePolicy(JSON.stringify({ rules: EVERYTHING_IS_VERIFIED }), 'policy.jsonc');
  const { datasets } = await world.facts(policy, ['a.jsonl']);
  const unread = { path: 'b.jsonl', error: new ProvenanceError('io', '{path}: no.', { path: 'b.jsonl' }) };
  const identity = { path: 'policy.jsonc', sha256: '' };
  assert.equal(evaluatePolicy(policy, identity, { now: 0, datasets }).passed, true);
  const verdict = evaluatePolicy(policy, identity, { now: 0, datasets: [...datasets, unread] });
  assert.deepEqual(failures(verdict), ['datasets']);
  assert.deepEqual(picture(verdict.rules[0]!), [
    '1 of 2 datasets could not be checked.',
    'b.jsonl b.jsonl: no.',
  ]);
});

test('facts that a rule needs and a host did not gather deny', async () => {
  const world = await signed();
  const rules = { origins: { sources: ['*'] }, lineage: {}, log: { require: 'kept' } };
  const policy = parsePolicy(JSON.stringify({ rules }), 'policy.jsonc');
  assert.deepEqual(needsOf(policy), { lineage: true, origins: true, digests: false });
  const { datasets } = await world.facts(parsePolicy('{}', 'policy.jsonc'), ['a.jsonl']);
  const bare = datasets.map((dataset) => ({ ...dataset, logs: new Map() }));
  const verdict = evaluatePolicy(policy, { path: '', sha256: '' }, { now: 0, datasets: bare });
  assert.deepEqual(failures(verdict), ['origins', 'lineage', 'log']);
});

test('several shards are checked as one: a share is of all samples, and each has to have its evidence', async () => {
  const world = await signed();
  world.data('b.jsonl', 'four');
  const rules = { verified: { minShare: 0.75 } };
  assert.deepEqual(failures(await world.check({ rules })), ['log'], 'b has no evidence');
  assert.deepEqual(failures(await world.check({ rules: { ...rules, log: { require: 'kept' } } })), []);
  assert.deepEqual(
    failures(await world.check({ rules: { verified: { minShare: 0.76 }, log: { require: 'kept' } } })),
    ['verified'],
  );
});

test('findings are capped, the gravest first, and the others counted', async () => {
  const words = Array.from({ length: 150 }, (_, i) => `w${String(i)}`);
  const world = new PolicyWorld().trusted('anna').data('a.jsonl', ...words);
  await world.sign('anna', 'a.jsonl');
  await world.review(
    'anna',
    'a.jsonl',
    words.map((_, i) => i + 1),
    'flagged',
    { severity: 'low' },
  );
  await world.review('anna', 'a.jsonl', [150], 'flagged', { severity: 'critical' });
  const { rules } = await world.check({ rules: { flags: {} } });
  const flags = rules.find(({ rule }) => rule === 'flags')!;
  assert.equal(flags.findings.length, 100);
  assert.equal(flags.findings[0]?.line, 150);
  assert.equal(flags.findings[1]?.line, 1);
  assert.equal(flags.more, 50);
});

test('whose flags matter: a stranger’s do unless the rule says otherwise', async () => {
  const world = await signed();
  await world.review('eve', 'a.jsonl', [1], 'flagged');
  await world.vouch('anna', 'a.jsonl', [1]);
  assert.deepEqual(failures(await world.check({ rules: { flags: {} } })), ['flags']);
  assert.deepEqual(failures(await world.check({ rules: { flags: { by: 'trusted' } } })), []);
  assert.deepEqual(failures(await world.check({ rules: { flags: { severity: 'critical' } } })), []);
  await world.review('ben', 'a.jsonl', [1], 'flagged');
  assert.deepEqual(failures(await world.check({ rules: { flags: { by: 'trusted' } } })), ['flags']);
  assert.deepEqual(failures(await world.check({ roles, rules: { flags: { by: ['curators'] } } })), []);
  assert.deepEqual(failures(await world.check({ roles, rules: { flags: { by: ['reviewers'] } } })), [
    'flags',
  ]);
});

test('lineage: a step by somebody who is not trusted, a circle, and a source nobody vouches for', async () => {
  const world = await derived();
  const rules = { lineage: {}, log: { require: 'kept' } };
  assert.deepEqual(failures(await world.check({ rules }, ['a.jsonl'])), []);
  await world.step('eve', 'raw.jsonl', ['a.jsonl'], { kind: 'map' });
  const verdict = await world.check({ rules }, ['a.jsonl']);
  assert.deepEqual(picture(verdict.rules[0]!).slice(1), [
    `a.jsonl The step “map” that made raw.jsonl is by ${signer('eve').keyId}, whom you do not trust for it.`,
    'a.jsonl Its steps go round in a circle.',
  ]);
  const other = new PolicyWorld().trusted('anna').data('raw.jsonl', 'one').data('a.jsonl', 'one', 'two');
  await other.step('anna', 'a.jsonl', ['raw.jsonl']);
  const { rules: results } = await other.check({ rules }, ['a.jsonl']);
  assert.deepEqual(picture(results[0]!).slice(1), [
    'a.jsonl No step leads further back than raw.jsonl, and no trusted signer vouches for it.',
  ]);
});

test('age: a statement from a time to come does not count', async () => {
  const world = new PolicyWorld().trusted('anna').data('a.jsonl', 'one');
  await world.sign('anna', 'a.jsonl', { day: 5 });
  const verdict = await world.check({ rules: { age: { maxDays: 30 } } });
  assert.deepEqual(picture(verdict.rules.find(({ rule }) => rule === 'age')!).slice(1), [
    'a.jsonl:1 The statement that vouches for this sample claims a time to come, 2026-01-06T00:00:00Z: a clock is wrong.',
  ]);
});

test('copies that nobody can tell from what was signed: without its leaves, a dataset is not checked', async () => {
  const world = new PolicyWorld().trusted('anna', 'ben').data('a.jsonl', 'one', 'two');
  await world.sign('anna', 'a.jsonl');
  await world.vouch('anna', 'a.jsonl', [1, 2]);
  world.data('a.jsonl', 'one', 'two', 'three');
  await world.vouch('ben', 'a.jsonl', [3]);
  const before = new Set(world.evidence());
  await world.sign('ben', 'a.jsonl');
  const leaves = world.evidence().find((path) => path.includes('/leaves/') && !before.has(path))!;
  world.data('a.jsonl', 'one', 'one', 'two', 'three');
  const whole = { rules: { verified: { minShare: 1 } } };
  assert.deepEqual(failures(await world.check(whole)), ['verified']);
  world.remove(leaves);
  world.forget();
  assert.deepEqual(failures(await world.check(whole)), ['datasets']);
});

test('without the leaves of another dataset, nobody can say on whose word a sample stands', async () => {
  const world = new PolicyWorld().trusted('anna').data('raw.jsonl', 'one', 'two');
  await world.sign('anna', 'raw.jsonl', { origin: { source: 'https://elsewhere.test/' } });
  const leaves = world.evidence().find((path) => path.includes('/leaves/'))!;
  world.data('a.jsonl', 'one');
  await world.sign('anna', 'a.jsonl', { origin: { source: 'https://a.example/' } });
  const rules = { verified: { minShare: 1 }, origins: { sources: ['https://a.example/*'] } };
  assert.deepEqual(failures(await world.check({ rules }, ['a.jsonl'])), []);
  world.remove(leaves);
  world.lookAnew(undefined);
  assert.deepEqual(failures(await world.check({ rules }, ['a.jsonl'])), [], 'its bytes are those of its own');

  world.data('a.jsonl', 'one', 'two');
  world.lookAnew(undefined);
  const verdict = await world.check({ rules: { verified: { minShare: 0.5 } } }, ['a.jsonl']);
  assert.deepEqual(picture(verdict.rules[0]!), [
    '1 of 1 datasets could not be checked.',
    `a.jsonl ${leaves} is missing or damaged: without it, copies and changes cannot be told from what was signed, nor who vouches for what.`,
  ]);
});

test('signers: one in the evidence of another dataset counts only where that is complete', async () => {
  const world = await signed();
  world.data('copy.jsonl', 'one', 'two', 'three');
  await world.sign('ben', 'copy.jsonl');
  const rules = { signers: { distinct: 2 }, age: { maxDays: 30 } };
  assert.deepEqual(failures(await world.check({ rules }, ['a.jsonl'])), []);
  world.remove('/w/.provenance/copy.jsonl.checkpoint');
  world.forget();
  assert.deepEqual(failures(await world.check({ rules }, ['a.jsonl'])), ['signers']);
});

test('every rule of the table has such a case', () => {
  const covered = new Set<string>(cases.map(({ rule }) => rule));
  assert.deepEqual(
    Object.keys(RULES).filter((name) => !covered.has(name)),
    [],
  );
});
