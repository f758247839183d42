import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EvidenceStore } from '../../../../src/core/evidence/evidenceStore.ts';
import { evidencePaths } from '../../../../src/core/evidence/layout.ts';
import { reviewStatement } from '../../../../src/core/evidence/statement.ts';
import type { LogState } from '../../../../src/core/log/logState.ts';
import { signatureVerifier } from '../../../../src/core/evidence/sshKey.ts';
import { nativeVerifyEd25519 } from '../../../../src/platform/ed25519.node.ts';
import { formatAllowedSigner, parseAllowedSigners } from '../../../../src/core/trust/allowedSigners.ts';
import { ScopeLoader } from '../../../../src/core/trust/scope.ts';
import { seededRandom, type Random } from '../../../support/hostileJson.ts';
import { signer } from '../../../support/judged.ts';
import { MemoryFiles } from '../../../support/memoryFiles.ts';
import { SeenLogs } from '../../../support/seenLogs.ts';
import { bytesOf, failure } from '../../../unit/core/evidence/support.ts';

const TAMPERINGS = 1000;
/** So many workspaces are made; the rest are copies. */
const WORKSPACES = 12;
const VERIFY = signatureVerifier(nativeVerifyEd25519);
const SIGNERS = ['ann', 'bob', 'cay'];
const { entries: TRUSTED } = parseAllowedSigners(
  SIGNERS.map((name) => formatAllowedSigner({ principal: name, key: signer(name).publicKey })).join('\n'),
  'allowed_signers',
);

/** Two datasets with evidence by several trusted signers, and someone who has looked at it. */
class Workspace {
  readonly files = new MemoryFiles();
  readonly memory = new SeenLogs();
  /** Does not remember: what a thief writes with. */
  readonly store = new EvidenceStore(this.files);

  constructor(private minute = 0) {}

  /** With the same files, and having seen the same. */
  async copy(): Promise<Workspace> {
    const copy = new Workspace(this.minute);
    for (const [path, bytes] of this.files.files) await copy.files.write(path, bytes);
    for (const [dataset, state] of this.memory.datasets) await copy.memory.remember(dataset, state);
    return copy;
  }

  async flag(dataset: string, name: string): Promise<void> {
    const time = new Date(Date.UTC(2026, 0, 1, 0, this.minute++)).toISOString().replace('.000Z', 'Z');
    const statement = reviewStatement([{ name: 'x#1', sha256: 'ab'.repeat(32) }], {
      verdict: 'flagged',
      category: 'poisoning',
      severity: 'high',
      reason: `${dataset} ${this.minute}`,
      timeCreated: time,
    });
    await this.store.append(dataset, statement, signer(name), { acceptRemoved: true });
  }

  /** @param memory of whoever looks. */
  async look(dataset: string, memory: SeenLogs | undefined = this.memory): Promise<LogState> {
    const loader = new ScopeLoader(this.files, undefined, undefined, VERIFY, undefined, memory);
    const scope = await loader.loadStatements({
      dataset,
      bundles: [],
      advisories: [],
      signers: TRUSTED,
    });
    return scope.logs.get(evidencePaths(dataset).bundle)!;
  }

  lines(dataset: string): string[] {
    const bytes = this.files.files.get(evidencePaths(dataset).bundle);
    return new TextDecoder().decode(bytes).split('\n').slice(0, -1);
  }

  async put(dataset: string, lines: readonly string[]): Promise<void> {
    await this.files.write(evidencePaths(dataset).bundle, bytesOf(lines.map((line) => `${line}\n`).join('')));
  }
}

const A = '/w/a.jsonl';
const B = '/w/b.jsonl';

/** Each changes the evidence of dataset A in a way that nobody may take for what was there. */
const TAMPER: Readonly<Record<string, (world: Workspace, random: Random, older: Older) => Promise<void>>> = {
  async deleteLine(world, random) {
    const lines = world.lines(A);
    lines.splice(random(lines.length), 1);
    await world.put(A, lines);
  },
  async deleteSuffix(world, random) {
    const lines = world.lines(A);
    await world.put(A, lines.slice(0, random(lines.length)));
  },
  async deleteAll(world) {
    for (const path of [evidencePaths(A).bundle, evidencePaths(A).checkpoint]) world.files.files.delete(path);
    return Promise.resolve();
  },
  async reorder(world, random) {
    const lines = world.lines(A);
    const from = random(lines.length);
    const [line] = lines.splice(from, 1);
    lines.splice((from + 1 + random(lines.length)) % (lines.length + 1), 0, line!);
    await world.put(A, lines);
  },
  async olderCopy(world, _random, older) {
    await world.files.write(evidencePaths(A).bundle, older.bundle);
    await world.files.write(evidencePaths(A).checkpoint, older.checkpoint);
  },
  async olderCheckpoint(world, _random, older) {
    await world.files.write(evidencePaths(A).checkpoint, older.checkpoint);
  },
  async signedAnew(world, random) {
    const lines = world.lines(A);
    lines.splice(random(lines.length), 1);
    await world.put(A, lines);
    await world.flag(A, SIGNERS[random(3)]!);
  },
  async signedAnewLonger(world, random) {
    const lines = world.lines(A);
    lines.splice(random(lines.length), 1 + random(2));
    await world.put(A, lines);
    for (let more = 1 + random(5); more > 0; more--) await world.flag(A, SIGNERS[random(3)]!);
  },
  async signedAnewBySomeoneElse(world) {
    await world.flag(A, 'mallory');
  },
  async editByte(world, random) {
    const path = evidencePaths(A).bundle;
    const bytes = world.files.files.get(path)!.slice();
    // Not a line end: made to a blank, it would join or blank out lines, and is deleting or reordering by another name.
    let at = random(bytes.length);
    while (bytes[at] === 0x0a) at = random(bytes.length);
    bytes[at]! ^= 1 + random(255);
    await world.files.write(path, bytes);
  },
  async editCheckpoint(world, random) {
    const path = evidencePaths(A).checkpoint;
    const bytes = world.files.files.get(path)!.slice();
    bytes[random(bytes.length)]! ^= 1 + random(255);
    await world.files.write(path, bytes);
  },
  async deleteCheckpoint(world) {
    world.files.files.delete(evidencePaths(A).checkpoint);
    return Promise.resolve();
  },
  async swapCheckpoints(world) {
    const [a, b] = [A, B].map((dataset) => evidencePaths(dataset).checkpoint);
    const [ofA, ofB] = [a!, b!].map((path) => world.files.files.get(path)!);
    await world.files.write(a!, ofB!);
    await world.files.write(b!, ofA!);
  },
  async replaceByOther(world) {
    const [from, to] = [evidencePaths(B), evidencePaths(A)];
    await world.files.write(to.bundle, world.files.files.get(from.bundle)!);
    await world.files.write(to.checkpoint, world.files.files.get(from.checkpoint)!);
  },
};

interface Older {
  readonly bundle: Uint8Array;
  readonly checkpoint: Uint8Array;
}

test(`of ${TAMPERINGS} random tamperings of evidence, none passes as complete`, async () => {
  const random = seededRandom(5);
  const kinds = Object.keys(TAMPER);
  const noticed: Record<string, Record<string, number>> = {};
  const made: { world: Workspace; older: Older }[] = [];
  while (made.length < WORKSPACES) {
    const world = new Workspace();
    for (let lines = 2 + random(3); lines > 0; lines--) await world.flag(A, SIGNERS[random(3)]!);
    const [bundle, checkpoint] = [evidencePaths(A).bundle, evidencePaths(A).checkpoint].map((path) =>
      world.files.files.get(path)!.slice(),
    );
    await world.flag(B, 'ann');
    await world.flag(A, SIGNERS[random(3)]!);
    const before = await world.look(A);
    assert.equal(before.standing, 'complete');
    assert.deepEqual(before.problems, []);
    made.push({ world, older: { bundle: bundle!, checkpoint: checkpoint! } });
  }
  for (let round = 0; round < TAMPERINGS; round++) {
    const { world: untouched, older } = made[random(made.length)]!;
    const world = await untouched.copy();
    const kind = kinds[round % kinds.length]!;
    await TAMPER[kind]!(world, random, older);
    const after = await world.look(A);
    assert.notEqual(after.standing, 'complete', `${kind}, round ${round}`);
    noticed[kind] = { ...noticed[kind], [after.standing]: (noticed[kind]?.[after.standing] ?? 0) + 1 };
    // Looking does not make it better.
    assert.equal((await world.look(A)).standing, after.standing, kind);
  }
  // What removes lines is never only "unsigned", with which one may live.
  for (const kind of [
    'deleteLine',
    'deleteSuffix',
    'deleteAll',
    'reorder',
    'olderCopy',
    'signedAnew',
    'signedAnewLonger',
    'editByte',
    'swapCheckpoints',
    'replaceByOther',
  ]) {
    assert.deepEqual(Object.keys(noticed[kind]!), ['removed'], kind);
  }
  assert.deepEqual(Object.keys(noticed['olderCheckpoint']!), ['unsigned']);
  assert.deepEqual(Object.keys(noticed['signedAnewBySomeoneElse']!), ['unsigned']);
  assert.deepEqual(Object.keys(noticed['deleteCheckpoint']!), ['unsigned']);
});

test('without having looked before, a checkpoint tells what was removed without it', async () => {
  const world = new Workspace();
  for (const name of SIGNERS) await world.flag(A, name);
  await world.put(A, world.lines(A).slice(1));
  const state = await world.look(A, undefined);
  assert.equal(state.standing, 'removed');
  assert.match(state.problems[0]!.template, /checkpoint/);
});

test('what was seen in one place is known in another', async () => {
  const world = new Workspace();
  for (const name of SIGNERS) await world.flag(A, name);
  await world.look(A);
  await world.put('/elsewhere/a.jsonl', world.lines(A).slice(0, 2));
  const moved = await world.look('/elsewhere/a.jsonl');
  assert.deepEqual([moved.standing, moved.problems[0]?.args['elsewhere']], ['removed', A]);
  await world.put('/third/a.jsonl', world.lines(A));
  assert.equal((await world.look('/third/a.jsonl')).standing, 'unsigned');
});

test('a log that goes on is complete for whoever saw its beginning', async () => {
  const world = new Workspace();
  for (const name of SIGNERS) {
    await world.flag(A, name);
    assert.equal((await world.look(A)).standing, 'complete');
  }
  // Line ends that a tool converted are not evidence.
  await world.files.write(evidencePaths(A).bundle, bytesOf(world.lines(A).join('\r\n\r\n')));
  assert.equal((await world.look(A)).standing, 'complete');
});

test('no signer signs over what is missing, unless told to', async () => {
  const world = new Workspace();
  const store = new EvidenceStore(world.files, undefined, undefined, world.memory);
  const statement = (reason: string) =>
    reviewStatement([{ name: 'x#1', sha256: 'ab'.repeat(32) }], {
      verdict: 'flagged',
      category: 'other',
      severity: 'low',
      reason,
      timeCreated: '2026-01-31T09:00:00Z',
    });
  for (const name of SIGNERS) await store.append(A, statement(name), signer(name));
  const whole = world.lines(A);
  await world.put(A, whole.slice(1));
  const refused = failure(
    'evidence-removed',
    /went up to line 3, and now it ends with line 2.*provenance log accept/,
  );
  await assert.rejects(store.append(A, statement('more'), signer('ann')), refused);
  assert.deepEqual(world.lines(A), whole.slice(1), 'nothing was written');

  world.files.files.delete(evidencePaths(A).checkpoint);
  await assert.rejects(
    store.append(A, statement('more'), signer('ann')),
    failure('evidence-removed', /went up to line 3/),
  );
  await world.files.write(evidencePaths(A).checkpoint, bytesOf('nonsense'));
  await world.put(A, whole);
  await assert.rejects(
    store.append(A, statement('more'), signer('ann')),
    failure('evidence-removed', /note/),
  );

  await world.put(A, whole.slice(1));
  await store.append(A, statement('accepted'), signer('ann'), { acceptRemoved: true });
  assert.equal((await world.look(A)).standing, 'complete');
  await store.append(A, statement('and on'), signer('bob'));
  assert.equal((await world.look(A)).standing, 'complete');
});

test('a bundle that is longer than its checkpoint is unsigned until something is added', async () => {
  const world = new Workspace();
  await world.flag(A, 'ann');
  const checkpoint = world.files.files.get(evidencePaths(A).checkpoint)!;
  await world.flag(A, 'bob');
  await world.files.write(evidencePaths(A).checkpoint, checkpoint);
  const state = await world.look(A);
  assert.deepEqual(
    [state.standing, state.size, state.checkpoint?.size, state.checkpoint?.trusted, state.problems],
    ['unsigned', 2, 1, true, []],
  );
  await world.flag(A, 'cay');
  assert.equal((await world.look(A)).standing, 'complete');
});

test('bundles of others in scope are looked at too, and advisories', async () => {
  const world = new Workspace();
  await world.flag(A, 'ann');
  for (const dataset of [B, '/w/c.jsonl']) for (const name of SIGNERS) await world.flag(dataset, name);
  const advisories = '/w/.provenance/advisories/x.intoto.jsonl';
  await world.files.write(advisories, bytesOf(`${world.lines(A)[0]!}\n${world.lines(B)[0]!}\n`));
  const look = async () => {
    const loader = new ScopeLoader(world.files, undefined, undefined, undefined, undefined, world.memory);
    const bundles = [evidencePaths(B).bundle, evidencePaths('/w/c.jsonl').bundle];
    return await loader.loadStatements({ dataset: A, bundles, advisories: [advisories], signers: TRUSTED });
  };
  const codes = async () => (await look()).problems.map(({ path, error }) => [path, error.code]);
  assert.deepEqual(await codes(), []);
  await world.put(B, world.lines(B).slice(0, 1));
  world.files.files.delete(evidencePaths('/w/c.jsonl').bundle);
  await world.files.write(advisories, bytesOf(`${world.lines(A)[0]!}\n`));
  const found = await codes();
  for (const path of [evidencePaths(B).bundle, evidencePaths('/w/c.jsonl').bundle, advisories]) {
    assert.ok(
      found.some(([where, code]) => where === path && code === 'evidence-removed'),
      path,
    );
  }
});
