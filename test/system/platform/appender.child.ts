/**
 * Appends envelopes to a file until it is killed, or `count` times, and writes the digest of each to stdout once the
 * append has resolved. Arguments: path, name, [count, [a folder where two of them meet before they begin]]. The signatures
 * are placeholders, to spend the time on appending.
 */
import { readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '../../../src/core/bytes/hex.ts';
import { serializeEnvelope } from '../../../src/core/evidence/dsse.ts';
import { PAYLOAD_TYPE } from '../../../src/core/evidence/predicates.ts';
import { revocationStatement, statementBytes } from '../../../src/core/evidence/statement.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import { fastSha256 } from '../../../src/platform/sha256.node.ts';

const [path = '', name = '', count = 'Infinity', meeting = ''] = process.argv.slice(2);
const files = nodeFileStore();
const subjects = [{ name: 'envelope', sha256: 'ab'.repeat(32) }];

if (meeting !== '') {
  writeFileSync(join(meeting, name), '');
  while (readdirSync(meeting).length < 2) await sleep(1);
}
for (let number = 1; number <= Number(count); number++) {
  const statement = revocationStatement(subjects, {
    reason: `${name} ${process.pid} ${number}`,
    timeCreated: '2026-01-31T09:00:00Z',
  });
  const line = serializeEnvelope({
    payload: statementBytes(statement),
    payloadType: PAYLOAD_TYPE,
    signatures: [{ keyid: '', sig: new Uint8Array(64) }],
  });
  await files.appendLine(path, line);
  // Directly, so that what was reported is not lost in a buffer when the process is killed.
  writeSync(1, `${toHex(fastSha256(line))}\n`);
}
