import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signSshSig } from '../../../../src/core/evidence/sshSig.ts';
import { signCheckpoint } from '../../../../src/core/log/checkpoint.ts';
import {
  checkCheckpointSignature,
  type CheckpointSignature,
} from '../../../../src/core/log/checkpointSignature.ts';
import { formatNote, parseNote } from '../../../../src/core/log/signedNote.ts';
import { NAMESPACE } from '../../../../src/core/trust/allowedSigners.ts';
import { signer } from '../../../support/judged.ts';
import { bytesOf } from '../evidence/support.ts';

const ann = signer('ann');
const bob = signer('bob');
const checkpoint = (size: number, by = ann) =>
  signCheckpoint({ origin: `dataset-provenance/log/${'0a'.repeat(32)}`, size, root: '0b'.repeat(32) }, by);
const signature = async (note: Uint8Array, by = ann, namespace = NAMESPACE) =>
  bytesOf(await signSshSig(by, note, namespace));

test('the SSHSIG over a checkpoint is valid if it is over this one, by who signed it', async () => {
  const note = await checkpoint(2);
  const check = (sig: Uint8Array | undefined, by: string | undefined = ann.keyId) =>
    checkCheckpointSignature(parseNote(note), sig, by);
  const cases: [CheckpointSignature['standing'], Uint8Array | undefined, string | undefined][] = [
    ['valid', await signature(note), ann.keyId],
    ['missing', undefined, ann.keyId],
    ['other-signer', await signature(note, bob), ann.keyId],
    ['other-signer', await signature(note), undefined],
    ['invalid', await signature(await checkpoint(1)), ann.keyId],
    ['invalid', await signature(note, ann, 'file'), ann.keyId],
    ['invalid', bytesOf('nonsense'), ann.keyId],
    ['invalid', new Uint8Array(1 << 20), ann.keyId],
    ['invalid', new Uint8Array(0), ann.keyId],
  ];
  cases.forEach(([standing, sig, by], i) => {
    assert.equal(checkCheckpointSignature(parseNote(note), sig, by).standing, standing, `case ${i}`);
  });
  const unread = check(bytesOf('nonsense'));
  assert.ok(unread.standing === 'invalid');
  assert.equal(unread.error?.code, 'invalid-signature');
});

test('what witnesses add to a checkpoint leaves its SSHSIG valid', async () => {
  const bytes = await checkpoint(2);
  const sig = await signature(bytes);
  const note = parseNote(bytes);
  const witness = { name: 'witness.example', keyId: 7, signature: new Uint8Array(72) };
  const cosigned = parseNote(formatNote({ ...note, signatures: [...note.signatures, witness] }));
  assert.equal(checkCheckpointSignature(cosigned, sig, ann.keyId).standing, 'valid');
});
