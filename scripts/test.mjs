/**
 * Runs the checks and the tests, after fetching what they need:
 *
 *     npm test                      everything
 *     npm test unit vscode          only these suites
 *     npm test unit merkle          only files with "merkle" in their path (suites of node:test)
 *
 * Suites: lint, typecheck, unit (quick), system (what starts programs, or takes seconds), webview, vscode, vsix.
 * GREP: only tests with such a title.
 * The last line says how it went: `N passed, N failed`, and `, N skipped` if some were.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findFiles } from './lib/files.mjs';
import { cli, root, runNode, UserError } from './lib/run.mjs';
import { ensureChromium, ensureNodeModules, ensureVsCodeHost } from './setup.mjs';
import { findDesktopVsCode } from './vscode-host/desktop.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @type {Record<string, () => Promise<Counts>>} in the order in which they run, the quick ones first */
const suites = {
  lint: async () =>
    add(await check(['node_modules/eslint/bin/eslint.js', ...eslintArgs]), await check(prettierArgs)),
  typecheck: () => check(['node_modules/typescript/bin/tsc', '-b']),
  unit: () => nodeTests('unit', { concurrency: availableParallelism(), minutes: 5 }),
  system: async () => {
    const { buildTestPrograms } = await import('./lib/testPrograms.mjs');
    process.env.PROVENANCE_TEST_PROGRAMS = join(results, 'programs');
    await buildTestPrograms(process.env.PROVENANCE_TEST_PROGRAMS);
    return nodeTests('system', { concurrency: 2, minutes: 10 });
  },
  webview: async () => {
    await chromium();
    return nodeTests('webview', { concurrency: 1, minutes: 5 });
  },
  vscode: async () => {
    await Promise.all([host(), chromium()]);
    return vscodeTests();
  },
  vsix: async () => {
    if (findFiles('test/vsix', '.test.ts').length === 0) return none();
    // Always the one from npm, as these tests drive its window as a page; the extension in it is the packaged one.
    await Promise.all([npmHost(), chromium()]);
    const packaged = await check(['scripts/package.mjs']);
    return packaged.failed > 0
      ? packaged
      : add(packaged, await nodeTests('vsix', { concurrency: 1, minutes: 10 }));
  },
};
const eslintArgs = ['-c', 'scripts/eslint.config.mjs', '--max-warnings', '0', '.'];
const prettierArgs = ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'];

// A folder for each run, as two may be under way.
const results = join(root, 'out/test-results', String(process.pid));
const args = process.argv.slice(2);
const chosen = args.filter((arg) => arg in suites);
const filters = args.filter((arg) => !(arg in suites));
if (filters.length > 0 && chosen.length === 0) chosen.push('unit', 'system', 'webview', 'vsix');
const wanted = Object.keys(suites).filter((name) => chosen.length === 0 || chosen.includes(name));

// Fetched once, on first use, and meanwhile in the background: it takes a while, and the first suites do without.
const npmHost = once(ensureVsCodeHost);
const host = once(async () => findDesktopVsCode() ?? npmHost());
const chromium = once(async () => {
  process.env.CHROME_PATH = await ensureChromium();
});

cli(async () => {
  await ensureNodeModules();
  mkdirSync(results, { recursive: true });
  // What was seen of the evidence of earlier runs, whose folders are made anew, must have no say.
  process.env.XDG_STATE_HOME = join(results, 'state');
  if (wanted.some((name) => ['webview', 'vscode', 'vsix'].includes(name))) background(chromium);
  if (wanted.includes('vscode')) background(host);
  if (wanted.includes('vsix')) background(npmHost);

  const rows = [await measure('build', () => check(['scripts/build.mjs']))];
  for (const name of wanted) rows.push(await measure(name, suites[name]));

  console.log();
  for (const { name, seconds, counts } of rows) {
    console.log(`${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s   ${summary(counts)}`);
  }
  rmSync(results, { recursive: true, force: true });
  const total = rows.map((row) => row.counts).reduce(add, none());
  if (total.failed > 0) process.exitCode = 1;
  console.log(summary(total));
});

/** Runs a suite; one that cannot be run has failed, and the others still run. */
async function measure(name, suite) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const counts = await suite().catch((error) => {
    console.error(error instanceof UserError ? error.message : error);
    return { ...none(), failed: 1 };
  });
  return { name, counts, seconds: (performance.now() - start) / 1000 };
}

/** A check is one test: it passes or fails as a whole. */
async function check(nodeArgs) {
  return (await runNode(nodeArgs)) === 0 ? { ...none(), passed: 1 } : { ...none(), failed: 1 };
}

/** Runs the files of a folder below test/ with node:test. */
async function nodeTests(name, { concurrency, minutes }) {
  const all = findFiles(`test/${name}`, '.test.ts');
  const files = all.filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  if (files.length === 0) {
    console.log(all.length === 0 ? `There are no tests in test/${name}.` : 'No file matches.');
    return none();
  }
  const { compileTests } = await import('./lib/compileTests.mjs');
  const compiled = await compileTests(files, join(results, name));
  const counts = join(results, `${name}.json`);
  const options = [
    '--enable-source-maps',
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${minutes * 60_000}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${pathToFileURL(join(root, 'scripts/lib/nodeTestCounts.mjs'))}`,
    `--test-reporter-destination=${counts}`,
  ];
  if (process.env.GREP) options.push(`--test-name-pattern=${process.env.GREP}`);
  return readCounts(counts, await runNode([...options, ...compiled]));
}

async function vscodeTests() {
  const counts = join(results, 'vscode.json');
  const env = { ...process.env, PROVENANCE_TEST_RESULTS: counts };
  return readCounts(counts, await runNode(['test/vscode/run.mjs'], { env }));
}

/** A runner that crashes, or that runs nothing, has failed: silence must not look like success. */
function readCounts(file, exitCode) {
  const counts = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : none();
  if (counts.failed > 0) return counts;
  if (exitCode !== 0) console.error(`The test runner ended with code ${exitCode}.`);
  else if (counts.passed + counts.skipped === 0) console.error('No tests were run.');
  else return counts;
  return { ...counts, failed: 1 };
}

function none() {
  return { passed: 0, failed: 0, skipped: 0 };
}

function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

function once(action) {
  let outcome;
  return () => (outcome ??= action());
}

/** Whoever awaits the outcome later also gets its error. */
function background(action) {
  action().catch(() => undefined);
}
