import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import {
  cosignedText,
  formatNote,
  formatVerifierKey,
  noteKey,
  parseNote,
} from '../../../src/core/log/signedNote.ts';
import { missing } from '../core/evidence/support.ts';
import { buildPrograms, Sandbox, type Programs } from './support.ts';

const ROWS = [
  '{"text":"alpha secret"}',
  '{"text":"beta secret"}',
  '{"text":"gamma secret"}',
  '{"text":"delta secret"}',
];
const BUNDLE = '.provenance/t.jsonl.intoto.jsonl';
const CHECKPOINT = '.provenance/t.jsonl.checkpoint';

describe('provenance log', { concurrency: 2 }, () => {
  let programs: Programs;
  before(async () => {
    programs = await buildPrograms();
  });

  async function signed(): Promise<Sandbox> {
    const sandbox = new Sandbox(programs);
    sandbox.write('t.jsonl', ROWS.map((row) => `${row}\n`).join(''));
    await ok(sandbox.provenance('keygen', '--trust'));
    await ok(sandbox.provenance('sign', 't.jsonl'));
    await ok(
      sandbox.provenance(
        'flag',
        't.jsonl',
        '--lines',
        '2',
        '--category',
        'poisoning',
        '--severity',
        'high',
        '--reason',
        'odd',
      ),
    );
    return sandbox;
  }

  async function ok(
    outcome: Promise<{ code: number | string; stdout: string; stderr: string }>,
  ): Promise<string> {
    const { code, stdout, stderr } = await outcome;
    assert.equal(code, 0, stderr + stdout);
    return stdout;
  }

  const lines = (sandbox: Sandbox) => readFileSync(sandbox.path(BUNDLE), 'utf8').split('\n').slice(0, -1);
  const put = (sandbox: Sandbox, kept: readonly string[]) =>
    writeFileSync(sandbox.path(BUNDLE), kept.map((line) => `${line}\n`).join(''));

  test(
    'ssh-keygen verifies the checkpoint with our allowed_signers, and not a changed one',
    {
      skip: missing('ssh-keygen'),
    },
    async () => {
      const sandbox = await signed();
      const allowed = `${sandbox.home}/.config/dataset-provenance/allowed_signers`;
      const [principal = ''] = readFileSync(allowed, 'utf8').split(' ');
      const verify = (note: Uint8Array) =>
        spawnSync(
          'ssh-keygen',
          [
            '-Y',
            'verify',
            '-f',
            allowed,
            '-I',
            principal,
            '-n',
            'dataset-provenance',
            '-s',
            sandbox.path(`${CHECKPOINT}.sig`),
          ],
          { input: note },
        );
      const note = readFileSync(sandbox.path(CHECKPOINT));
      assert.equal(verify(note).status, 0, verify(note).stderr.toString());
      note[0]! ^= 1;
      assert.notEqual(verify(note).status, 0);
    },
  );

  test('what is removed is found by check and verify, refuses to be signed over, and can be accepted', async () => {
    const sandbox = await signed();
    await ok(sandbox.provenance('log', 'check', 't.jsonl'));
    const [first, second] = lines(sandbox);
    put(sandbox, [first!]);
    rmSync(sandbox.path(CHECKPOINT));

    const check = await sandbox.provenance('log', 'check', 't.jsonl');
    assert.equal(check.code, 1);
    assert.match(check.stdout, /removed[\s\S]*the evidence went up to line 2[\s\S]*log accept/);
    const verify = await sandbox.provenance('verify', 't.jsonl');
    assert.equal(verify.code, 1);
    assert.match(verify.stdout, /Evidence was removed/);
    const { datasets } = (await sandbox.json('verify', 't.jsonl')) as {
      datasets: { fine: boolean; log: { standing: string; size: number; seen: { size: number } } }[];
    };
    assert.deepEqual(
      [datasets[0]!.fine, datasets[0]!.log.standing, datasets[0]!.log.size, datasets[0]!.log.seen.size],
      [false, 'removed', 1, 2],
    );
    const sign = await sandbox.provenance('sign', 't.jsonl');
    assert.equal(sign.code, 2);
    assert.match(sign.stderr, /nothing was signed, because evidence is missing/);
    assert.deepEqual(lines(sandbox), [first]);

    // Put back, it is as before, but for the checkpoint.
    put(sandbox, [first!, second!]);
    assert.equal(await standing(sandbox), 'unsigned');
    put(sandbox, [first!]);

    await ok(sandbox.provenance('log', 'accept', 't.jsonl', '--reason', 'lost in a crash'));
    assert.equal(await standing(sandbox), 'complete');
    const after = await sandbox.provenance('verify', 't.jsonl');
    assert.equal(after.code, 0, after.stdout);
    assert.match(after.stdout, /Accepts that lines of the evidence are gone: "lost in a crash"/);
    assert.equal((await sandbox.provenance('log', 'accept', 't.jsonl', '--reason', 'again')).code, 2);
  });

  test('forgetting takes what stands there for all that was seen', async () => {
    const sandbox = await signed();
    const kept = readFileSync(sandbox.path(CHECKPOINT));
    await ok(
      sandbox.provenance(
        'flag',
        't.jsonl',
        '--lines',
        '3',
        '--category',
        'pii',
        '--severity',
        'low',
        '--reason',
        'x',
      ),
    );
    put(sandbox, lines(sandbox).slice(0, 2));
    writeFileSync(sandbox.path(CHECKPOINT), kept);
    assert.equal(await standing(sandbox), 'removed');
    await ok(sandbox.provenance('log', 'forget', 't.jsonl'));
    assert.equal(await standing(sandbox), 'complete');
  });

  test('evidence that was moved is known', async () => {
    const sandbox = await signed();
    put(sandbox, lines(sandbox).slice(0, 1));
    rmSync(sandbox.path(CHECKPOINT));
    sandbox.write('other.jsonl', readFileSync(sandbox.path('t.jsonl')));
    renameSync(sandbox.path(BUNDLE), sandbox.path(BUNDLE.replace('t.jsonl', 'other.jsonl')));
    const { logs } = (await sandbox.json('log', 'check', 'other.jsonl')) as { logs: { standing: string }[] };
    assert.equal(logs[0]!.standing, 'removed');
  });

  test('cosignatures of witnesses that the user names are counted', async () => {
    const sandbox = await signed();
    const seed = new Uint8Array(32).fill(9);
    const key = noteKey('witness.example/1', 'cosignature', ed25519.getPublicKey(seed));
    const note = parseNote(readFileSync(sandbox.path(CHECKPOINT)));
    const time = 1_790_000_000n;
    const signature = new Uint8Array(72);
    new DataView(signature.buffer).setBigUint64(0, time);
    signature.set(ed25519.sign(new TextEncoder().encode(cosignedText(note.text, time)), seed), 8);
    const cosigned = {
      ...note,
      signatures: [...note.signatures, { name: key.name, keyId: key.keyId, signature }],
    };
    writeFileSync(sandbox.path(CHECKPOINT), formatNote(cosigned));
    sandbox.write('witnesses', `# ours\n${formatVerifierKey(key)}\n`);
    const count = async (...options: string[]) => {
      const { logs } = (await sandbox.json('log', 'check', 't.jsonl', ...options)) as {
        logs: { standing: string; checkpoint: { witnesses: number } }[];
      };
      assert.equal(logs[0]!.standing, 'complete');
      return logs[0]!.checkpoint.witnesses;
    };
    assert.equal(await count(), 0);
    assert.equal(await count('--witness', 'witnesses'), 1);
  });

  test('a row is proven without the others', async () => {
    const sandbox = await signed();
    await ok(sandbox.provenance('log', 'prove', 't.jsonl', '--line', '3', '-o', 'row.tlog-proof'));
    const proof = readFileSync(sandbox.path('row.tlog-proof'), 'utf8');
    // Base64 within base64: what is readable in none of the layers.
    const layers = [proof];
    for (let i = 0; i < 3; i++) {
      for (const [text] of layers.join('\n').matchAll(/[A-Za-z0-9+/]{40,}={0,2}/g)) {
        const decoded = Buffer.from(text, 'base64').toString('latin1');
        if (!layers.includes(decoded)) layers.push(decoded);
      }
    }
    assert.ok(
      layers.some((layer) => layer.includes('urn:dataset-provenance:dataset:v1')),
      'the statement is seen',
    );
    assert.ok(layers.every((layer) => !layer.includes('secret')));

    // Elsewhere, with nothing but the proof and who is trusted.
    const reader = new Sandbox(programs);
    reader.write('row.tlog-proof', proof);
    reader.write('trust', readFileSync(`${sandbox.home}/.config/dataset-provenance/allowed_signers`));
    const check = (...options: string[]) =>
      reader.provenance('log', 'check-proof', 'row.tlog-proof', ...options);
    const stranger = await check();
    assert.equal(stranger.code, 1);
    assert.match(stranger.stdout, /do not trust/);
    assert.match(
      await ok(check('--allowed-signers', 'trust', '--row', ' { "text" : "gamma secret" }')),
      /holds/,
    );
    for (const row of [ROWS[0]!, '{"text":"gamma secret "}']) {
      const other = await check('--allowed-signers', 'trust', '--row', row);
      assert.equal(other.code, 1, row);
      assert.match(other.stdout, /another row/);
    }
    assert.equal((await check('--row', 'no json')).code, 2);
  });

  test('a statement is proven', async () => {
    const sandbox = await signed();
    await ok(sandbox.provenance('log', 'prove', 't.jsonl', '--statement', '2', '-o', 'flag.tlog-proof'));
    assert.match(
      await ok(sandbox.provenance('log', 'check-proof', 'flag.tlog-proof')),
      /flags one sample[\s\S]*line 2 of 2/,
    );
    for (const args of [
      ['prove', 't.jsonl', '--line', '3'],
      ['prove', 't.jsonl', '-o', 'x'],
      ['prove', 't.jsonl', '--line', '99', '-o', 'x'],
      ['prove', 't.jsonl', '--statement', '3', '-o', 'x'],
      ['prove', 't.jsonl', '--statement', '2', '-o', 'flag.tlog-proof'],
      ['check-proof', 'nowhere'],
      ['check', 't.jsonl', '--reason', 'x'],
      ['nonsense'],
    ]) {
      const { code, stderr } = await sandbox.provenance('log', ...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /^provenance: /);
    }
    put(sandbox, lines(sandbox).slice(1));
    assert.match(
      (await sandbox.provenance('log', 'prove', 't.jsonl', '--statement', '1', '-o', 'y')).stderr,
      /nothing can be proven/,
    );
  });

  async function standing(sandbox: Sandbox): Promise<string> {
    const { logs } = (await sandbox.json('log', 'check', 't.jsonl')) as { logs: { standing: string }[] };
    return logs[0]!.standing;
  }
});
