import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/commands.ts';
import type { KeyInfo } from '../../src/host/keyRing.ts';
import {
  answering,
  api,
  closeAll,
  opened,
  shows,
  testFolder,
  until,
  userTrust,
  writeDataset,
} from './support.ts';

const run = (command: keyof typeof COMMANDS, ...args: unknown[]) =>
  vscode.commands.executeCommand(COMMANDS[command], ...args);

const PASSPHRASE = 'geheim';
const noOpenSsh = ['ssh-agent', 'ssh-add', 'ssh-keygen'].some((name) => spawnSync(name, ['--help']).error);

describe('keys that people have', function () {
  if (noOpenSsh) {
    it('needs OpenSSH', function () {
      this.skip();
    });
    return;
  }
  const names = ['HOME', 'SSH_AUTH_SOCK', 'GIT_CONFIG_GLOBAL'];
  const environment = new Map(names.map((name) => [name, process.env[name]]));
  let home: string;
  let agent: ChildProcess;
  let chosenBefore: KeyInfo | undefined;
  const key = (name: string) => join(home, '.ssh', name);
  const make = (name: string, passphrase: string, ...options: string[]) => {
    const args = [
      '-q',
      '-f',
      key(name),
      '-N',
      passphrase,
      '-C',
      `${name}@example.org`,
      '-a',
      '1',
      ...options,
    ];
    execFileSync('ssh-keygen', args, { stdio: 'pipe' });
  };

  before(async () => {
    home = mkdtempSync(join(tmpdir(), 'provenance-home-'));
    mkdirSync(join(home, '.ssh'));
    const socket = join(home, 'agent');
    agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    await until(() => existsSync(socket), 'the agent listens');
    Object.assign(process.env, { HOME: home, SSH_AUTH_SOCK: socket, GIT_CONFIG_GLOBAL: join(home, 'none') });
    make('closed', PASSPHRASE, '-t', 'ed25519');
    make('held', '', '-t', 'ed25519');
    make('rsa', '', '-t', 'rsa', '-b', '2048');
    execFileSync('ssh-add', ['-q', key('held')], { stdio: 'pipe' });
    rmSync(key('held'));
    await userTrust();
    chosenBefore = (await api()).services.keys.chosen();
  });
  after(async () => {
    agent.kill();
    for (const [name, value] of environment) {
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    const { keys } = (await api()).services;
    for (const used of keys.list()) if (used.places) await keys.forget(used);
    if (chosenBefore) await keys.choose(chosenBefore);
    rmSync(home, { recursive: true });
  });
  afterEach(closeAll);

  it('signs with a key that only the ssh-agent has', async () => {
    const uri = writeDataset(testFolder(), ['a']);
    await opened(uri);
    await answering(['held@example.org'], () => run('chooseKey'));
    await answering(['Sign all samples of data.jsonl as held@example.org'], () => run('signDataset'));
    await shows(uri, 'intact: untrusted');
    const { keyId } = (await api()).services.keys.chosen()!;
    await answering(['held', 'For me'], () => run('trustSigner', { keyId }));
    await shows(uri, 'intact: verified');
  });

  it('asks for the passphrase of a key file, until it is right and once a window; keeps it only if told to', async () => {
    const folder = testFolder();
    const uri = writeDataset(folder, ['a']);
    await opened(uri);
    const { services } = await api();
    // Another key is chosen in the middle of signing.
    const signed = await answering(
      [
        'Sign with another key',
        'closed@example.org',
        'Sign all samples of data.jsonl as closed@example.org',
        'x',
        PASSPHRASE,
      ],
      () => run('signDataset'),
    );
    assert.ok(signed.messages.some((text) => /Keep the passphrase of closed@example\.org/.test(text)));
    await shows(uri, 'intact: untrusted');
    const { keyId } = services.keys.chosen()!;
    assert.equal(await services.keys.passphrases.isKept(keyId), false);
    // Remembered for the next time, without a question.
    await answering(['Sign all samples of data.jsonl as closed@example.org'], () => run('signDataset'));
    const lines = readFileSync(join(folder, '.provenance/data.jsonl.intoto.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    assert.equal(lines.length, 2);
    assert.ok(!JSON.stringify(services.keys.list()).includes(PASSPHRASE));
  });

  it('keeps a passphrase in secret storage when told to, and forgets it when told to', async () => {
    const { passphrases } = (await api()).services.keys;
    const { keyId } = (await api()).services.keys.chosen()!;
    const path = key('closed');
    const window = vscode.window as unknown as Record<string, unknown>;
    const original = window['showInformationMessage'];
    try {
      const prompt = passphrases.promptFor(keyId);
      await answering([PASSPHRASE], () => prompt.ask({ path, attempt: 1 }));
      window['showInformationMessage'] = () => Promise.resolve('Keep Passphrase');
      prompt.offerToKeep('closed');
      await until(() => passphrases.isKept(keyId), 'the passphrase is kept');
    } finally {
      window['showInformationMessage'] = original;
    }
    const { result } = await answering([], () => passphrases.promptFor(keyId).ask({ path, attempt: 1 }));
    assert.equal(result, PASSPHRASE);
    await answering(['Forget the passphrase of closed@example.org'], () => run('chooseKey'));
    assert.equal(await passphrases.isKept(keyId), false);
    // One that does not open the key any more is not tried again.
    const again = passphrases.promptFor(keyId);
    await answering(['wrong', 'x'], async () => {
      await again.ask({ path, attempt: 1 });
      await again.ask({ path, attempt: 2 });
    });
    assert.equal(again.entered, 'x');
  });

  it('gives up after three wrong passphrases', async () => {
    const { services } = await api();
    make('other', PASSPHRASE, '-t', 'ed25519');
    await answering(['other@example.org'], () => run('chooseKey'));
    const uri = writeDataset(testFolder(), ['a']);
    await opened(uri);
    const { messages } = await answering(['Sign all', 'a', 'b', 'c'], () => run('signDataset'));
    assert.match(messages.join(), /None of 3 passphrases opens .*other/);
    await services.keys.forget(services.keys.chosen()!);
  });

  it('says why a key cannot sign', async () => {
    const { messages } = await answering(['rsa@example.org'], () => run('chooseKey'));
    assert.match(messages.join(), /rsa@example\.org is of type ssh-rsa, and only Ed25519 keys sign/);
  });

  it('says so when the agent is gone', async () => {
    await answering(['held@example.org'], () => run('chooseKey'));
    const ended = new Promise((resolve) => agent.once('close', resolve));
    agent.kill();
    await ended;
    const uri = writeDataset(testFolder(), ['a']);
    await opened(uri);
    const { messages } = await answering(['Sign all'], () => run('signDataset'));
    assert.match(messages.join(), /No ssh-agent answers at .*start one/);
  });
});
