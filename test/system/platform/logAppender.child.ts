/**
 * Signs revocations into the evidence of a dataset until it is killed, or `count` times, and writes the digest of each
 * envelope to stdout once that has resolved. Arguments: dataset, folder of the memory, name, [count].
 */
import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { EvidenceStore } from '../../../src/core/evidence/evidenceStore.ts';
import { ed25519Signer } from '../../../src/core/evidence/signer.ts';
import { revocationStatement } from '../../../src/core/evidence/statement.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import { NodeLogMemory } from '../../../src/platform/logMemory.node.ts';
import { fastSha256 } from '../../../src/platform/sha256.node.ts';

const [dataset = '', memory = '', name = '', count = 'Infinity'] = process.argv.slice(2);
const store = new EvidenceStore(nodeFileStore(), fastSha256, undefined, new NodeLogMemory(memory));
const signer = ed25519Signer(new Uint8Array(createHash('sha256').update(name).digest()));

for (let number = 1; number <= Number(count); number++) {
  const statement = revocationStatement([{ name: 'envelope', sha256: 'ab'.repeat(32) }], {
    reason: `${name} ${process.pid} ${number}`,
    timeCreated: '2026-01-31T09:00:00Z',
  });
  const { envelopeDigest } = await store.append(dataset, statement, signer);
  // Directly, so that what was reported is not lost in a buffer when the process is killed.
  writeSync(1, `${envelopeDigest}\n`);
}
