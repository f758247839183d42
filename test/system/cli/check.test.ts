import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import type { CheckJson } from '../../../src/cli/check/json.ts';
import { parseEnvelope, preAuthEncoding } from '../../../src/core/evidence/dsse.ts';
import { parseSshPublicKey, verifySignature } from '../../../src/core/evidence/sshKey.ts';
import { XmlReader } from '../../support/xml.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

const VERIFIED = '{ "rules": { "verified": { "minShare": 1 }, "log": { "require": "kept" } } }';

/** The program as it is shipped, with its exit codes: what a pipeline sees. */
describe('provenance check', { skip: process.platform === 'win32' && 'it needs a shell' }, () => {
  let programs: Programs;
  let sandbox: Sandbox;

  before(async () => {
    programs = await buildPrograms();
    sandbox = new Sandbox(programs);
    sandbox.write('train.jsonl', lines('a', 'b', 'c'));
    await ok('keygen', '--trust', '--name', 'anna@example.org');
    await ok('sign', 'train.jsonl');
  });

  async function ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await sandbox.provenance(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** Checks, and expects this exit code. */
  async function checked(code: number, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
    const outcome = await sandbox.provenance('check', ...args);
    assert.equal(outcome.code, code, outcome.stdout + outcome.stderr);
    return outcome;
  }

  test('says how to make a policy where there is none, makes one, and checks against it', async () => {
    const { stderr } = await checked(2, 'train.jsonl');
    assert.match(stderr, /There is no policy: .*provenance check --init/);
    const { stdout } = await checked(0, '--init');
    assert.match(stdout, /^Wrote \.provenance\/policy\.jsonc\./);
    const starter = readFileSync(sandbox.path('.provenance/policy.jsonc'), 'utf8');
    assert.match((await checked(2, '--init')).stderr, /exists already/);
    assert.equal(readFileSync(sandbox.path('.provenance/policy.jsonc'), 'utf8'), starter);

    assert.match(
      (await checked(0, 'train.jsonl')).stdout,
      /^train\.jsonl: passed by \.provenance\/policy\.jsonc\n/,
    );
    await ok(
      'flag',
      'train.jsonl',
      '--lines',
      '2',
      '--category',
      'poisoning',
      '--severity',
      'high',
      '--reason',
      'x',
    );
    const denied = await checked(1, 'train.jsonl');
    assert.match(denied.stdout, /✓ passed {2}verified/);
    assert.match(denied.stdout, /✗ failed {2}flags/);
    assert.match(denied.stdout, /train\.jsonl:2: /);
    assert.match(denied.stdout, /next {2}\S/);
    await ok('flag', 'train.jsonl', '--clear', '--lines', '2', '--reason', 'checked');
    await checked(0, 'train.jsonl');
  });

  test('checks files, folders and patterns as one, each dataset once', async () => {
    mkdirSync(sandbox.path('shards/deep/.hidden'), { recursive: true });
    for (const name of ['one.jsonl', 'two.jsonl', 'deep/three.jsonl']) {
      sandbox.write(`shards/${name}`, lines(name));
      await ok('sign', `shards/${name}`);
    }
    sandbox.write('shards/deep/.hidden/no.jsonl', lines('hidden'));
    sandbox.write('p.jsonc', VERIFIED);
    sandbox.write('shards/readme.txt', 'no dataset');
    symlinkSync(sandbox.path('train.jsonl'), sandbox.path('shards/linked.jsonl'));
    const paths = async (...operands: string[]) => {
      const { datasets } = JSON.parse(
        (await checked(0, ...operands, '--policy', 'p.jsonc', '--json')).stdout,
      ) as CheckJson;
      return datasets.map(({ path }) => path);
    };
    const all = ['shards/deep/three.jsonl', 'shards/linked.jsonl', 'shards/one.jsonl', 'shards/two.jsonl'];
    assert.deepEqual(await paths('shards'), all);
    assert.deepEqual(await paths('shards/**/*.jsonl'), all);
    assert.deepEqual(await paths('shards/t*.jsonl', 'shards/two.jsonl', 'train.jsonl'), [
      'shards/two.jsonl',
      'train.jsonl',
    ]);

    sandbox.write('shards/deep/three.jsonl', lines('changed'));
    const { datasets, rules, passed } = (await sandbox.json(
      'check',
      'shards',
      '--policy',
      'p.jsonc',
    )) as CheckJson;
    assert.equal(passed, false);
    assert.equal(datasets.length, 4);
    const verified = rules.find(({ rule }) => rule === 'verified');
    assert.deepEqual(
      verified?.findings.map(({ dataset, line }) => [dataset, line]),
      [['shards/deep/three.jsonl', 1]],
    );
  });

  test('follows links in folders, each folder once, and denies one that leads nowhere', async () => {
    sandbox.write('p.jsonc', '{ "rules": { "verified": { "minShare": 0 }, "log": { "require": "kept" } } }');
    mkdirSync(sandbox.path('hub/blobs'), { recursive: true });
    mkdirSync(sandbox.path('view'), { recursive: true });
    sandbox.write('hub/blobs/one.jsonl', lines('one'));
    symlinkSync(sandbox.path('hub/blobs'), sandbox.path('view/linked'));
    symlinkSync(sandbox.path('view'), sandbox.path('view/round'));
    const { datasets } = JSON.parse(
      (await checked(0, 'view', '--policy', 'p.jsonc', '--json')).stdout,
    ) as CheckJson;
    assert.deepEqual(
      datasets.map(({ path }) => path),
      ['view/linked/one.jsonl'],
    );
    symlinkSync(sandbox.path('hub/gone'), sandbox.path('view/two.jsonl'));
    const { stdout } = await checked(1, 'view', '--policy', 'p.jsonc');
    assert.match(stdout, /✗ failed {2}datasets .*\n {6}view\/two\.jsonl: .*does not exist/);
  });

  test('refuses commits by the hook of docs/gate.md: of data that does not pass, and of evidence that goes', async () => {
    const [, hook = ''] = /```sh\n(#!\/bin\/sh\n[^]*?)```/.exec(readFileSync('docs/gate.md', 'utf8')) ?? [];
    const own = new Sandbox(programs);
    const commit = async (change: string) => {
      const { code, stderr } = await own.shell(`set -e; ${change}; git add -A; git commit -qm test`);
      return code === 0 ? 'committed' : stderr || 'refused';
    };
    const setUp = await own.shell(
      'git init -q . && git config user.name t && git config user.email t@example.org && ' +
        "printf 'out.txt\\n' > .gitignore && provenance keygen --trust --name t && provenance check --init",
    );
    assert.equal(setUp.code, 0, setUp.stderr);
    own.write('.git/hooks/pre-commit', hook);
    assert.equal(await commit('chmod +x .git/hooks/pre-commit'), 'committed');
    mkdirSync(own.path('with space'));
    own.write('with space/a b.jsonl', lines('x'));
    assert.notEqual(await commit('true'), 'committed', 'nobody signed it');
    assert.equal(await commit('provenance sign "with space/a b.jsonl" >out.txt'), 'committed');
    assert.equal(await commit('echo text > README'), 'committed');
    assert.notEqual(await commit("rm 'with space/.provenance/a b.jsonl.checkpoint'"), 'committed');
  });

  test('denies what it cannot read, and stops where there is nothing to check', async () => {
    sandbox.write('p.jsonc', VERIFIED);
    sandbox.write('array.jsonl', '[{"a":1},{"a":2}]');
    const { stdout } = await checked(1, 'train.jsonl', 'array.jsonl', '--policy', 'p.jsonc');
    assert.match(stdout, /✗ failed {2}datasets/);
    mkdirSync(sandbox.path('empty'), { recursive: true });
    for (const operand of ['empty', 'nowhere.jsonl', 'nowhere/*.jsonl', 'no*.jsonl']) {
      assert.match(
        (await checked(2, operand, '--policy', 'p.jsonc')).stderr,
        /no dataset|does not exist/,
        operand,
      );
    }
    assert.match((await checked(2)).stderr, /Say which datasets/);
    assert.match(
      (await checked(2, 'train.jsonl', '--policy', 'nix.jsonc')).stderr,
      /nix\.jsonc does not exist/,
    );
  });

  test('never passes by a policy that is wrong', async () => {
    const policies = {
      'an unknown rule': '{ "rules": { "verified": { "minShare": 0 }, "verifeid": {} } }',
      'an unknown member': '{ "rules": { "verified": { "minShare": 0 } }, "ruels": {} }',
      'no rules': '{ "originFields": {} }',
      'no JSON': '{ "rules": { "verified": { "minShare": 0 } }',
      nothing: '',
    };
    for (const [what, policy] of Object.entries(policies)) {
      sandbox.write('bad.jsonc', policy);
      const { stdout } = await checked(1, 'train.jsonl', '--policy', 'bad.jsonc');
      assert.match(stdout, /✗ failed {2}policy/, what);
    }
  });

  test('writes SARIF, JUnit and a signed verdict, whole and over what was there', async () => {
    sandbox.write('p.jsonc', VERIFIED);
    for (const report of ['r.sarif', 'r.xml', 'r.svr']) sandbox.write(report, 'what was there before');
    await checked(
      0,
      'train.jsonl',
      '--policy',
      'p.jsonc',
      '--sarif',
      'r.sarif',
      '--junit',
      'r.xml',
      '--svr',
      'r.svr',
    );
    const sarif = JSON.parse(readFileSync(sandbox.path('r.sarif'), 'utf8')) as {
      runs: { results: unknown[] }[];
    };
    assert.deepEqual(sarif.runs[0]?.results, []);
    assert.equal(
      new XmlReader(readFileSync(sandbox.path('r.xml'), 'utf8')).read().attributes['failures'],
      '0',
    );
    assert.deepEqual(
      readdirSync(sandbox.work).filter((name) => name.endsWith('.tmp')),
      [],
    );

    const envelope = parseEnvelope(readFileSync(sandbox.path('r.svr')));
    const [signature] = envelope.signatures;
    const message = preAuthEncoding(envelope.payloadType, envelope.payload);
    const key = parseSshPublicKey(signature!.publicKey!);
    assert.equal(verifySignature(key, signature!.sig, message), 'valid');
    // As openssl has it: the last 32 bytes of the key blob, as an SPKI.
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.blob.subarray(-32)]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    assert.ok(verify(null, message, publicKey, signature!.sig));
    writeFileSync(sandbox.path('pub.pem'), publicKey.export({ format: 'pem', type: 'spki' }));
    writeFileSync(sandbox.path('sig.bin'), signature!.sig);
    writeFileSync(sandbox.path('msg.bin'), message);
    const openssl = await sandbox.shell(
      'command -v openssl >/dev/null || exit 0; openssl pkeyutl -verify -pubin -inkey pub.pem -rawin -in msg.bin -sigfile sig.bin',
    );
    assert.equal(openssl.code, 0, openssl.stderr);

    const properties = propertiesOf(envelope.payload);
    assert.ok(properties.includes('DATASET_PROVENANCE_POLICY_PASSED'), properties.join());
    sandbox.write('other.jsonl', lines('unsigned'));
    const { stdout } = await checked(1, 'train.jsonl', 'other.jsonl', '--policy', 'p.jsonc', '--svr', '-');
    const denied = propertiesOf(parseEnvelope(Buffer.from(stdout)).payload);
    assert.ok(!denied.includes('DATASET_PROVENANCE_POLICY_PASSED'), denied.join());
    assert.ok(!denied.includes('DATASET_PROVENANCE_RULE_VERIFIED'), denied.join());
  });

  test('puts at most one report on stdout, and overwrites no data', async () => {
    sandbox.write('p.jsonc', VERIFIED);
    const junit = await checked(0, 'train.jsonl', '--policy', 'p.jsonc', '--junit', '-');
    new XmlReader(junit.stdout).read();
    assert.match((await checked(2, 'train.jsonl', '--json', '--sarif', '-')).stderr, /Only one report/);
    const before = readFileSync(sandbox.path('train.jsonl'), 'utf8');
    for (const file of ['train.jsonl', './train.jsonl', 'p.jsonc']) {
      assert.match(
        (await checked(2, 'train.jsonl', '--policy', 'p.jsonc', '--sarif', file)).stderr,
        /would replace/,
      );
    }
    assert.equal(readFileSync(sandbox.path('train.jsonl'), 'utf8'), before);
    assert.ok(existsSync(sandbox.path('p.jsonc')));
  });

  test('takes the policy from where the user works, never from where the data lies', async () => {
    const own = new Sandbox(programs);
    mkdirSync(own.path('download/.provenance'), { recursive: true });
    own.write('download/data.jsonl', lines('x'));
    own.write('download/.provenance/policy.jsonc', '{ "rules": { "verified": { "minShare": 0 } } }');
    const { code, stderr } = await own.provenance('check', 'download/data.jsonl');
    assert.equal(code, 2);
    assert.match(stderr, /There is no policy/);
    const config = `${own.home}/.config/dataset-provenance`;
    mkdirSync(config, { recursive: true });
    writeFileSync(`${config}/policy.jsonc`, VERIFIED);
    assert.equal((await own.provenance('check', 'download/data.jsonl')).code, 1);
  });
});

function lines(...words: string[]): string {
  return words.map((text) => `${JSON.stringify({ text })}\n`).join('');
}

function propertiesOf(payload: Uint8Array): string[] {
  const { predicate } = JSON.parse(new TextDecoder().decode(payload)) as {
    predicate: { properties: string[] };
  };
  return predicate.properties;
}
