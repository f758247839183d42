import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import type { VerifyJson } from '../../../src/cli/json.ts';
import { run } from '../../../src/cli/program.ts';
import type { ShowSampleJson } from '../../../src/cli/showJson.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

/** What goes where: streams, JSON, colour, progress. */
describe('output', () => {
  let programs: Programs;
  let sandbox: Sandbox;
  before(async () => {
    programs = await buildPrograms();
    sandbox = new Sandbox(programs);
    await sandbox.provenance('keygen', '--trust', '--name', 'anna@example.org');
    sandbox.write('train.jsonl', lines(30));
    await sandbox.provenance('sign', 'train.jsonl');
  });

  test('the private key is in no output', async () => {
    const { stdout, stderr } = await sandbox.provenance('keygen', '--out', 'key.pem');
    const secret = readFileSync(sandbox.path('key.pem'), 'utf8').split('\n')[1]!;
    assert.match(stdout, /ssh-ed25519 AAAA/);
    assert.equal((stdout + stderr).includes(secret), false);
    assert.doesNotMatch(stdout + stderr, /PRIVATE/);
    writeFileSync(sandbox.path('damaged.pem'), `-----BEGIN PRIVATE KEY-----\n${secret.slice(4)}\n`, {
      mode: 0o600,
    });
    const failed = await sandbox.provenance('sign', 'train.jsonl', '--key', 'damaged.pem');
    assert.equal(failed.code, 2);
    assert.equal((failed.stdout + failed.stderr).includes(secret.slice(4, 20)), false);
  });

  test('--json is whole, however much there is', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => i + 1);
    sandbox.write('many.jsonl', lines(5000));
    const { datasets, fine } = (await sandbox.json('verify', 'many.jsonl')) as VerifyJson;
    assert.equal(fine, false);
    assert.deepEqual(datasets[0]?.unsigned, many.slice(30));
    assert.deepEqual(datasets[0].counts, { ...NONE, verified: 30, unsigned: 4970 });
  });

  test('--json of verify, member by member', async () => {
    sandbox.write('all.jsonl', `${lines(4)}{"id":\n`);
    await sandbox.provenance('sign', 'all.jsonl', '--note', 'first', '--licence', 'MIT');
    await sandbox.provenance(
      'flag',
      'all.jsonl',
      ...'--lines 2 --category pii --severity low --reason r'.split(' '),
    );
    sandbox.write('all.jsonl', '{"id":1}\n{"id":0}\n{"id":33}\n{"id":3}\n{"id":3}\n\n{"id":\n');
    const { code, stdout } = await sandbox.provenance('verify', 'all.jsonl', 'missing.jsonl', '--json');
    assert.equal(code, 2);
    const { datasets, ...rest } = JSON.parse(stdout) as VerifyJson;
    assert.deepEqual(rest, {
      version: 1,
      fine: false,
      allowedSigners: [`${sandbox.home}/.config/dataset-provenance/allowed_signers`],
      errors: [
        {
          path: 'missing.jsonl',
          code: 'not-found',
          message: 'missing.jsonl does not exist; check the path.',
        },
      ],
      problems: [],
    });
    const [{ statements, reviews, sha256, log, ...dataset }] = datasets as [VerifyJson['datasets'][number]];
    assert.deepEqual(dataset, {
      path: 'all.jsonl',
      fine: false,
      verdict: 'changed',
      samples: 6,
      counts: { ...NONE, verified: 3, modified: 1, added: 1, malformed: 1 },
      flagged: 1,
      flaggedUpstream: 0,
      upstream: [],
      upstreamComplete: true,
      modified: [3],
      added: [5],
      untrusted: [],
      unsigned: [],
      revoked: [],
      unknown: [],
      malformed: [
        {
          line: 7,
          code: 'unexpected-end',
          offset: 6,
          message: 'The value is cut off at byte 6: the sample ends inside it. Restore the rest of it.',
        },
      ],
      removed: [],
      moved: [
        { line: 1, from: 2 },
        { line: 2, from: 1 },
      ],
      baseline: 0,
      problems: [],
    });
    assert.match(sha256, /^[0-9a-f]{64}$/);
    const { keyId, principal } = statements[1]!;
    const checkpoint = { size: 2, root: log?.root, keyId, principal, trusted: true, witnesses: 0 };
    assert.deepEqual(
      { ...log, origin: '', seen: {} },
      { standing: 'complete', origin: '', size: 2, root: log?.root, checkpoint, seen: {}, problems: [] },
    );
    assert.deepEqual([log?.seen?.size, log?.seen?.root], [2, log?.root]);
    assert.match(log?.origin ?? '', /^dataset-provenance\/log\/[0-9a-f]{64}$/);
    const bundle = `${sandbox.work}/.provenance/all.jsonl.intoto.jsonl`;
    const own = { standing: 'trusted', principal: 'anna@example.org', own: true, advisory: false, bundle };
    const [first, second, ...others] = statements;
    assert.deepEqual(
      { ...first, keyId: '', publicKey: '', time: '', envelope: '', sha256: '' },
      {
        ...own,
        kind: 'dataset',
        samples: 4,
        decides: 5,
        dataset: `${sandbox.work}/all.jsonl`,
        line: 1,
        note: 'first',
        origin: { licence: 'MIT' },
        ...{ keyId: '', publicKey: '', time: '', envelope: '', sha256: '' },
      },
    );
    assert.deepEqual(
      [second?.kind, second?.verdict, second?.reason, second?.samples],
      ['review', 'flagged', 'r', 1],
    );
    assert.ok(others.every(({ own }) => !own));
    assert.deepEqual(
      reviews.map(({ threads, ...state }) => ({ ...state, threads: threads.length })),
      [{ line: 1, state: 'flagged', category: 'pii', severity: 'low', trusted: true, threads: 1 }],
    );
    assert.equal(reviews[0]?.threads[0]?.reviews[0]?.envelope, second?.envelope);
  });

  test('--json of show, for one sample', async () => {
    sandbox.write('one.jsonl', '{"text":"a","url":"https://example.org/a"}\n');
    await sandbox.provenance('sign', 'one.jsonl', '--lines', '1', '--issuer', 'Example');
    const { digest, coveredBy, log, ...sample } = (await sandbox.json(
      'show',
      'one.jsonl:1',
    )) as ShowSampleJson;
    assert.deepEqual(sample, {
      version: 1,
      path: 'one.jsonl',
      line: 1,
      status: 'verified',
      explanation: 'anna@example.org vouches for this sample.',
      canonicalLength: 42,
      origin: { issuer: 'Example', url: 'https://example.org/a' },
      claimed: [{ kind: 'created', from: 'https://example.org/a' }],
      inputs: [],
      problems: [],
    });
    assert.match(digest ?? '', /^[0-9a-f]{64}$/);
    assert.equal(coveredBy.length, 1);
    assert.deepEqual([log?.standing, log?.size], ['complete', 1]);
  });

  test('what a record says of its own past is shown as a claim', async () => {
    const record = {
      text: 'a',
      source: 'c4',
      created: '2019-04-25T12:57:54Z',
      added: '2023-11-01T00:00:00Z',
      metadata: { provenance: 'en.0001.json.gz:12' },
    };
    sandbox.write('dolma.jsonl', `${JSON.stringify(record)}\n`);
    const { stdout } = await sandbox.provenance('show', 'dolma.jsonl:1');
    const claims = stdout.split('\n').filter((line) => line.endsWith('(says the record itself, not signed)'));
    assert.deepEqual(
      claims.map((line) =>
        line.replace(/^ +(claimed +)?/, '').replace(' (says the record itself, not signed)', ''),
      ),
      [
        'Created: 2019-04-25T12:57:54Z',
        'Collected: c4, 2023-11-01T00:00:00Z',
        'Taken from: en.0001.json.gz:12',
      ],
    );
  });

  test('JSON hides nothing from a terminal either', async () => {
    const hostile = '\u009b31m\u202e\u{e0041}\u2028';
    sandbox.write('odd.jsonl', lines(1));
    await sandbox.provenance('sign', 'odd.jsonl', '--note', hostile);
    const { stdout } = await sandbox.provenance('verify', 'odd.jsonl', '--json');

    assert.doesNotMatch(stdout, /[^\n\u0020-\u007e]/);
    assert.equal((JSON.parse(stdout) as VerifyJson).datasets[0]?.statements[0]?.note, hostile);
  });

  test('long lists are ranges, and have an end', async () => {
    const odd = Array.from({ length: 60 }, (_, i) => `{"id":${i + (i % 2) * 1000}}`);
    sandbox.write('train.jsonl', `${lines(30)}${odd.slice(31).join('\n')}\n`);
    const { stdout } = await sandbox.provenance('verify', 'train.jsonl');
    assert.match(stdout, /^ {2}added {6}lines 31-59$/m);
    sandbox.write('train.jsonl', `${odd.join('\n')}\n`);
    const other = await sandbox.provenance('verify', 'train.jsonl');
    assert.match(other.stdout, /^ {2}modified {3}lines 2, 4(, \d+){10} and \d+ more$/m);
    assert.match(other.stdout, /--lines LINES$/m);
  });

  test('a reader that leaves early is no error, and changes no exit code', async () => {
    sandbox.write('long.jsonl', lines(50_000));
    const command = '{ provenance verify long.jsonl --json; echo "$?" >&2; } | head -n 1';
    const { stdout, stderr } = await sandbox.shell(command);
    assert.deepEqual([stdout, stderr], ['{\n', '1\n']);
  });

  test('output that cannot be written is an error', { skip: process.platform !== 'linux' }, async () => {
    const { stderr } = await sandbox.shell('provenance help sign > /dev/full; echo "$?" >&2');
    assert.equal(stderr, 'provenance: the output could not be written (ENOSPC).\n2\n');
  });

  test('colour and progress are for terminals', async () => {
    const verify = async (env: NodeJS.ProcessEnv, isTTY: boolean) => {
      let stdout = '';
      let stderr = '';
      const code = await run(['verify', sandbox.path('colour.jsonl')], {
        stdout: { write: (text) => (stdout += text), isTTY },
        stderr: { write: (text) => (stderr += text), isTTY },
        env: { ...sandbox.env, ...env },
        signal: new AbortController().signal,
      });
      return { code, stdout, stderr };
    };
    sandbox.write('colour.jsonl', lines(2));
    const [plain, coloured, without] = [
      await verify({}, false),
      await verify({}, true),
      await verify({ NO_COLOR: '1' }, true),
    ];
    const escape = '\u001b';
    assert.equal(plain.stdout.includes(escape), false);
    assert.equal(without.stdout, plain.stdout);
    assert.ok(coloured.stdout.includes(`${escape}[33munsigned${escape}[0m`));
    assert.equal(coloured.stdout.replaceAll(/\u001b\[\d+m/g, ''), plain.stdout); // eslint-disable-line no-control-regex
    assert.deepEqual([plain.stderr, plain.code], ['', 1]);
  });

  test('an interrupted command ends with 130 and writes nothing', async () => {
    const errors: string[] = [];
    const io = {
      stdout: { write: () => assert.fail() },
      stderr: { write: (text: string) => errors.push(text) },
      env: sandbox.env,
      signal: AbortSignal.abort(),
    };
    assert.equal(await run(['sign', sandbox.path('long.jsonl')], io), 130);
    assert.equal(await run(['verify', sandbox.path('long.jsonl')], io), 130);
    assert.deepEqual(errors, []);
  });
});

const NONE = {
  verified: 0,
  untrusted: 0,
  modified: 0,
  added: 0,
  unsigned: 0,
  revoked: 0,
  malformed: 0,
  unknown: 0,
};

function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `{"id":${i}}\n`).join('');
}
