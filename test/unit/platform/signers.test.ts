import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ed25519Signer } from '../../../src/core/evidence/signer.ts';
import { formatAllowedSigner } from '../../../src/core/trust/allowedSigners.ts';
import { distrustKey, type FileEdit } from '../../../src/core/trust/editAllowedSigners.ts';
import { readSignersFiles, writeSignersFile } from '../../../src/platform/signers.node.ts';
import { appendAllowedSigner } from '../../../src/platform/trustRoots.node.ts';
import { failure } from '../core/evidence/support.ts';
import { temporaryFolder } from '../../support/processes.ts';

const anna = ed25519Signer(new Uint8Array(32).fill(1));
const bert = ed25519Signer(new Uint8Array(32).fill(2));
const lineOf = (signer: typeof anna, principal: string) =>
  formatAllowedSigner({ principal, key: signer.publicKey });

function signersFile(): string {
  const path = join(temporaryFolder('signers-file'), 'allowed_signers');
  writeFileSync(path, `# us\n${lineOf(anna, 'anna')}\n`);
  return path;
}

async function distrust(path: string): Promise<FileEdit> {
  const { files } = await readSignersFiles([path]);
  const edit = distrustKey(files[0]!, anna.keyId);
  assert.ok(edit);
  return edit;
}

const notOnWindows = process.platform === 'win32' && 'it needs links and modes';

describe('changing an allowed_signers file', () => {
  test('writes what was planned, and keeps the mode', { skip: notOnWindows }, async () => {
    const path = signersFile();
    chmodSync(path, 0o640);
    await writeSignersFile(await distrust(path));
    assert.equal(readFileSync(path, 'utf8'), `# us\n# ${lineOf(anna, 'anna')}\n`);
    assert.equal(statSync(path).mode & 0o777, 0o640);
  });

  test('follows a link, which stays one', { skip: notOnWindows }, async () => {
    const path = signersFile();
    const link = join(temporaryFolder('signers-link'), 'allowed_signers');
    symlinkSync(path, link);
    await writeSignersFile(await distrust(link));
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.equal(readFileSync(path, 'utf8'), `# us\n# ${lineOf(anna, 'anna')}\n`);
  });

  test('leaves a file alone that was changed meanwhile', async () => {
    const path = signersFile();
    const edit = await distrust(path);
    await appendAllowedSigner(path, lineOf(bert, 'bert'));
    await assert.rejects(writeSignersFile(edit), failure('changed-while-reading', /allowed_signers/));
    assert.equal(readFileSync(path, 'utf8'), `# us\n${lineOf(anna, 'anna')}\n${lineOf(bert, 'bert')}\n`);
  });

  test('of two changes at once one is made, whole', async () => {
    const path = signersFile();
    const edits = await Promise.all(Array.from({ length: 8 }, () => distrust(path)));
    const results = await Promise.allSettled(edits.map((edit) => writeSignersFile(edit)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(readFileSync(path, 'utf8'), `# us\n# ${lineOf(anna, 'anna')}\n`);
  });

  test('respects write protection', { skip: notOnWindows || process.getuid?.() === 0 }, async () => {
    const path = signersFile();
    const edit = await distrust(path);
    chmodSync(path, 0o444);
    await assert.rejects(writeSignersFile(edit), failure('permission-denied'));
  });
});

describe('reading allowed_signers files', () => {
  test(
    'reads a file once, whatever it is called, and leaves out what is missing',
    { skip: notOnWindows },
    async () => {
      const path = signersFile();
      const link = join(temporaryFolder('signers-link'), 'allowed_signers');
      symlinkSync(path, link);
      const { files, problems } = await readSignersFiles([path, `${path}.none`, link, path]);
      assert.deepEqual(
        files.map((file) => file.path),
        [path],
      );
      assert.deepEqual(problems, []);
    },
  );

  test('reports what is no file', async () => {
    const folder = join(temporaryFolder('signers-folder'), 'allowed_signers');
    mkdirSync(folder);
    const { files, problems } = await readSignersFiles([folder]);
    assert.deepEqual(files, []);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['not-a-file'],
    );
  });
});
