/**
 * Writes evidence that the program does not write, or not yet, signed with the user's key:
 *
 *     evidence step OUTPUT KIND INPUT…     a transformation
 *     evidence revoke DATASET LINE         takes back the statement on a line of the dataset's bundle
 *     evidence other DATASET               a statement whose predicate the product does not know
 *     evidence append DATASET NAME COUNT   vouchings, one after the other; prints each when it is written
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { serializeEnvelope, signEnvelope } from '../../../src/core/evidence/dsse.ts';
import { EvidenceStore } from '../../../src/core/evidence/evidenceStore.ts';
import { evidencePaths } from '../../../src/core/evidence/layout.ts';
import { PAYLOAD_TYPE, STATEMENT_TYPE } from '../../../src/core/evidence/predicates.ts';
import { revocationStatement, sampleStatement, stepStatement } from '../../../src/core/evidence/statement.ts';
import { nodeFileStore } from '../../../src/platform/fileStore.node.ts';
import { defaultKeyPath, readKeyFile } from '../../../src/platform/keyFiles.node.ts';

const [action = '', dataset = '', ...rest] = process.argv.slice(2);
const path = resolve(dataset);
const files = nodeFileStore();
const store = new EvidenceStore(files);
const key = await readKeyFile(process.env['PROVENANCE_KEY'] ?? defaultKeyPath());
if (key.kind !== 'private') throw new Error('The key must be unencrypted PKCS#8.');
const { signer } = key;
const timeCreated = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const subject = (file: string) => ({ name: basename(file), sha256: sha256(readFileSync(file)) });

switch (action) {
  case 'step': {
    const [kind = '', ...inputs] = rest;
    const statement = stepStatement([subject(path)], {
      buildDefinition: {
        buildType: 'urn:example:step',
        externalParameters: { kind },
        resolvedDependencies: inputs.map((input) => ({
          name: input,
          digest: { sha256: subject(input).sha256 },
        })),
      },
      runDetails: { builder: { id: 'urn:example:pipeline' }, metadata: { finishedOn: timeCreated } },
    });
    await store.append(path, statement, signer);
    break;
  }
  case 'revoke': {
    const line = readFileSync(evidencePaths(path).bundle, 'utf8').split('\n')[Number(rest[0]) - 1]!;
    const target = { name: 'envelope', sha256: sha256(Buffer.from(line)) };
    await store.append(path, revocationStatement([target], { reason: 'taken back', timeCreated }), signer);
    break;
  }
  case 'other': {
    const payload = {
      _type: STATEMENT_TYPE,
      predicateType: 'https://example.org/other/v1',
      subject: [],
      predicate: {},
    };
    const envelope = await signEnvelope(Buffer.from(JSON.stringify(payload)), PAYLOAD_TYPE, signer);
    await files.appendLine(evidencePaths(path).bundle, serializeEnvelope(envelope));
    break;
  }
  case 'append': {
    const [name = '', count = '0'] = rest;
    const samples = [{ name: 'train.jsonl#1', sha256: sha256(Buffer.from('{}')) }];
    for (let number = 1; number <= Number(count); number++) {
      const note = `${name} ${number}`;
      await store.append(
        path,
        sampleStatement(samples, { dataset: basename(path), timeCreated, note }),
        signer,
      );
      // Directly, so that what was reported is not lost in a buffer when the process is killed.
      writeSync(1, `${note}\n`);
    }
    break;
  }
  default:
    throw new Error(`There is no action "${action}".`);
}
