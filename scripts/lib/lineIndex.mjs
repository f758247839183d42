/** For `npm run bench`: finds the lines of a file as the sample table does, and says how long it took, in seconds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { indexAll, openRowTable } from '../../src/platform/rowTable.node.ts';

const cache = mkdtempSync(join(tmpdir(), 'provenance-index-'));
const start = performance.now();
const table = await openRowTable(process.argv[2], cache);
await indexAll(table);
console.log((performance.now() - start) / 1000);
await table.close();
rmSync(cache, { recursive: true, force: true });
