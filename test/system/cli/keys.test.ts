import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import * as crypto from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { missing } from '../../unit/core/evidence/support.ts';
import { makeSshKey, noOpenSsh, RealAgent } from '../../support/openSsh.ts';
import { openOpenSshKey } from '../../../src/platform/openSshKey.node.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

const PASSPHRASE = 'a passphrase that stands nowhere else';

describe('keys that people have', { skip: noOpenSsh }, () => {
  let programs: Programs;
  before(async () => {
    programs = await buildPrograms();
  });

  /** A sandbox with a dataset, and keys in ~/.ssh. */
  function sandbox(...keys: readonly [name: string, passphrase?: string][]): Sandbox {
    const box = new Sandbox(programs);
    box.write('data.jsonl', '{"a":1}\n');
    mkdirSync(join(box.home, '.ssh'));
    for (const [name, passphrase] of keys) makeSshKey(join(box.home, '.ssh', name), passphrase);
    return box;
  }

  function trust(box: Sandbox, name: string): string {
    const line = readFileSync(join(box.home, '.ssh', `${name}.pub`), 'utf8');
    writeFileSync(box.path('.provenance', 'allowed_signers'), `anna@example.org ${line}`);
    return execFileSync('ssh-keygen', ['-lf', join(box.home, '.ssh', `${name}.pub`)], {
      encoding: 'utf8',
    }).split(' ')[1]!;
  }

  async function verifies(box: Sandbox): Promise<void> {
    const { code, stdout } = await box.provenance('verify', 'data.jsonl');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /anna@example\.org/);
  }

  function gitNames(box: Sandbox, key: string): void {
    box.env['GIT_CONFIG_GLOBAL'] = join(box.home, '.gitconfig');
    writeFileSync(
      join(box.home, '.gitconfig'),
      `[gpg]\n format = ssh\n[user]\n signingkey = ${key}\n email = anna@example.org\n`,
    );
  }

  test("git's key signs when there is no other, and the list says so", async () => {
    const box = sandbox(['id_ed25519']);
    const keyId = trust(box, 'id_ed25519');
    assert.match(
      (await box.provenance('sign', 'data.jsonl')).stderr,
      /no signing key at .* and git names none/,
    );
    assert.match((await box.provenance('keys')).stdout, /None of them is the default/);
    gitNames(box, '~/.ssh/id_ed25519.pub');
    const { stdout, code } = await box.provenance('keys');
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`^${keyId.replaceAll('+', '\\+')} anna@example.org\n`));
    assert.match(stdout, /default +as it is git's user\.signingkey/);
    assert.equal((await box.provenance('sign', 'data.jsonl')).code, 0);
    await verifies(box);
    // A key of the user's own goes before it.
    await box.provenance('keygen');
    const listed = (await box.json('keys')) as { default: { source: string; keyId: string } };
    assert.equal(listed.default.source, 'own');
    assert.notEqual(listed.default.keyId, keyId);
  });

  test('all there is, as JSON', async () => {
    const box = sandbox(['a'], ['b', PASSPHRASE]);
    makeSshKey(join(box.home, '.ssh', 'rsa'), '', '-t', 'rsa', '-b', '2048');
    const agent = await RealAgent.start();
    agent.add([join(box.home, '.ssh', 'b')], PASSPHRASE);
    box.env['SSH_AUTH_SOCK'] = agent.path;
    const path = (name: string) => join(box.home, '.ssh', name);
    const { keys, ...rest } = (await box.json('keys')) as { keys: Record<string, unknown>[] };
    assert.deepEqual(rest, { version: 1, default: null, problems: [] });
    assert.deepEqual(
      keys.map(({ comment, signs, places }) => ({ comment, signs, places })),
      [
        {
          comment: 'anna@example.org',
          signs: true,
          places: [{ kind: 'agent' }, { kind: 'file', path: path('b'), encrypted: true }],
        },
        {
          comment: 'anna@example.org',
          signs: true,
          places: [{ kind: 'file', path: path('a'), encrypted: false }],
        },
        {
          comment: 'anna@example.org',
          signs: false,
          places: [{ kind: 'file', path: path('rsa'), encrypted: true }],
        },
      ],
    );
    await agent.kill();
    const { problems } = (await box.json('keys')) as { problems: { code: string }[] };
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['agent-unavailable'],
    );
  });

  test('an encrypted key without anyone to ask', async () => {
    const box = sandbox(['id', PASSPHRASE]);
    // Its own session has no terminal.
    const { stderr, code } = await box.shell('setsid -w provenance sign data.jsonl --key ~/.ssh/id');
    assert.equal(code, 2);
    assert.match(stderr, /id is encrypted, and there is no terminal to ask.*ssh-add .*SSH_ASKPASS/);
  });

  test('a passphrase is typed on the terminal, unseen', { skip: missing('script') }, async () => {
    const box = sandbox(['id', PASSPHRASE]);
    trust(box, 'id');
    const typing = (typed: string) => typeAtPrompt(box, 'provenance sign data.jsonl --key ~/.ssh/id', typed);
    const { stdout } = await typing(`x\u007f${PASSPHRASE}\r`);
    assert.match(stdout, /Passphrase of .*id: \r?\n.*Signed/s);
    assert.ok(!stdout.includes(PASSPHRASE.slice(0, 5)), stdout);
    await verifies(box);
    const interrupted = await typing('abc\u0003');
    assert.equal(interrupted.code, 130);
    assert.ok(!interrupted.stdout.includes('abc'), interrupted.stdout);
  });

  test('after signing in all ways, passphrases and private keys are found nowhere', async () => {
    const box = sandbox(['closed', PASSPHRASE], ['open'], ['agent-only', PASSPHRASE]);
    const key = (name: string) => join(box.home, '.ssh', name);
    const agent = await RealAgent.start();
    agent.add([key('agent-only')], PASSPHRASE);
    const pkcs8 = crypto.generateKeyPairSync('ed25519').privateKey;
    const cipher = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE };
    const pem = pkcs8.export({ format: 'pem', type: 'pkcs8', ...cipher }) as string;
    writeFileSync(key('pkcs8.pem'), pem, { mode: 0o600 });
    const secrets = [PASSPHRASE, ...secretsOf(pkcs8.export({ format: 'pem', type: 'pkcs8' }) as string)];
    for (const name of ['closed', 'open', 'agent-only']) {
      const passphrase = name === 'open' ? undefined : PASSPHRASE;
      secrets.push(...secretsOf(await openOpenSshKey(readFileSync(key(name), 'utf8'), name, passphrase)));
    }

    const program = join(box.home, 'askpass');
    writeFileSync(program, '#!/bin/sh\ncat "$HOME/passphrase"\n');
    chmodSync(program, 0o755);
    writeFileSync(join(box.home, 'passphrase'), `${PASSPHRASE}\n`);
    Object.assign(box.env, { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force', SSH_AUTH_SOCK: agent.path });
    box.env['TMPDIR'] = join(box.folder, 'tmp');
    mkdirSync(box.env['TMPDIR']);
    const watched = watchArguments();
    const said: string[] = [];
    const run = async (...args: string[]) => {
      const { stdout, stderr, code } = await box.provenance(...args);
      assert.equal(code, 0, stderr);
      said.push(stdout, stderr);
    };
    for (const name of ['closed', 'open', 'agent-only', 'agent-only.pub', 'pkcs8.pem']) {
      await run('sign', 'data.jsonl', '--key', key(name));
    }
    await run(
      'flag',
      'data.jsonl',
      '--lines',
      '1',
      '--category',
      'other',
      '--severity',
      'low',
      '--reason',
      'x',
      '--key',
      key('closed'),
    );
    await run('keys', '--json');
    // And when the passphrase is wrong.
    writeFileSync(join(box.home, 'passphrase'), `${PASSPHRASE}!\n`);
    const wrong = await box.provenance('sign', 'data.jsonl', '--key', key('closed'));
    assert.match(wrong.stderr, /None of 3 passphrases opens/);
    said.push(wrong.stdout, wrong.stderr);
    const seen = watched();
    await agent.kill();

    assert.ok(
      seen.some((line) => line.includes('provenance.mjs')),
      'the watch saw the program',
    );
    const where = new Map<string, Buffer>([
      ['output', Buffer.from(said.join('\n'))],
      ['process arguments', Buffer.from(seen.join('\n'))],
    ]);
    const originals = new Set([join(box.home, 'passphrase'), ...['closed', 'open', 'agent-only'].map(key)]);
    for (const path of filesIn(box.folder)) if (!originals.has(path)) where.set(path, readFileSync(path));
    assert.ok(where.size > 10);
    const found = (place: Buffer) => secrets.filter((secret) => place.includes(secret));
    assert.deepEqual(
      [...where].filter(([, content]) => found(content).length > 0).map(([place]) => place),
      [],
    );
    // The search does find them where they are.
    assert.equal(found(readFileSync(join(box.home, 'passphrase'))).length, 1);
    assert.equal(found(Buffer.from(pkcs8.export({ format: 'pem', type: 'pkcs8' }))).length, 1);
  });
});

/** Runs a command on a terminal of its own, with another stdin, and types once it asks for a passphrase. */
async function typeAtPrompt(box: Sandbox, command: string, typed: string) {
  const child = spawn('script', ['-qec', `${command} </dev/null`, '/dev/null'], {
    cwd: box.work,
    env: box.env,
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    if (!stdout.includes('Passphrase of') && (stdout + chunk).includes('Passphrase of')) {
      child.stdin.write(typed);
    }
    stdout += chunk;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, stdout };
}

/** A private key in the forms in which it could be left: raw, hex and PEM. */
function secretsOf(pem: string): (string | Buffer)[] {
  const seed = Buffer.from(crypto.createPrivateKey(pem).export({ format: 'jwk' }).d!, 'base64url');
  const base64 = seed.toString('base64').replace(/=+$/, '');
  return [seed, seed.toString('hex'), base64, seed.toString('base64url'), pem.split('\n')[1]!];
}

/** Collects the arguments of all processes while they run. @returns a function that stops and tells them */
function watchArguments(): () => string[] {
  const seen = new Set<string>();
  const look = () => {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        seen.add(readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        // It has ended.
      }
    }
  };
  const timer = process.platform === 'linux' ? setInterval(look, 5) : undefined;
  return () => {
    clearInterval(timer);
    return [...seen];
  };
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
