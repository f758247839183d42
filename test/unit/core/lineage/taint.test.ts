import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../../src/core/bytes/hex.ts';
import { sha256 } from '../../../../src/core/bytes/sha256.ts';
import { evidencePaths } from '../../../../src/core/evidence/layout.ts';
import {
  CANONICALIZATION,
  type Pairing,
  type Severity,
  type Verdict,
} from '../../../../src/core/evidence/predicates.ts';
import {
  advisoryStatement,
  datasetStatement,
  reviewStatement,
  revocationStatement,
  stepStatement,
} from '../../../../src/core/evidence/statement.ts';
import { serializeDerivationMap } from '../../../../src/core/lineage/derivationMap.ts';
import { stepPredicate } from '../../../../src/core/lineage/step.ts';
import { parseAllowedSigners, formatAllowedSigner } from '../../../../src/core/trust/allowedSigners.ts';
import { assess } from '../../../../src/core/trust/assess.ts';
import { ScopeLoader } from '../../../../src/core/trust/scope.ts';
import { EvidenceStore } from '../../../../src/core/evidence/evidenceStore.ts';
import { digest, jsonl, signer } from '../../../support/judged.ts';
import { MemoryFiles } from '../../../support/memoryFiles.ts';

/** Samples are words; datasets are texts of words. Everything is signed as the product does it, in memory. */
class Lineage {
  readonly files = new MemoryFiles();
  readonly store = new EvidenceStore(this.files);
  readonly loader = new ScopeLoader(this.files);
  private readonly datasets = new Set<string>();
  private minute = 0;

  now(): string {
    return new Date(Date.UTC(2026, 0, 1, 0, this.minute++)).toISOString().replace('.000Z', 'Z');
  }

  /** A step that made `to` of `from`; changed words are written `new<old`. */
  async step(
    name: string,
    to: string,
    words: string,
    from: Readonly<Record<string, string>>,
    {
      pairing = 'key',
      withMap = true,
      dataset = `/w/${to}`,
    }: { pairing?: Pairing; withMap?: boolean; dataset?: string } = {},
  ): Promise<string> {
    this.datasets.add(dataset);
    const pairs = words
      .split(' ')
      .filter((word) => word.includes('<'))
      .flatMap((word) => {
        const [output = '', ...inputs] = word.split('<');
        return inputs.map((input) => ({ output: wordDigest(output), input: wordDigest(input) }));
      });
    const map = serializeDerivationMap(pairs);
    const samples = digest(jsonl(plain(words)));
    const root = await this.store.writeLeaves(dataset, samples.digests);
    const inputs = await Promise.all(
      Object.entries(from).map(async ([name, text]) => {
        const read = digest(jsonl(plain(text)));
        const inputRoot = await this.store.writeLeaves(dataset, read.digests);
        return { name, sha256: read.sha256, samples: { count: read.count, root: inputRoot } };
      }),
    );
    const mapDigest = withMap ? await this.store.writeMap(dataset, map) : toHex(sha256(map));
    const predicate = stepPredicate(
      {
        output: { name: to, sha256: samples.sha256, samples: { count: samples.count, root } },
        inputs,
        kind: 'map',
        parameters: {},
        materials: [],
        tool: { id: 'urn:test' },
        finishedOn: this.now(),
        ...(pairs.length > 0 && { map: { sha256: mapDigest, pairs: pairs.length, pairing } }),
      },
      toHex(sha256(samples.digests)),
    );
    const statement = stepStatement([{ name: to, sha256: samples.sha256 }], predicate);
    return (await this.store.append(dataset, statement, signer(name))).envelopeDigest;
  }

  async sign(name: string, file: string, words: string): Promise<void> {
    const dataset = `/w/${file}`;
    this.datasets.add(dataset);
    const samples = digest(jsonl(words));
    const root = await this.store.writeLeaves(dataset, samples.digests);
    const statement = datasetStatement(
      { name: file, sha256: samples.sha256 },
      {
        samples: { count: samples.count, root, canonicalization: CANONICALIZATION },
        mediaType: 'application/jsonl',
        timeCreated: this.now(),
      },
    );
    await this.store.append(dataset, statement, signer(name));
  }

  async review(
    name: string,
    subjects: Readonly<Record<string, string>>,
    {
      verdict = 'flagged',
      severity = 'high',
      supersedes,
    }: { verdict?: Verdict; severity?: Severity; supersedes?: string | undefined } = {},
  ): Promise<string> {
    const dataset = '/w/reviews.jsonl';
    this.datasets.add(dataset);
    const statement = reviewStatement(
      Object.entries(subjects).map(([subject, sha]) => ({ name: subject, sha256: sha })),
      {
        verdict,
        category: 'poisoning',
        severity,
        reason: 'test',
        timeCreated: this.now(),
        ...(supersedes !== undefined && { supersedes }),
      },
    );
    return (await this.store.append(dataset, statement, signer(name))).envelopeDigest;
  }

  /** Flags words. */
  flag(name: string, words: string, severity: Severity = 'high'): Promise<string> {
    const subjects = words.split(' ').map((word) => [`words#${word}`, wordDigest(word)]);
    return this.review(name, Object.fromEntries(subjects) as Record<string, string>, { severity });
  }

  async revoke(name: string, envelope: string): Promise<void> {
    const statement = revocationStatement([{ name: 'x', sha256: envelope }], {
      reason: '',
      timeCreated: this.now(),
    });
    await this.store.append('/w/reviews.jsonl', statement, signer(name));
  }

  async judge(words: string, file = 'end.jsonl', advisories: string[] = []) {
    const dataset = `/w/${file}`;
    const trusted = ['ann', 'bob'].map((name) =>
      formatAllowedSigner({ principal: name, key: signer(name).publicKey }),
    );
    const { entries } = parseAllowedSigners(trusted.join('\n'), 'allowed_signers');
    const scope = await this.loader.load({
      dataset,
      bundles: [...this.datasets].map((path) => evidencePaths(path).bundle),
      advisories,
      signers: entries,
    });
    const samples = digest(jsonl(words));
    return { scope, assessment: assess({ ...scope, rows: samples, sha256: samples.sha256 }) };
  }

  /** "a:flagged b:high?(words#a map map) c": a word with its flag, or with the way that it came; `?` for not trusted. */
  async picture(words: string, file?: string): Promise<string> {
    const { scope, assessment } = await this.judge(words, file);
    const shown = words.split(' ').map((word, row) => {
      const review = assessment.reviews.get(row);
      const upstream = assessment.upstream.get(row);
      if (review && upstream) assert.equal(review.state, 'cleared');
      if (review?.state === 'flagged') return `${word}:flagged`;
      if (!upstream) return word;
      const { way, trusted, severity } = upstream;
      const steps = way.steps.map(({ statement, pairing }) => {
        const step = scope.statements[statement]!.statement;
        assert.equal(step.kind, 'step');
        return ` ${step.subjects[0]!.name}${pairing === undefined ? '!' : ''}`;
      });
      return `${word}:${severity}${trusted ? '' : '?'}(${way.flagged} ${way.name}${steps.join('')})`;
    });
    assert.equal(assessment.flaggedUpstream, assessment.upstream.length);
    return shown.join(' ');
  }
}

function plain(words: string): string {
  return words.replace(/<\S*/g, '');
}

function wordDigest(word: string): string {
  return toHex(digest(jsonl(word)).digests);
}

function textDigest(words: string): string {
  return digest(jsonl(words)).sha256;
}

describe('a flag on a sample', () => {
  test('follows what it was made into, step by step, and nothing else', async () => {
    const lineage = new Lineage();
    await lineage.step('ann', 'b', 'a2<a b2<b c', { a: 'a b c' });
    await lineage.step('ann', 'c', 'a3<a2 b3<b2 c', { b: 'a2 b2 c' });
    assert.equal(await lineage.picture('a3 b3 c'), 'a3 b3 c');
    await lineage.flag('bob', 'a');
    assert.equal(await lineage.picture('a3 b3 c'), 'a3:high(sample words#a b c) b3 c');
    assert.equal(
      await lineage.picture('a a2 a3'),
      'a:flagged a2:high(sample words#a b) a3:high(sample words#a b c)',
    );
  });

  test('clearing it takes it back; a stranger cannot', async () => {
    const lineage = new Lineage();
    await lineage.step('ann', 'b', 'a2<a', { a: 'a' });
    const flag = await lineage.flag('bob', 'a');
    const clear = { verdict: 'cleared' as const, supersedes: flag };
    await lineage.review('eve', { a: wordDigest('a') }, clear);
    assert.equal(await lineage.picture('a2'), 'a2:high(sample words#a b)');
    await lineage.review('ann', { a: wordDigest('a') }, clear);
    assert.equal(await lineage.picture('a2'), 'a2');
  });

  test('a step of a stranger is followed, and marked; one with a wrong signature or taken back is not', async () => {
    const lineage = new Lineage();
    const step = await lineage.step('eve', 'b', 'a2<a', { a: 'a' });
    await lineage.flag('bob', 'a');
    assert.equal(await lineage.picture('a2'), 'a2:high?(sample words#a b)');
    await lineage.revoke('ann', step);
    assert.equal(await lineage.picture('a2'), 'a2');
    const bundle = evidencePaths('/w/c').bundle;
    await lineage.step('ann', 'c', 'a3<a', { a: 'a' });
    assert.equal(await lineage.picture('a3'), 'a3:high(sample words#a c)');
    const text = new TextDecoder().decode(lineage.files.files.get(bundle));
    await lineage.files.write(bundle, new TextEncoder().encode(text.replace(/"sig":"../, '"sig":"AA')));
    assert.equal(await lineage.picture('a3'), 'a3');
  });

  test('of several ways the gravest flag counts, then a trusted way, then the shortest', async () => {
    const lineage = new Lineage();
    await lineage.step('eve', 'short', 'z<a', { a: 'a' });
    await lineage.step('ann', 'b', 'b<a', { a: 'a' });
    await lineage.step('ann', 'long', 'z<b', { b: 'b' });
    await lineage.flag('bob', 'a');
    assert.equal(await lineage.picture('z'), 'z:high(sample words#a b long)');
    await lineage.step('ann', 'direct', 'z<a', { a: 'a' });
    assert.equal(await lineage.picture('z'), 'z:high(sample words#a direct)');
    await lineage.step('eve', 'other', 'z<k', { k: 'k' });
    await lineage.flag('eve', 'k', 'critical');
    assert.equal(await lineage.picture('z'), 'z:critical?(sample words#k other)');
  });

  test('a trusted way goes on through a step of a stranger, and the reverse', async () => {
    const lineage = new Lineage();
    await lineage.step('ann', 'b', 'b<a', { a: 'a' });
    await lineage.step('eve', 'c', 'c<b', { b: 'b' });
    await lineage.step('ann', 'd', 'd<c', { c: 'c' });
    await lineage.flag('bob', 'a');
    assert.equal(
      await lineage.picture('b c d'),
      'b:high(sample words#a b) c:high?(sample words#a b c) d:high?(sample words#a b c d)',
    );
  });

  test('steps that go round in a circle end', async () => {
    const lineage = new Lineage();
    await lineage.step('ann', 'b', 'b<a', { a: 'a' });
    await lineage.step('ann', 'a', 'a<b c<b', { b: 'b' });
    await lineage.flag('bob', 'a');
    assert.equal(
      await lineage.picture('a b c'),
      'a:flagged b:high(sample words#a b) c:high(sample words#a b a)',
    );
  });

  test('evidence that was copied changes nothing', async () => {
    const lineage = new Lineage();
    await lineage.step('ann', 'b', 'b<a', { a: 'a' });
    await lineage.flag('bob', 'a');
    const copies = [...lineage.files.files].map(
      ([path, bytes]) => [`/w/copy${path.slice(2)}`, bytes] as const,
    );
    for (const [path, bytes] of copies) await lineage.files.write(path, bytes);
    assert.equal(await lineage.picture('a b', 'b'), 'a:flagged b:high(sample words#a b)');
  });

  test('a missing or changed map is a problem, and the judgement says that it does not know', async () => {
    const lineage = new Lineage();
    await lineage.step('ann', 'b', 'b<a', { a: 'a' });
    const [path = ''] = [...lineage.files.files.keys()].filter((name) => name.includes('/maps/'));
    const bytes = lineage.files.files.get(path)!;
    lineage.files.files.delete(path);
    const unflagged = await lineage.judge('b');
    assert.deepEqual(unflagged.scope.problems, [], 'nobody asks without a flag');
    await lineage.flag('bob', 'a');
    const missing = await lineage.judge('b');
    assert.deepEqual(
      missing.scope.problems.map(({ path, error }) => [path, error.code]),
      [[path, 'map-missing']],
    );
    assert.equal(missing.scope.taintComplete, false);
    await lineage.files.write(path, bytes.slice(130));
    assert.equal((await lineage.judge('b')).scope.problems[0]?.error.code, 'invalid-map');
    await lineage.files.write(path, bytes);
    const whole = await lineage.judge('b');
    assert.equal(whole.scope.taintComplete, true);
    assert.equal(whole.assessment.flaggedUpstream, 1);
  });

  test('a cleared sample that was made of a flagged one is cleared, and flagged upstream', async () => {
    const lineage = new Lineage();
    await lineage.step('ann', 'b', 'b<a', { a: 'a' });
    const flag = await lineage.flag('bob', 'b');
    await lineage.review('bob', { b: wordDigest('b') }, { verdict: 'cleared', supersedes: flag });
    await lineage.flag('bob', 'a');
    assert.equal(await lineage.picture('b'), 'b:high(sample words#a b)');
  });
});

describe('a flag on a dataset', () => {
  test('reaches its samples wherever they are, and what was made of them', async () => {
    const lineage = new Lineage();
    await lineage.sign('ann', 'a', 'a b');
    await lineage.step('ann', 'm', 'a2<a b c', { a: 'a b', c: 'c' });
    const flag = await lineage.review('bob', { 'a.jsonl': textDigest('a b') });
    assert.equal(
      await lineage.picture('a a2 b c'),
      'a:high(dataset a.jsonl) a2:high(dataset a.jsonl m) b:high(dataset a.jsonl) c',
    );
    await lineage.review('bob', { a: textDigest('a b') }, { verdict: 'cleared', supersedes: flag });
    assert.equal(await lineage.picture('a a2 b c'), 'a a2 b c');
  });

  test('reaches the file itself, also where no evidence says which samples it has', async () => {
    const lineage = new Lineage();
    await lineage.review('bob', { 'a.jsonl': textDigest('a b') });
    assert.equal(await lineage.picture('a b'), 'a:high(dataset a.jsonl) b:high(dataset a.jsonl)');
    assert.equal(await lineage.picture('a b c'), 'a b c');
  });

  test('is known through a step that used it', async () => {
    const lineage = new Lineage();
    await lineage.step('eve', 'm', 'a b2<b', { a: 'a b' });
    await lineage.review('bob', { 'a.jsonl': textDigest('a b') });
    assert.equal(await lineage.picture('a b2'), 'a:high?(dataset a.jsonl) b2:high?(dataset a.jsonl m)');
  });

  test('whose leaves are missing is a problem', async () => {
    const lineage = new Lineage();
    await lineage.sign('ann', 'a', 'a b');
    const [path = ''] = [...lineage.files.files.keys()].filter((name) => name.includes('/leaves/'));
    lineage.files.files.delete(path);
    await lineage.review('bob', { 'a.jsonl': textDigest('a b') });
    const { scope } = await lineage.judge('a');
    assert.equal(scope.taintComplete, false);
    assert.ok(scope.problems.every(({ error }) => error.code === 'leaves-missing'));
  });
});

describe('a flag on a step', () => {
  test('reaches what it made, and what was made of that, but not what it used', async () => {
    const lineage = new Lineage();
    const step = await lineage.step('ann', 'b', 'b<a c', { a: 'a c d' });
    await lineage.step('ann', 'd', 'b2<b', { b: 'b c' });
    await lineage.review('bob', { 'b.jsonl.intoto.jsonl#1': step });
    assert.equal(
      await lineage.picture('a b c b2 d'),
      'a b:high(step b.jsonl.intoto.jsonl#1 b!) c:high(step b.jsonl.intoto.jsonl#1 b!) ' +
        'b2:high(step b.jsonl.intoto.jsonl#1 b! d) d',
    );
  });

  test('stays when its signer takes the step back', async () => {
    const lineage = new Lineage();
    const step = await lineage.step('eve', 'b', 'b c', { a: 'a' });
    await lineage.review('bob', { step });
    await lineage.revoke('eve', step);
    assert.equal(await lineage.picture('b'), 'b:high?(step step b!)');
  });
});

describe('an advisory', () => {
  const issue = async (
    lineage: Lineage,
    name: string,
    id: string,
    words: string,
    options: { withdrawn?: string; time?: string } = {},
  ): Promise<string> => {
    const { time = lineage.now(), withdrawn } = options;
    const statement = advisoryStatement(
      words.split(' ').map((word, i) => ({ name: `${id}#${String(i + 1)}`, sha256: wordDigest(word) })),
      {
        id,
        title: 'Known poison',
        category: 'poisoning',
        severity: 'critical',
        timeCreated: time,
        ...(withdrawn !== undefined && { withdrawn }),
      },
    );
    return (await lineage.store.append('/w/advisories/x', statement, signer(name))).envelopeDigest;
  };
  const advisories = [evidencePaths('/w/advisories/x').bundle];
  const stateOf = async (lineage: Lineage, words: string): Promise<string> => {
    const { assessment } = await lineage.judge(words, 'end.jsonl', advisories);
    return words
      .split(' ')
      .map((word, row) => {
        const state = assessment.reviews.get(row);
        const upstream = assessment.upstream.get(row) ? ' upstream' : '';
        return state ? `${word}:${state.state}${state.trusted ? '' : '?'}${upstream}` : `${word}${upstream}`;
      })
      .join(' ');
  };

  test('flags what it names, and what was made of it', async () => {
    const lineage = new Lineage();
    await lineage.step('ann', 'b', 'b<a', { a: 'a' });
    await issue(lineage, 'bob', 'X-1', 'a k');
    assert.equal(await stateOf(lineage, 'a b c k'), 'a:flagged b upstream c k:flagged');
  });

  test('is replaced by the newest of its signer, and withdrawn', async () => {
    const lineage = new Lineage();
    await issue(lineage, 'bob', 'X-1', 'a b');
    await issue(lineage, 'bob', 'X-1', 'b c', { time: '2026-02-01T00:00:00Z' });
    await issue(lineage, 'bob', 'X-1', 'a b c', { time: '2025-01-01T00:00:00Z' });
    assert.equal(await stateOf(lineage, 'a b c'), 'a b:flagged c:flagged');
    await issue(lineage, 'ann', 'X-1', 'c', {
      time: '2026-03-01T00:00:00Z',
      withdrawn: '2026-03-01T00:00:00Z',
    });
    assert.equal(
      await stateOf(lineage, 'a b c'),
      'a b:flagged c:flagged',
      'of another signer: another advisory',
    );
    const time = '2026-04-01T00:00:00Z';
    const withdrawal = await issue(lineage, 'bob', 'X-1', 'b c', { time, withdrawn: time });
    assert.equal(await stateOf(lineage, 'a b c'), 'a b:cleared c:cleared');
    await lineage.sign('ann', 'reviews.jsonl', 'q');
    await lineage.revoke('bob', withdrawal);
    assert.equal(await stateOf(lineage, 'a b c'), 'a b:flagged c:flagged', 'a withdrawal can be taken back');
  });

  test('of a stranger counts as a flag of a stranger does, and someone trusted can clear it here', async () => {
    const lineage = new Lineage();
    const advisory = await issue(lineage, 'eve', 'X-1', 'a');
    assert.equal(await stateOf(lineage, 'a'), 'a:flagged?');
    await lineage.review('ann', { a: wordDigest('a') }, { verdict: 'cleared', supersedes: advisory });
    assert.equal(await stateOf(lineage, 'a'), 'a:cleared');
  });
});

test('property: exactly the descendants of what is flagged are flagged upstream, by a way that exists', async () => {
  const word = fc.integer({ min: 0, max: 9 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          pairs: fc.uniqueArray(fc.tuple(word, word), {
            minLength: 1,
            maxLength: 4,
            selector: ([output, input]) => output * 10 + input,
          }),
          by: fc.constantFrom('ann', 'eve'),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      fc.uniqueArray(word, { minLength: 1, maxLength: 3 }),
      async (steps, flagged) => {
        const lineage = new Lineage();
        for (const [nth, { pairs, by }] of steps.entries()) {
          const words = pairs.map(([output, input]) => `w${String(output)}<w${String(input)}`).join(' ');
          await lineage.step(by, `step${String(nth)}`, words, {});
        }
        await lineage.flag('bob', flagged.map((n) => `w${String(n)}`).join(' '));
        const edges = steps.flatMap(({ pairs, by }) => pairs.map(([to, from]) => ({ to, from, by })));
        // Ways go on from those that are there: a trusted one is not made shorter by steps that are not.
        const distances = (allowed: typeof edges, known: ReadonlyMap<number, number>) => {
          const distance = new Map(known);
          for (let changed = true; changed;) {
            changed = false;
            for (const { to, from } of allowed) {
              const next = (distance.get(from) ?? Infinity) + 1;
              if (!known.has(to) && next < (distance.get(to) ?? Infinity)) {
                distance.set(to, next);
                changed = true;
              }
            }
          }
          return distance;
        };
        const start = new Map(flagged.map((n) => [n, 0]));
        const trusted = distances(
          edges.filter(({ by }) => by === 'ann'),
          start,
        );
        const all = distances(edges, trusted);
        const words = Array.from({ length: 10 }, (_, n) => `w${String(n)}`);
        const { assessment } = await lineage.judge(words.join(' '));
        words.forEach((_, n) => {
          const upstream = assessment.upstream.get(n);
          const isDescendant = all.has(n) && !flagged.includes(n);
          assert.equal(upstream !== undefined, isDescendant, `w${String(n)}`);
          if (!upstream) return;
          assert.equal(upstream.trusted, trusted.has(n));
          assert.equal(upstream.way.steps.length, (upstream.trusted ? trusted : all).get(n));
        });
      },
    ),
    { numRuns: 25, endOnFailure: true },
  );
});
