import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { EvidenceStore } from '../../../src/core/evidence/evidenceStore.ts';
import { signSshSig } from '../../../src/core/evidence/sshSig.ts';
import { reviewStatement } from '../../../src/core/evidence/statement.ts';
import {
  cosignedText,
  formatNote,
  formatVerifierKey,
  noteKey,
  parseNote,
} from '../../../src/core/log/signedNote.ts';
import { formatAllowedSigner } from '../../../src/core/trust/allowedSigners.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import { signer } from '../../support/judged.ts';
import { missing } from '../../unit/core/evidence/support.ts';
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

  const flag = (sandbox: Sandbox, line: string) =>
    sandbox.provenance(
      'flag',
      't.jsonl',
      '--lines',
      line,
      '--category',
      'pii',
      '--severity',
      'low',
      '--reason',
      'x',
    );

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

  test('check says what the signature for ssh-keygen is worth', async () => {
    const sandbox = await signed();
    const sig = `${CHECKPOINT}.sig`;
    const older = readFileSync(sandbox.path(sig));
    await ok(sandbox.provenance('sign', 't.jsonl'));
    const note = readFileSync(sandbox.path(CHECKPOINT));
    const mallory = signer('mallory');
    const byMallory = await signSshSig(mallory, note, 'dataset-provenance');
    const says = async (words: RegExp, expected: string) => {
      const { code, stdout } = await sandbox.provenance('log', 'check', 't.jsonl');
      assert.match(stdout, words);
      assert.equal(code, expected === 'valid' ? 0 : 1);
      const { logs } = (await sandbox.json('log', 'check', 't.jsonl')) as {
        logs: { standing: string; sshSignature: { standing: string } }[];
      };
      assert.deepEqual([logs[0]!.standing, logs[0]!.sshSignature.standing], ['complete', expected]);
    };
    await says(/the signature over the checkpoint is valid/, 'valid');
    sandbox.write(sig, older);
    await says(/the signature is not of this checkpoint/, 'invalid');
    sandbox.write(sig, 'nonsense');
    await says(/the signature is not of this checkpoint.*Not an SSH signature/s, 'invalid');
    sandbox.write(sig, byMallory);
    await says(new RegExp(`is by\\s+${mallory.keyId.replaceAll(/[+/]/g, '\\$&')}`), 'other-signer');
    rmSync(sandbox.path(sig));
    await says(/there is no signature over the checkpoint[\s\S]*add to the evidence/, 'missing');
  });

  test('show tells what the log lets one say, in JSON too', async () => {
    const sandbox = await signed();
    const show = async () =>
      (await sandbox.json('show', 't.jsonl:1')) as {
        review?: unknown;
        log: { standing: string; size: number };
      };
    const whole = await show();
    assert.deepEqual([whole.review, whole.log.standing, whole.log.size], [undefined, 'complete', 2]);
    assert.match((await sandbox.provenance('show', 't.jsonl:1')).stdout, /Log complete to 2/);
    put(sandbox, lines(sandbox).slice(0, 1));
    assert.equal((await show()).log.standing, 'removed');
    assert.match((await sandbox.provenance('show', 't.jsonl:1')).stdout, /Evidence was removed or changed/);
    assert.match((await sandbox.provenance('impact')).stdout, /Flags may be gone/);
  });

  test('verify notices tampering, by the checkpoint alone where that can be, else by what was seen', async () => {
    const sandbox = await signed();
    const allowed = `${sandbox.home}/.config/dataset-provenance/allowed_signers`;
    const bob = signer('bob');
    const trustBob = formatAllowedSigner({ principal: 'bob', key: bob.publicKey });
    writeFileSync(allowed, `${readFileSync(allowed, 'utf8').trimEnd()}\n${trustBob}\n`);
    const snapshot = () =>
      [readFileSync(sandbox.path(BUNDLE)), readFileSync(sandbox.path(CHECKPOINT))] as const;
    const restore = ([bundle, checkpoint]: ReturnType<typeof snapshot>) => {
      sandbox.write(BUNDLE, bundle);
      sandbox.write(CHECKPOINT, checkpoint);
    };
    await ok(flag(sandbox, '1'));
    const older = snapshot();
    await ok(flag(sandbox, '3'));
    const whole = snapshot();
    const [vouching, first, second, third] = lines(sandbox);
    const signAnew = async () => {
      const statement = reviewStatement([{ name: 'x#1', sha256: 'ab'.repeat(32) }], {
        verdict: 'flagged',
        category: 'other',
        severity: 'low',
        reason: 'elsewhere',
        timeCreated: '2026-02-01T10:00:00Z',
      });
      const store = new EvidenceStore(nodeFileStore());
      await store.append(sandbox.path('t.jsonl'), statement, bob, { acceptRemoved: true });
    };
    /** What is done, and what the log shows to who looked before, and to who did not. */
    const cases: Record<string, [() => Promise<void> | void, seen: string, unseen: string]> = {
      'a flag deleted': [
        () => {
          put(sandbox, [vouching!, second!, third!]);
        },
        'removed',
        'removed',
      ],
      'the last flags deleted': [
        () => {
          put(sandbox, [vouching!]);
        },
        'removed',
        'removed',
      ],
      reordered: [
        () => {
          put(sandbox, [vouching!, third!, second!, first!]);
        },
        'removed',
        'removed',
      ],
      'the checkpoint deleted with a flag': [
        () => {
          put(sandbox, [vouching!, first!, second!]);
          rmSync(sandbox.path(CHECKPOINT));
        },
        'removed',
        'unsigned',
      ],
      'an older copy with its checkpoint': [
        () => {
          restore(older);
        },
        'removed',
        'complete',
      ],
      'signed anew by another trusted key': [
        async () => {
          put(sandbox, [vouching!, second!, third!]);
          await signAnew();
        },
        'removed',
        'complete',
      ],
      'everything deleted': [
        () => {
          rmSync(sandbox.path(BUNDLE));
          rmSync(sandbox.path(CHECKPOINT));
        },
        'removed',
        'empty',
      ],
    };
    const standingOf = async () => {
      const { datasets } = (await sandbox.json('verify', 't.jsonl')) as {
        datasets: { fine: boolean; log: { standing: string } }[];
      };
      return datasets[0]!;
    };
    for (const [name, [tamper, seen, unseen]] of Object.entries(cases)) {
      restore(whole);
      assert.equal((await standingOf()).log.standing, 'complete', name);
      await tamper();
      const found = await standingOf();
      assert.deepEqual([found.log.standing, found.fine], [seen, false], name);
      rmSync(`${sandbox.home}/.local/state`, { recursive: true });
      assert.equal((await standingOf()).log.standing, unseen, `${name}, not seen before`);
      rmSync(`${sandbox.home}/.local/state`, { recursive: true, force: true });
    }
  });

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
    await ok(flag(sandbox, '3'));
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
