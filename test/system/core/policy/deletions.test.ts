import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyVerdict } from '../../../../src/core/policy/verdict.ts';
import { seededRandom, type Random } from '../../../support/hostileJson.ts';
import { failures, PolicyWorld } from '../../../support/policyWorld.ts';
import type { SeenLogs } from '../../../support/seenLogs.ts';

const WORLDS = 24;
/** How many policies are checked in a world, and how often something is deleted in it. */
const TRIED = 9;
const DELETIONS = 8;

const roles = {
  curators: { signers: ['anna'], mayVouch: true, mayReview: true, mayClear: ['strangers'] },
  reviewers: { signers: ['ben'], mayVouch: { paths: ['a.jsonl'] }, mayReview: true, mayClear: ['anyone'] },
};
const narrowRoles = {
  crawlers: { signers: ['*'], mayVouch: { sources: ['https://a.example/*'], stages: ['sft'] } },
  reviewers: { signers: ['anna'], mayReview: true, mayClear: ['crawlers'] },
};

/** Some that ask for what is there, some for what is not, and some that ask for little. */
const POLICIES: readonly object[] = [
  { rules: { verified: { minCount: 1 } } },
  { rules: { verified: { minShare: 1 } } },
  { roles: narrowRoles, rules: { verified: { minShare: 0.5 } } },
  { rules: { unchanged: { allow: ['intact', 'reformatted', 'reordered', 'subset'] } } },
  { rules: { unchanged: { allow: ['intact', 'changed'] } } },
  { rules: { signers: { distinct: 2 } } },
  { rules: { signers: { required: ['b*'] } } },
  { roles, rules: { signers: { roles: ['reviewers'] } } },
  { roles: narrowRoles, rules: { signers: { roles: ['crawlers'], distinct: 1 } } },
  { rules: { origins: { sources: ['https://*.example/*'] } } },
  { rules: { origins: { licences: ['CC-*'], generationMethods: ['web-crawl'] } } },
  { rules: { lineage: {} } },
  { rules: { lineage: { from: ['web-crawl'] } } },
  { roles, rules: { lineage: { from: ['web-crawl', 'import'] } } },
  { rules: { flags: {} } },
  { rules: { flags: { upstream: false } } },
  { rules: { flags: { by: 'trusted', severity: 'high' } } },
  { roles, rules: { flags: { by: ['reviewers'] }, verified: { minCount: 1 } } },
  { roles: narrowRoles, rules: { flags: { by: ['reviewers', 'crawlers'] } } },
  { rules: { advisories: {} } },
  { roles, rules: { advisories: { upstream: false, severity: 'high' } } },
  { rules: { advisories: { from: ['ben'], severity: 'critical' } } },
  { rules: { age: { maxDays: 1 } } },
  {
    roles,
    rules: {
      verified: { minShare: 1 },
      unchanged: { allow: ['intact', 'reordered'] },
      signers: { roles: ['curators'] },
      origins: { generationMethods: ['web-crawl', 'user-data'] },
      lineage: {},
      flags: {},
      advisories: {},
      age: { maxDays: 30 },
    },
  },
];
/** Where evidence has no checkpoints, only the memory tells. */
const LENIENT: readonly object[] = POLICIES.map((policy) => ({
  ...policy,
  rules: { ...(policy as { rules: object }).rules, log: { require: 'kept' } },
}));

const NAMES = ['a.jsonl', 'raw.jsonl', 'more.jsonl'] as const;

/**
 * Three datasets, one often made of the others, with whatever people may have signed about them.
 * @returns also what somebody has seen of it who looked in between
 */
async function randomWorld(random: Random): Promise<{ world: PolicyWorld; seenBetween: SeenLogs }> {
  const world = new PolicyWorld().trusted('anna', 'ben').trustedUntil('cara', 0);
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  const who = () => pick(['anna', 'anna', 'anna', 'ben', 'ben', 'ben', 'cara', 'eve']);
  const sample = () => {
    const text = `w${String(random(5))}`;
    return random(3) === 0 ? JSON.stringify({ text, license: pick(['CC-BY-4.0', 'none']) }) : text;
  };
  const samples = () => Array.from({ length: 1 + random(4) }, sample);
  for (const name of NAMES) world.data(name, ...samples());
  const signed: string[] = [];
  const flags: string[] = [];
  const origin = () =>
    random(3) > 0
      ? {
          source: pick(['https://a.example/x', 'https://a.example/y', 'https://elsewhere.test/']),
          generationMethod: pick(['web-crawl', 'web-crawl', 'user-data'] as const),
          ...(random(2) === 0 && { stage: 'sft' as const, licence: 'CC0-1.0' }),
        }
      : {};
  const options = () => ({ origin: origin(), ...(random(5) === 0 && { day: -5 }) });
  const lines = (name: string) => [1 + random(world.count(name))];
  let seenBetween = world.seen();
  for (let actions = 3 + random(9); actions > 0; actions--) {
    const name = pick(['a.jsonl', 'a.jsonl', ...NAMES]);
    const severity = pick(['low', 'high'] as const);
    switch (random(17)) {
      case 0:
        world.data(name, ...samples());
        break;
      case 1:
      case 2:
        flags.push(await world.review(who(), name, lines(name), 'flagged', { severity }));
        break;
      case 3:
      case 4:
        if (flags.length > 0)
          flags.push(
            await world.review(who(), name, lines(name), pick(['cleared', 'cleared', 'flagged']), {
              severity: 'low',
              supersedes: pick(flags),
            }),
          );
        break;
      case 5:
        // Revocations of keys stand in a bundle of their own.
        if (random(3) === 0)
          signed.push(await world.revokeKey(who(), 'revocations', pick(['ben', 'cara', 'eve'])));
        else if (signed.length + flags.length > 0)
          signed.push(await world.revoke(who(), name, pick([...signed, ...flags])));
        break;
      case 6:
        flags.push(await world.advise(who(), name, lines(name), severity, pick(['one', 'two'])));
        break;
      case 7:
        if (random(3) === 0) world.adviseFrom(name);
        break;
      case 8:
      case 9:
        signed.push(await world.vouch(who(), name, lines(name), options()));
        break;
      case 10:
      case 11: {
        const inputs = pick([['raw.jsonl'], ['raw.jsonl'], ['raw.jsonl', 'more.jsonl'], []]);
        const map: [number, number][] =
          inputs.length > 0 && random(2) === 0 ? [[lines('a.jsonl')[0]!, lines('raw.jsonl')[0]!]] : [];
        const kind = inputs.length === 0 ? 'import' : pick(['filter', 'map']);
        signed.push(await world.step(who(), 'a.jsonl', inputs, { kind, map }));
        break;
      }
      case 12:
        await world.check({ rules: { verified: { minCount: 1 } } });
        seenBetween = world.seen();
        break;
      default:
        signed.push(await world.sign(who(), name, options()));
    }
  }
  // Most datasets end well: then more policies pass, and there is something to spoil.
  if (random(3) > 0) {
    await world.sign('anna', 'raw.jsonl', { origin: { generationMethod: 'web-crawl' } });
    await world.sign(pick(['anna', 'ben']), 'a.jsonl', { origin: origin() });
  }
  return { world, seenBetween };
}

/** A file is removed, some of its lines are, or it is cut off somewhere. */
type Deletion = 'file' | 'lines' | 'cut';

/** Deletes some evidence, one piece or many; what `mayDelete` says no to stays. @returns what was deleted */
async function deleteSome(
  world: PolicyWorld,
  random: Random,
  mayDelete: (path: string, how: Deletion) => boolean,
): Promise<string[]> {
  const deleted: string[] = [];
  for (let tries = 0; deleted.length === 0 && tries < 100; tries++) {
    const share = 1 + random(4);
    for (const path of world.evidence()) {
      if (random(5) >= share) continue;
      const how = (['file', 'lines', 'lines', 'cut'] as const)[random(4)]!;
      if (!mayDelete(path, how)) continue;
      switch (how) {
        case 'file':
          world.remove(path);
          break;
        case 'cut':
          await world.cut(path, random(2) === 0 ? 0 : random(world.byteCount(path)));
          break;
        case 'lines': {
          if (!path.endsWith('.intoto.jsonl')) continue;
          const count = world.lineCount(path);
          const lines = new Set(Array.from({ length: count }, (_, i) => i).filter(() => random(3) === 0));
          if (lines.size === 0 || (lines.size === count && !mayDelete(path, 'file'))) continue;
          await world.removeLines(path, lines);
        }
      }
      deleted.push(`${how} ${path}`);
    }
  }
  return deleted;
}

/** Whether it is the bundle of one of these datasets, or a checkpoint over it. */
function isOf(names: readonly string[], path: string): boolean {
  return names.some((name) => path.includes(`/${name}.`));
}

/** How many verdicts there were of a kind, and by which rules datasets were denied. */
class Tally {
  passedBefore = 0;
  passedAfter = 0;
  denied = 0;
  readonly deniedBy = new Set<string>();
  readonly passedRules = new Set<string>();

  before({ passed, rules }: PolicyVerdict): void {
    if (passed) this.passedBefore++;
    for (const { rule, passed: hasPassed } of rules) (hasPassed ? this.passedRules : this.deniedBy).add(rule);
  }
}

/** @param seenOf what whoever looks after a deletion has seen before; undefined: everything */
async function checkWorlds(
  policies: readonly object[],
  seenOf: ((random: Random, between: SeenLogs) => SeenLogs | undefined) | undefined,
  mayDelete: (path: string, how: Deletion, own: boolean) => boolean,
): Promise<Tally> {
  const tally = new Tally();
  for (let seed = 1; seed <= WORLDS; seed++) {
    const random = seededRandom(seed);
    const { world, seenBetween } = await randomWorld(random);
    const names = random(3) === 0 ? ['a.jsonl', 'raw.jsonl'] : ['a.jsonl'];
    const first = random(policies.length);
    const tried = Array.from({ length: TRIED }, (_, at) => policies[(first + at * 5) % policies.length]!);
    const before: PolicyVerdict[] = [];
    for (const policy of tried) before.push(await world.check(policy, names));
    for (const verdict of before) tally.before(verdict);
    const whole = world.snapshot();
    const everything = world.seen();
    for (let round = 0; round < DELETIONS; round++) {
      const deleted = await deleteSome(world, random, (path, how) => mayDelete(path, how, isOf(names, path)));
      world.lookAnew(seenOf ? seenOf(random, seenBetween) : everything);
      for (const [index, policy] of tried.entries()) {
        const after = await world.check(policy, names);
        if (after.passed) tally.passedAfter++;
        if (before[index]!.passed) continue;
        tally.denied++;
        assert.ok(
          !after.passed,
          `${JSON.stringify(policy)} did not pass (${failures(before[index]!).join()}), and does without, in world ${String(seed)}:\n${deleted.join('\n')}`,
        );
      }
      world.restore(whole);
    }
  }
  return tally;
}

/** The cases are worth something only where there are verdicts of all kinds. */
function expectVariety({ passedBefore, passedAfter, denied, deniedBy, passedRules }: Tally): void {
  assert.ok(passedBefore > WORLDS, `${String(passedBefore)} passed before`);
  assert.ok(passedAfter > 20, `${String(passedAfter)} passed in spite of deletions`);
  assert.ok(denied > 300, `${String(denied)} were denied`);
  const all = ['advisories', 'age', 'flags', 'lineage', 'log', 'origins', 'signers', 'unchanged', 'verified'];
  assert.deepEqual([...passedRules].sort(), all);
  assert.deepEqual([...deniedBy].filter((rule) => rule !== 'datasets').sort(), all);
}

test('whoever has seen the evidence: deleting any of it never makes a policy pass', async () => {
  expectVariety(await checkWorlds([...POLICIES, ...LENIENT], undefined, () => true));
});

test('whoever has never seen it, or only some: what a checkpoint is over, the checkpoint, leaves and maps cannot be deleted to pass', async () => {
  const seen = (random: Random, between: SeenLogs) => (random(2) === 0 ? undefined : between);
  // A whole bundle of another dataset, and advisories, which nothing refers to, only a memory misses.
  const tally = await checkWorlds(POLICIES, seen, (path, how, own) => {
    if (path.includes('/advisories/')) return false;
    const isLog = /\.(jsonl|checkpoint|sig)$/.test(path);
    return own || !isLog || (how !== 'file' && path.endsWith('.intoto.jsonl'));
  });
  expectVariety(tally);
});
