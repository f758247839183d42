/**
 * `npm run bench`: speed as ratios to a tool measured in the same run (docs/performance.md), and how an editor fares
 * with a large dataset. Makes its own data in a temporary folder.
 *
 *     npm run bench                  all of it
 *     npm run bench pipeline         only the pipeline, with 1 million samples
 *     npm run bench pipeline 10m     with 10 million: 15 GB of disk, and 20 minutes
 *     npm run bench advisory         what an advisory of 100,000 digests costs
 *     npm run bench table            the sample table in a window of VS Code
 *     npm run bench vscode           a text editor with a large dataset
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { advisory } from './lib/benchAdvisory.mjs';
import { pipeline } from './lib/benchPipeline.mjs';
import { cli, root, runNode } from './lib/run.mjs';
import { ensureChromium, ensureNodeModules, ensureVsCodeHost } from './setup.mjs';

cli(async () => {
  await ensureNodeModules();
  await runNode(['scripts/build.mjs', '--production']);
  const chosen = process.argv.slice(2);
  const all = chosen.length === 0;
  if (all || chosen.includes('pipeline')) pipeline(chosen.includes('10m') ? 10_000_000 : 1_000_000);
  if (all || chosen.includes('advisory')) advisory();
  if (all || chosen.includes('table')) await table();
  if (all || chosen.includes('vscode')) await vscode();
});

/** The sample table, in a window with the packaged extension. */
async function table() {
  process.env.CHROME_PATH = await ensureChromium();
  await ensureVsCodeHost();
  await runNode(['scripts/package.mjs']);
  await runNode(['--import=tsx', 'scripts/lib/benchTable.mjs']);
}

/** The extension host with a dataset of 40 MB, by the suite that also checks what is shown. */
async function vscode() {
  const file = join(root, 'out/bench/vscode.txt');
  rmSync(file, { force: true });
  const env = { ...process.env, GREP: 'a dataset of 40 MB', PROVENANCE_BENCH: file };
  await runNode(['scripts/test.mjs', 'vscode'], { env });
  if (existsSync(file)) console.log(`\nA 40 MB dataset in VS Code\n\n${readFileSync(file, 'utf8')}`);
}
