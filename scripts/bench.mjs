/**
 * `npm run bench`: speed as ratios to a tool measured in the same run (docs/performance.md), and how an editor fares
 * with a large dataset. Makes its own data in a temporary folder.
 *
 *     npm run bench              the pipeline, then VS Code
 *     npm run bench pipeline     only the pipeline
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli, root, runNode } from './lib/run.mjs';
import { ensureNodeModules } from './setup.mjs';

const SAMPLES = 200_000;
const ROUNDS = 3;
const program = join(root, 'dist/provenance.mjs');

cli(async () => {
  await ensureNodeModules();
  await runNode(['scripts/build.mjs', '--production']);
  const chosen = process.argv.slice(2);
  const all = chosen.length === 0;
  if (all || chosen.includes('pipeline')) pipeline();
  if (all || chosen.includes('vscode')) await vscode();
});

/** The program on a file of its own making, each row beside `openssl dgst -sha256` of the same file. */
function pipeline() {
  const folder = mkdtempSync(join(tmpdir(), 'provenance-bench-'));
  try {
    const file = join(folder, 'samples.jsonl');
    writeFileSync(file, samples(SAMPLES));
    const env = { ...process.env, XDG_CONFIG_HOME: folder, GIT_CONFIG_GLOBAL: '/dev/null' };
    const run = (...args) =>
      execFileSync(process.execPath, [program, ...args], { env, cwd: folder, stdio: 'pipe' });
    const openssl = () => execFileSync('openssl', ['dgst', '-sha256', file], { stdio: 'pipe' });
    run('keygen', '--name', 'bench', '--trust');
    const rows = [
      ['wc -l', () => execFileSync('wc', ['-l', file], { stdio: 'pipe' })],
      ['provenance sign', () => run('sign', file)],
      ['provenance verify, intact', () => run('verify', file)],
    ].map(([name, action]) => ratio(name, action, openssl));
    // A space at the end: the bytes differ, so every sample has to be compared.
    writeFileSync(file, ' \n', { flag: 'a' });
    rows.push(ratio('provenance verify, every sample', () => run('verify', file), openssl));

    const megabytes = Math.round(readFileSync(file).length / 1e6);
    console.log(
      `\n${SAMPLES.toLocaleString('en')} samples, ${megabytes} MB; medians of ${ROUNDS} rounds, in turn\n`,
    );
    console.log(`${'tool'.padEnd(34)} ${'time'.padStart(9)} ${'openssl'.padStart(9)} ${'ratio'.padStart(7)}`);
    for (const { name, time, reference } of rows) {
      const cells = [`${time.toFixed(0)} ms`.padStart(9), `${reference.toFixed(0)} ms`.padStart(9)];
      console.log(`${name.padEnd(34)} ${cells.join(' ')} ${(time / reference).toFixed(1).padStart(7)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a tool and the reference in turn, so that both meet the same machine. */
function ratio(name, action, reference) {
  const times = [];
  const references = [];
  for (let round = 0; round < ROUNDS; round++) {
    references.push(timed(reference));
    times.push(timed(action));
  }
  return { name, time: median(times), reference: median(references) };
}

function timed(action) {
  const start = performance.now();
  action();
  return performance.now() - start;
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The same samples each time: some 590 bytes each. */
function samples(count) {
  const filler = 'The quick brown fox jumps over the lazy dog. '.repeat(11);
  const lines = [];
  for (let i = 0; i < count; i++) {
    lines.push(
      `{"id":${i},"text":"${(i * 2654435761) % 4294967296} ${filler}","source":"bench","score":${i % 100}.5}\n`,
    );
  }
  return lines.join('');
}

/** The extension host with a dataset of 40 MB, by the suite that also checks what is shown. */
async function vscode() {
  const file = join(root, 'out/bench/vscode.txt');
  rmSync(file, { force: true });
  const env = { ...process.env, GREP: 'a dataset of 40 MB', PROVENANCE_BENCH: file };
  await runNode(['scripts/test.mjs', 'vscode'], { env });
  if (existsSync(file)) console.log(`\nA 40 MB dataset in VS Code\n\n${readFileSync(file, 'utf8')}`);
}
