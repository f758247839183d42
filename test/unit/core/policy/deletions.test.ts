import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyVerdict } from '../../../../src/core/policy/verdict.ts';
import { seededRandom, type Random } from '../../../support/hostileJson.ts';
import { failures, PolicyWorld } from '../../../support/policyWorld.ts';

const WORLDS = 25;
const DELETIONS = 8;

const roles = {
  curators: { signers: ['anna'], mayVouch: true, mayReview: true, mayClear: ['strangers'] },
  reviewers: { signers: ['ben'], mayVouch: { paths: ['a.jsonl'] }, mayReview: true, mayClear: ['anyone'] },
};

/** Some that ask for what is there, some for what is not, and some that ask for little. */
const POLICIES: readonly object[] = [
  { rules: { verified: { minCount: 1 } } },
  { rules: { verified: { minShare: 1 } } },
  { rules: { unchanged: { allow: ['intact', 'reformatted', 'reordered', 'subset'] } } },
  { rules: { signers: { distinct: 2 } } },
  { roles, rules: { signers: { roles: ['reviewers'] } } },
  { rules: { origins: { sources: ['https://*.example/*'] } } },
  { rules: { lineage: {} } },
  { rules: { lineage: { from: ['web-crawl'] } } },
  { rules: { flags: {} } },
  { rules: { flags: { by: 'trusted', severity: 'high' } } },
  { roles, rules: { flags: { by: ['reviewers'] }, verified: { minCount: 1 } } },
  { rules: { advisories: {} } },
  { rules: { advisories: { from: ['ben'], severity: 'critical' } } },
  { rules: { age: { maxDays: 1 } } },
];
/** Where evidence has no checkpoints, only the memory tells. */
const LENIENT: readonly object[] = POLICIES.map((policy) => ({
  ...policy,
  rules: { ...(policy as { rules: object }).rules, log: { require: 'kept' } },
}));

/** Two datasets, one often made of the other, with whatever people may have signed about them. */
async function randomWorld(random: Random): Promise<PolicyWorld> {
  const world = new PolicyWorld().trusted('anna', 'ben');
  const pick = <T>(items: readonly T[]): T => items[random(items.length)]!;
  const who = () => (random(12) === 0 ? 'eve' : pick(['anna', 'anna', 'ben']));
  const samples = () => Array.from({ length: 1 + random(4) }, () => `w${String(random(5))}`);
  world.data('raw.jsonl', ...samples()).data('a.jsonl', ...samples());
  const signed: string[] = [];
  const flags: string[] = [];
  const origin = () =>
    random(3) > 0
      ? { source: 'https://a.example/', generationMethod: pick(['web-crawl', 'user-data'] as const) }
      : {};
  const lines = (name: string) => [1 + random(world.count(name))];
  for (let actions = 2 + random(7); actions > 0; actions--) {
    const name = pick(['a.jsonl', 'a.jsonl', 'raw.jsonl']);
    const severity = pick(['low', 'high'] as const);
    switch (random(14)) {
      case 0:
        world.data(name, ...samples());
        break;
      case 1:
        flags.push(await world.review(who(), name, lines(name), 'flagged', { severity }));
        break;
      case 2:
        if (flags.length > 0)
          await world.review(who(), name, lines(name), 'cleared', { supersedes: pick(flags) });
        break;
      case 3:
        if (signed.length > 0) await world.revoke(who(), name, pick(signed));
        break;
      case 4:
        if (random(2) === 0) await world.advise(who(), name, lines(name), severity);
        break;
      case 5:
      case 6:
        signed.push(await world.vouch(who(), name, lines(name), { origin: origin() }));
        break;
      case 7:
      case 8: {
        const map: [number, number][] =
          random(2) === 0 ? [[lines('a.jsonl')[0]!, lines('raw.jsonl')[0]!]] : [];
        signed.push(
          await world.step(who(), 'a.jsonl', ['raw.jsonl'], { kind: pick(['filter', 'map']), map }),
        );
        break;
      }
      default:
        signed.push(await world.sign(who(), name, { origin: origin() }));
    }
  }
  // Most datasets end well: then more policies pass, and there is something to spoil.
  if (random(3) > 0) {
    await world.sign('anna', 'raw.jsonl', { origin: { generationMethod: 'web-crawl' } });
    await world.sign(pick(['anna', 'ben']), 'a.jsonl', { origin: origin() });
  }
  return world;
}

/** Deletes files and lines; those for which `mayDelete` says no stay. */
async function deleteSome(
  world: PolicyWorld,
  random: Random,
  mayDelete: (path: string, whole: boolean) => boolean,
): Promise<string[]> {
  const deleted: string[] = [];
  while (deleted.length === 0) {
    const share = 1 + random(4);
    for (const path of world.evidence()) {
      if (random(4) < share && random(2) === 0 && mayDelete(path, true)) {
        world.remove(path);
        deleted.push(path);
      } else if (path.endsWith('.intoto.jsonl') && mayDelete(path, false)) {
        const count = world.lineCount(path);
        const lines = new Set(
          Array.from({ length: count }, (_, i) => i).filter(() => random(3 * share) === 0),
        );
        if (lines.size === 0 || (lines.size === count && !mayDelete(path, true))) continue;
        await world.removeLines(path, lines);
        deleted.push(`${path}: ${[...lines].join()}`);
      }
    }
  }
  return deleted;
}

async function expectNoneBetter(
  world: PolicyWorld,
  policies: readonly object[],
  names: string[],
  before: readonly PolicyVerdict[],
  deleted: string[],
): Promise<{ denied: number; passed: number }> {
  let denied = 0;
  let passed = 0;
  for (const [index, policy] of policies.entries()) {
    const after = await world.check(policy, names);
    if (before[index]!.passed) {
      if (after.passed) passed++;
      continue;
    }
    denied++;
    assert.ok(
      !after.passed,
      `${JSON.stringify(policy)} did not pass (${failures(before[index]!).join()}), and does without\n${deleted.join('\n')}`,
    );
  }
  return { denied, passed };
}

/** @param fresh whether to look after each deletion as on a machine that has never seen the evidence */
async function checkWorlds(
  policies: readonly object[],
  fresh: boolean,
  mayDelete: (path: string, whole: boolean) => boolean,
): Promise<void> {
  let denied = 0;
  let passed = 0;
  let passedBefore = 0;
  for (let seed = 1; seed <= WORLDS; seed++) {
    const random = seededRandom(seed);
    const world = await randomWorld(random);
    const names = random(3) === 0 ? ['a.jsonl', 'raw.jsonl'] : ['a.jsonl'];
    const before: PolicyVerdict[] = [];
    for (const policy of policies) before.push(await world.check(policy, names));
    passedBefore += before.filter((verdict) => verdict.passed).length;
    const whole = world.snapshot();
    const seen = world.seen();
    for (let round = 0; round < DELETIONS; round++) {
      const deleted = await deleteSome(world, random, mayDelete);
      world.lookAnew(fresh ? undefined : seen);
      const counts = await expectNoneBetter(world, policies, names, before, [
        `seed ${String(seed)}`,
        ...deleted,
      ]);
      denied += counts.denied;
      passed += counts.passed;
      world.restore(whole);
    }
  }
  assert.ok(passedBefore > WORLDS, `${String(passedBefore)} policies passed before`);
  assert.ok(
    denied > 500 && passed > 20,
    `${String(denied)} denied, ${String(passed)} passed in spite of deletions`,
  );
}

test('whoever has seen the evidence: deleting any of it never makes a policy pass', async () => {
  await checkWorlds([...POLICIES.slice(0, 9), ...LENIENT.slice(4)], false, () => true);
});

test('whoever has never seen it: what a checkpoint is over, the checkpoint, leaves and maps cannot be deleted to pass', async () => {
  // A whole bundle of another dataset, and advisories, which nothing refers to, only a memory misses.
  await checkWorlds(POLICIES, true, (path, whole) => {
    if (path.includes('/advisories/')) return false;
    const ofOther = path.includes('/raw.jsonl.');
    return !ofOther || (!whole && path.endsWith('.intoto.jsonl'));
  });
});
