import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { ed25519Signer } from '../../../src/core/evidence/signer.ts';
import { formatAllowedSigner, NAMESPACE } from '../../../src/core/trust/allowedSigners.ts';
import {
  appendAllowedSigner,
  readAllowedSigners,
  readTrustRoots,
  type TrustRoots,
} from '../../../src/platform/trustRoots.node.ts';
import { failure, missing } from '../core/evidence/support.ts';
import { temporaryFolder } from '../../support/processes.ts';

const root = temporaryFolder('trust-roots');
const { publicKey: key } = ed25519Signer(new Uint8Array(32).fill(1));
const { publicKey: otherKey } = ed25519Signer(new Uint8Array(32).fill(2));

function put(path: string, text: string): string {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

const signerFile = (path: string, principal: string) =>
  put(path, `${formatAllowedSigner({ principal, key })}\n`);
const names = ({ entries }: TrustRoots) => entries.map(({ principals }) => principals);
const codes = ({ problems }: TrustRoots) => problems.map(({ code }) => code);
const none = { config: false, git: false } as const;

test('files that the user named; a missing or bad one does not stop the others', async () => {
  const a = signerFile('named/a', 'anna');
  const bad = put('named/bad', `nonsense\n${formatAllowedSigner({ principal: 'boris', key })}\n`);
  const missing = join(root, 'named/missing');
  const roots = await readTrustRoots({ ...none, paths: [a, missing, bad, dirname(a), a] });
  assert.deepEqual(names(roots), ['anna', 'boris']);
  assert.deepEqual(codes(roots), ['not-found', 'invalid-allowed-signers', 'not-a-file']);
  assert.deepEqual(roots.files, [a, bad]);
  assert.match(roots.problems[0]!.message, /named\/missing does not exist/);
  assert.deepEqual(names(await readAllowedSigners([bad])), ['boris']);
  assert.deepEqual(codes(await readAllowedSigners([missing])), ['not-found']);
});

test("the user's own file, which need not be there", async () => {
  signerFile('config/allowed_signers', 'me');
  assert.deepEqual(names(await readTrustRoots({ config: join(root, 'config'), git: false })), ['me']);
  const empty = await readTrustRoots({ config: join(root, 'no-config'), git: false });
  assert.deepEqual([empty.entries, empty.problems, empty.files], [[], [], []]);
  put('xdg/dataset-provenance/allowed_signers', readFileSync(join(root, 'config/allowed_signers'), 'utf8'));
  const env = { ...process.env, XDG_CONFIG_HOME: join(root, 'xdg') };
  if (process.platform === 'linux')
    assert.deepEqual(names(await readTrustRoots({ env, git: false })), ['me']);
});

test('the nearest file of a folder or above it, never one below', async () => {
  signerFile('project/.provenance/allowed_signers', 'project');
  signerFile('project/data/download/.provenance/allowed_signers', 'mallory');
  // This one holds evidence, but says nothing of trust.
  put('project/data/.provenance/train.jsonl.intoto.jsonl', '');
  const at = async (folder: string) =>
    names(await readTrustRoots({ ...none, folders: [join(root, folder)] }));
  assert.deepEqual(await at('project'), ['project']);
  assert.deepEqual(await at('project/data'), ['project']);
  assert.deepEqual(await at('project/data/not/there/yet'), ['project']);
  assert.deepEqual(await at('.'), []);
  const both = await readTrustRoots({
    ...none,
    folders: [join(root, 'project'), join(root, 'project/data')],
  });
  assert.deepEqual(both.files.length, 1);
});

test(
  'above the folder, only files of the user, of root, or of the owner of the folder',
  { skip: process.getuid?.() === 0 ? false : 'needs root to give files away' },
  async () => {
    const file = signerFile('shared/.provenance/allowed_signers', 'mallory');
    mkdirSync(join(root, 'shared/mine'));
    const at = (folder: string) => readTrustRoots({ ...none, folders: [join(root, folder)] });
    assert.deepEqual(names(await at('shared/mine')), ['mallory']);
    chownSync(file, 12345, 12345);
    const refused = await at('shared/mine');
    assert.deepEqual([names(refused), codes(refused)], [[], ['permission-denied']]);
    assert.match(refused.problems[0]!.message, /uid 12345/);
    assert.deepEqual(names(await at('shared')), ['mallory']);
    chownSync(join(root, 'shared/mine'), 12345, 12345);
    assert.deepEqual(names(await at('shared/mine')), ['mallory']);
  },
);

test("git's file: of the user or the system, never of a repository", { skip: missing('git') }, async () => {
  const file = signerFile('git/signers', 'git-user');
  const evil = signerFile('git/evil', 'mallory');
  const configOf = (path: string) => `[gpg "ssh"]\n\tallowedSignersFile = ${path}\n`;
  put('git/global', configOf(file));
  put('git/included', `[include]\n\tpath = ${join(root, 'git/global')}\n`);
  put('git/empty', '');
  put('git/missing', configOf(join(root, 'git/nothing')));
  const repository = join(root, 'git/repository');
  execFileSync('git', ['init', '-q', repository]);
  execFileSync('git', ['config', 'gpg.ssh.allowedSignersFile', evil], { cwd: repository });
  const read = (global: string, system = 'empty') => {
    const env = {
      ...process.env,
      GIT_CONFIG_GLOBAL: join(root, 'git', global),
      GIT_CONFIG_SYSTEM: join(root, 'git', system),
      GIT_DIR: join(repository, '.git'),
    };
    return readTrustRoots({ config: false, env });
  };
  const before = process.cwd();
  process.chdir(repository);
  try {
    assert.deepEqual(names(await read('global')), ['git-user']);
    assert.deepEqual(names(await read('included')), ['git-user']);
    assert.deepEqual(names(await read('empty', 'global')), ['git-user']);
    assert.deepEqual(names(await read('empty')), []);
    assert.deepEqual(codes(await read('missing')), ['not-found']);
    const noGit = await readTrustRoots({ config: false, env: { PATH: '/nowhere' } });
    assert.deepEqual([noGit.entries, noGit.problems], [[], []]);
  } finally {
    process.chdir(before);
  }
});

test('adding a signer', async () => {
  const path = join(root, 'added', 'allowed_signers');
  const line = formatAllowedSigner({ principal: 'anna', key, comment: 'laptop' });
  await appendAllowedSigner(path, line);
  await appendAllowedSigner(
    path,
    formatAllowedSigner({ principal: 'boris', key: otherKey, namespaces: NAMESPACE }),
  );
  assert.deepEqual(names(await readAllowedSigners([path])), ['anna', 'boris']);
  assert.equal(readFileSync(path, 'utf8').split('\n')[0], line);
  await assert.rejects(
    appendAllowedSigner(path, formatAllowedSigner({ principal: 'anna again', key })),
    failure('already-trusted', /added\/allowed_signers, line 1: .*as anna/),
  );
  for (const bad of ['', '# comment', 'nonsense', `${line}\n${line}`, `${line}\n`]) {
    await assert.rejects(appendAllowedSigner(path, bad), failure('invalid-argument'));
  }
  assert.equal(readFileSync(path, 'utf8').split('\n').length, 3);
});

test('a key that is listed, but trusted for other things or not any more, can be added', async () => {
  const git = formatAllowedSigner({ principal: 'anna', key, namespaces: 'git' });
  const expired = git.replace('namespaces="git"', 'valid-before="20200101"');
  const path = put('partly/allowed_signers', `${git}\n${expired}`);
  await appendAllowedSigner(path, formatAllowedSigner({ principal: 'anna', key }));
  // The last line had no line end.
  assert.deepEqual(names(await readAllowedSigners([path])), ['anna', 'anna', 'anna']);
});
