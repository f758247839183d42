import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { modelStatement, SigstoreInstance } from '../../support/sigstoreInstance.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

const TEXT = '{"text":"one"}\n{"text":"two"}\n';
const IDENTITY = 'alice https://accounts.example.com alice@example.org\n';
const CONFIG = '../home/.config/dataset-provenance';

describe('provenance with Sigstore signatures', { concurrency: false }, () => {
  let programs: Programs;
  let sigstore: SigstoreInstance;
  let box: Sandbox;
  before(async () => {
    [programs, sigstore] = await Promise.all([buildPrograms(), SigstoreInstance.create()]);
    box = new Sandbox(programs);
    box.write('train.jsonl', TEXT);
    box.write('train.jsonl.sigstore.json', JSON.stringify(await sigstore.signFile(TEXT)));
    mkdirSync(join(box.work, CONFIG), { recursive: true });
  });

  it('says how to check it where there is no trusted root', async () => {
    const { code, stdout } = await box.provenance('verify', 'train.jsonl');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /train\.jsonl: unknown\n {2}A Sigstore signature exists, but it could not be checked/,
    );
    assert.match(stdout, /--sigstore-root/);
  });

  it('trusts nobody by files of the workspace or beside the data', async () => {
    for (const folder of ['.provenance/', '']) {
      box.write(`${folder}trusted_root.json`, JSON.stringify(sigstore.trustedRoot()));
      box.write(`${folder}sigstore_identities`, IDENTITY);
    }
    assert.match((await box.provenance('verify', 'train.jsonl')).stdout, /train\.jsonl: unknown\n/);
  });

  it('says whom to list where the identity is not', async () => {
    box.write(`${CONFIG}/trusted_root.json`, JSON.stringify(sigstore.trustedRoot()));
    const { code, stdout } = await box.provenance('verify', 'train.jsonl');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /Every byte is as alice@example\.org via accounts\.example\.com signed it\. You do not trust this signer\./,
    );
    assert.match(
      stdout,
      /add a line to \S+\/sigstore_identities: NAME https:\/\/accounts\.example\.com alice@example\.org/,
    );
  });

  it('verifies by an identity of the user’s list, or one that is named', async () => {
    box.write('../identities', IDENTITY);
    const named = await box.provenance('verify', 'train.jsonl', '--sigstore-identities', '../identities');
    assert.equal(named.code, 0, named.stdout);
    box.write(`${CONFIG}/sigstore_identities`, IDENTITY);
    const { code, stdout } = await box.provenance('verify', 'train.jsonl');
    assert.equal(code, 0);
    assert.match(stdout, /train\.jsonl: intact\n {2}Every byte is as alice signed it\./);
    assert.match(stdout, /signed by {2}alice \(trusted\), \S+Z: vouches for a file with the SHA-256/);
    const { datasets } = (await box.json('verify', 'train.jsonl')) as {
      datasets: { statements: Record<string, unknown>[] }[];
    };
    assert.equal(datasets[0]?.statements[0]?.['principal'], 'alice');
  });

  it('shows of a sample who vouches for it', async () => {
    const { stdout } = await box.provenance('show', 'train.jsonl:2');
    assert.match(stdout, /train\.jsonl:2: verified\n {2}alice vouches for every byte of the file/);
    assert.match(stdout, /covered by\s+alice \(trusted\)/);
  });

  it('says of a changed file that it is not what was signed', async () => {
    box.write('train.jsonl', TEXT.replace('two', 'tvvo'));
    const { code, stdout } = await box.provenance('verify', 'train.jsonl');
    assert.equal(code, 1);
    assert.match(stdout, /train\.jsonl: unknown\n {2}Not as alice signed it: the file has other bytes\./);
    box.write('train.jsonl', TEXT);
  });

  it('reads Model Signing signatures of the folder', async () => {
    mkdirSync(join(box.work, 'data/en'), { recursive: true });
    box.write('data/en/qa.jsonl', TEXT);
    const statement = modelStatement({ 'README.md': 'hello', 'en/qa.jsonl': TEXT });
    box.write('data/model.sig', JSON.stringify(await sigstore.signPayload(statement)));
    const { code, stdout } = await box.provenance('verify', 'data/en/qa.jsonl');
    assert.equal(code, 0, stdout);
  });

  it('says what is wrong with a bundle, and ends with 1', async () => {
    const other = await SigstoreInstance.create();
    box.write('train.jsonl.sigstore.json', JSON.stringify(await other.signFile(TEXT)));
    const { code, stdout } = await box.provenance('verify', 'train.jsonl');
    assert.equal(code, 1);
    assert.match(stdout, /train\.jsonl: unsigned\n/);
    assert.match(stdout, /problem\s+train\.jsonl\.sigstore\.json: The signature does not count: /);
  });

  it('refuses a named file that is not there', async () => {
    for (const option of ['--sigstore-root', '--sigstore-identities']) {
      const { code, stderr } = await box.provenance('verify', 'train.jsonl', option, 'missing');
      assert.equal(code, 2);
      assert.match(stderr, /missing/);
    }
  });
});
