import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fingerprint, parseSshPublicKey, verifySignature } from '../../../src/core/evidence/sshKey.ts';
import type { Signer } from '../../../src/core/evidence/signer.ts';
import { configFolder } from '../../../src/platform/configFolder.node.ts';
import { readGitDefaults } from '../../../src/platform/gitDefaults.node.ts';
import {
  defaultKeyPath,
  generateKeyPem,
  signerFromPem,
  writeKeyFile,
} from '../../../src/platform/keyFiles.node.ts';
import {
  defaultKey,
  findKeyOfFile,
  findSigningKeys,
  openFoundKey,
  openSigningKey,
} from '../../../src/platform/signingKeys.node.ts';
import { nodeSshAccess } from '../../../src/platform/sshAccess.node.ts';
import { bytesOf, failure, missing } from '../../unit/core/evidence/support.ts';
import { fakeAgent, fidoBlob, identities, makeSshKey, noOpenSsh, RealAgent } from '../../support/openSsh.ts';
import { temporaryFolder } from '../../support/processes.ts';

const PASSPHRASE = 'geheim';
const top = temporaryFolder('signing-keys');
let count = 0;
let home: string;
let env: NodeJS.ProcessEnv;

/** A home of its own for each test, without agent and without git's configuration. */
beforeEach(() => {
  home = join(top, `${count++}`);
  mkdirSync(join(home, '.ssh'), { recursive: true });
  env = {
    PATH: process.env['PATH'],
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
    GIT_CONFIG_SYSTEM: join(home, 'system.gitconfig'),
  };
});

const search = () => ({ env, home });
const ssh = (name: string) => join(home, '.ssh', name);
const idOf = (path: string) => fingerprint(parseSshPublicKey(readFileSync(`${path}.pub`, 'utf8')));
const gitConfig = (text: string, file = '.gitconfig') => writeFileSync(join(home, file), text);

function access(...answers: string[]) {
  const asked: string[] = [];
  return {
    asked,
    ssh: nodeSshAccess(env),
    askPassphrase: ({ path }: { path: string }) => {
      asked.push(path);
      return Promise.resolve(answers.shift());
    },
  };
}

async function assertSigns(signer: Signer, keyId: string): Promise<void> {
  const message = bytesOf('message');
  assert.equal(signer.keyId, keyId);
  assert.equal(verifySignature(signer.publicKey, await signer.sign(message), message), 'valid');
}

describe("git's defaults", { skip: missing('git') }, () => {
  test('of the user before those of the system, paths expanded', async () => {
    gitConfig(
      '[gpg]\n format = ssh\n[user]\n signingkey = /system\n email = s@example.org\n',
      'system.gitconfig',
    );
    assert.deepEqual(await readGitDefaults(env), { signingKey: '/system', email: 's@example.org' });
    gitConfig('[user]\n signingkey = ~/.ssh/id_ed25519\n email = anna@example.org\n');
    assert.deepEqual(await readGitDefaults(env), {
      signingKey: join(home, '.ssh/id_ed25519'),
      email: 'anna@example.org',
    });
  });

  test('name a key only where git signs with SSH, by an absolute path or literally', async () => {
    const signingKey = async (key: string, format = 'ssh') => {
      gitConfig(`[gpg]\n format = ${format}\n[user]\n signingkey = ${key}\n`);
      return (await readGitDefaults(env)).signingKey;
    };
    assert.equal(await signingKey('ABCD1234', 'openpgp'), undefined);
    assert.equal(await signingKey('relative/key'), undefined);
    assert.equal(await signingKey('ssh-keys/mine'), undefined);
    assert.equal(await signingKey('key::ssh-ed25519 AAAA x'), 'key::ssh-ed25519 AAAA x');
    assert.equal(await signingKey('ssh-ed25519 AAAA'), 'ssh-ed25519 AAAA');
  });

  test('are not taken from the repository that one is in, and nothing of them is run', async () => {
    const repository = join(home, 'repository');
    const git = (...args: string[]) => execFileSync('git', args, { env, cwd: home, stdio: 'pipe' });
    git('init', '-q', repository);
    git('-C', repository, 'config', 'gpg.format', 'ssh');
    git('-C', repository, 'config', 'user.signingkey', '/repository/key');
    gitConfig(`[gpg "ssh"]\n defaultKeyCommand = touch ${home}/ran\n[gpg]\n format = ssh\n`);
    const before = process.cwd();
    process.chdir(repository);
    try {
      assert.deepEqual(await readGitDefaults({ ...env, GIT_DIR: join(repository, '.git') }), {});
    } finally {
      process.chdir(before);
    }
    assert.throws(() => readFileSync(join(home, 'ran')));
  });

  test('say nothing when they are broken, or git is missing', async () => {
    gitConfig('[user\n');
    assert.deepEqual(await readGitDefaults(env), {});
    assert.deepEqual(await readGitDefaults({ ...env, PATH: '/nowhere' }), {});
  });
});

describe('the default key', { skip: noOpenSsh || missing('git') }, () => {
  test("is the environment's, else the user's own, else git's", async () => {
    assert.equal(await defaultKey({ env }), undefined);
    makeSshKey(ssh('git'));
    gitConfig(`[gpg]\n format = ssh\n[user]\n signingkey = ${ssh('git.pub')}\n`);
    const chosen = await defaultKey({ env });
    assert.deepEqual(chosen, { name: ssh('git.pub'), source: 'git' });
    // Nobody is asked for an agent here: the private half lies beside the public one.
    await assertSigns(await openSigningKey(chosen.name, access(), search()), idOf(ssh('git')));

    const own = defaultKeyPath(configFolder(env));
    await writeKeyFile(own, generateKeyPem());
    assert.deepEqual(await defaultKey({ env }), { name: own, source: 'own' });
    env = { ...env, PROVENANCE_KEY: '/elsewhere' };
    assert.deepEqual(await defaultKey({ env }), { name: '/elsewhere', source: 'environment' });
  });
});

describe('without an agent', { skip: noOpenSsh }, () => {
  test('a key is named by file, by .pub file, by itself and by fingerprint', async () => {
    makeSshKey(ssh('mine'));
    const line = readFileSync(ssh('mine.pub'), 'utf8').trim();
    const keyId = idOf(ssh('mine'));
    for (const name of [ssh('mine'), ssh('mine.pub'), line, `key::${line}`, keyId]) {
      await assertSigns(await openSigningKey(name, access(), search()), keyId);
    }
  });

  test('an encrypted key asks for its passphrase', async () => {
    makeSshKey(ssh('mine'), PASSPHRASE);
    const { asked, ...answering } = access('wrong', PASSPHRASE);
    await assertSigns(await openSigningKey(ssh('mine.pub'), answering, search()), idOf(ssh('mine')));
    assert.deepEqual(asked, [ssh('mine'), ssh('mine')]);
  });

  test('what cannot be found, and what cannot sign', async () => {
    makeSshKey(ssh('gone'));
    makeSshKey(ssh('rsa'), '', '-t', 'rsa', '-b', '2048');
    makeSshKey(ssh('other'));
    const keyId = idOf(ssh('gone'));
    rmSync(ssh('gone'));
    const opening = (name: string) => openSigningKey(name, access(), search());
    await assert.rejects(opening(ssh('none')), failure('key-missing', /There is no key at .*none/));
    for (const name of [ssh('gone.pub'), keyId]) {
      await assert.rejects(opening(name), failure('key-missing', /neither in the ssh-agent nor in a file/));
    }
    for (const name of [
      ssh('rsa'),
      ssh('rsa.pub'),
      readFileSync(ssh('rsa.pub'), 'utf8').trim(),
      idOf(ssh('rsa')),
    ]) {
      await assert.rejects(opening(name), failure('unsupported-key', /of type ssh-rsa/));
    }
    copyFileSync(ssh('other'), ssh('gone'));
    await assert.rejects(opening(ssh('gone.pub')), failure('invalid-key', /do not belong together/));
    await assert.rejects(opening('ssh-ed25519 AAAA'), failure('invalid-key'));
    env = { ...env, SSH_AUTH_SOCK: join(home, 'none') };
    await assert.rejects(
      opening(`SHA256:${'x'.repeat(43)}`),
      failure('agent-unavailable', /No ssh-agent answers/),
    );
  });

  test('the keys of ~/.ssh that have a public half, and the own one; none is opened', async () => {
    makeSshKey(ssh('b'), PASSPHRASE);
    makeSshKey(ssh('a'));
    makeSshKey(ssh('rsa'), '', '-t', 'rsa', '-b', '2048');
    makeSshKey(ssh('half'));
    rmSync(ssh('half'));
    writeFileSync(ssh('known_hosts'), 'x');
    writeFileSync(ssh('junk.pub'), 'x');
    writeFileSync(ssh('junk'), 'x');
    const own = signerFromPem(generateKeyPem());
    const pem = generateKeyPem();
    await writeKeyFile(defaultKeyPath(configFolder(env)), pem);
    assert.notEqual(own.keyId, signerFromPem(pem).keyId);
    const { asked, ...looking } = access();
    const { keys, problems } = await findSigningKeys(looking, search());
    assert.deepEqual(problems, []);
    assert.deepEqual(asked, []);
    const shown = keys.map(({ keyId, places, objection }) => [keyId, places, objection?.code]);
    assert.deepEqual(shown, [
      [
        signerFromPem(pem).keyId,
        [{ kind: 'file', path: defaultKeyPath(configFolder(env)), encrypted: false }],
        undefined,
      ],
      [idOf(ssh('a')), [{ kind: 'file', path: ssh('a'), encrypted: false }], undefined],
      [idOf(ssh('b')), [{ kind: 'file', path: ssh('b'), encrypted: true }], undefined],
      [idOf(ssh('rsa')), [{ kind: 'file', path: ssh('rsa'), encrypted: true }], 'unsupported-key'],
    ]);
  });

  test('the key of a file that is pointed at', async () => {
    makeSshKey(ssh('a'), PASSPHRASE);
    for (const path of [ssh('a'), ssh('a.pub')]) {
      const found = await findKeyOfFile(path);
      assert.equal(found.keyId, idOf(ssh('a')));
      await assertSigns(await openFoundKey(found, access(PASSPHRASE), search()), found.keyId);
    }
    rmSync(ssh('a'));
    await assert.rejects(findKeyOfFile(ssh('a.pub')), failure('key-missing'));
    const cipher = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE };
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(ssh('b'), privateKey.export({ format: 'pem', type: 'pkcs8', ...cipher }), { mode: 0o600 });
    await assert.rejects(findKeyOfFile(ssh('b')), failure('unsupported-key', /hides whose key it is/));
  });
});

describe('with an agent', { skip: noOpenSsh }, () => {
  let agent: RealAgent;
  before(async () => {
    agent = await RealAgent.start();
  });
  after(() => agent.kill());
  beforeEach(() => {
    env = { ...env, SSH_AUTH_SOCK: agent.path };
    agent.add(['-q', '-D']);
  });

  test('an encrypted key that was added to it asks for no passphrase', async () => {
    makeSshKey(ssh('mine'), PASSPHRASE);
    agent.add([ssh('mine')], PASSPHRASE);
    const { asked, ...looking } = access();
    const keyId = idOf(ssh('mine'));
    for (const name of [ssh('mine'), ssh('mine.pub'), keyId]) {
      await assertSigns(await openSigningKey(name, looking, search()), keyId);
    }
    const [found] = (await findSigningKeys(looking, search())).keys;
    assert.deepEqual(found!.places, [
      { kind: 'agent' },
      { kind: 'file', path: ssh('mine'), encrypted: true },
    ]);
    await assertSigns(await openFoundKey(found!, looking, search()), keyId);
    assert.deepEqual(asked, []);
    // The agent loses it: the file is there still.
    agent.add(['-D']);
    await assertSigns(await openFoundKey(found!, access(PASSPHRASE), search()), keyId);
  });

  test('a key whose private half only it has', async () => {
    makeSshKey(ssh('mine'));
    agent.add([ssh('mine')]);
    const keyId = idOf(ssh('mine'));
    rmSync(ssh('mine'));
    await assertSigns(await openSigningKey(ssh('mine.pub'), access(), search()), keyId);
    await assertSigns(await openSigningKey(keyId, access(), search()), keyId);
    agent.add(['-x'], 'lock');
    await assert.rejects(
      openSigningKey(ssh('mine.pub'), access(), search()),
      failure('key-missing', /ssh-add -X/),
    );
    agent.add(['-X'], 'lock');
  });

  test('a certificate beside its key is not taken for the key', async () => {
    const ca = join(home, 'ca');
    makeSshKey(ca);
    makeSshKey(ssh('mine'));
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'anna', '-n', 'anna', ssh('mine.pub')], {
      stdio: 'pipe',
    });
    agent.add([ssh('mine')]);
    rmSync(ssh('mine'));
    const { keys } = await findSigningKeys(access(), search());
    assert.deepEqual(
      keys.map(({ publicKey }) => publicKey.type),
      ['ssh-ed25519'],
    );
    await assertSigns(await openSigningKey(ssh('mine.pub'), access(), search()), idOf(ssh('mine')));
    await assert.rejects(
      openSigningKey(ssh('mine-cert.pub'), access(), search()),
      failure('unsupported-key', /is a certificate/),
    );
  });
});

test('a key in a FIDO device is listed with the reason, and refused by any name', async () => {
  const blob = fidoBlob();
  const { path, close } = await fakeAgent(() => identities([blob, 'token']));
  env = { ...env, SSH_AUTH_SOCK: path };
  const { keys } = await findSigningKeys(access(), search());
  assert.equal(keys.length, 1);
  const words =
    /FIDO device \(sk-ssh-ed25519@openssh\.com\).*cannot make the raw signatures.*plain Ed25519 key/;
  assert.match(keys[0]!.objection!.message, words);
  const line = `sk-ssh-ed25519@openssh.com ${Buffer.from(blob).toString('base64')} token`;
  writeFileSync(ssh('token.pub'), `${line}\n`);
  for (const name of [keys[0]!.keyId, line, `key::${line}`, ssh('token.pub')]) {
    await assert.rejects(openSigningKey(name, access(), search()), failure('unsupported-key', words));
  }
  close();
});

test('an agent that takes long is waited for, and that is said', async () => {
  const signer = signerFromPem(generateKeyPem());
  let waits = 0;
  const found = {
    keyId: signer.keyId,
    publicKey: signer.publicKey,
    comment: '',
    places: [{ kind: 'agent' as const }],
  };
  const opened = await openFoundKey(found, {
    ssh: {
      ...nodeSshAccess(env),
      agentSign: async (_key, message) => {
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return await signer.sign(message);
      },
    },
    askPassphrase: () => Promise.resolve(undefined),
    onAgentWait: () => waits++,
  });
  await assertSigns(opened, signer.keyId);
  assert.equal(waits, 1);
});
