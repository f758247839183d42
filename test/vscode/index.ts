/**
 * What VS Code calls to run the suites, inside its extension host. The suites are the bundles beside this one.
 *
 * GREP: runs only tests whose full title matches. PROVENANCE_TEST_RESULTS: a file for the counts.
 */
import Mocha from 'mocha';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export async function run(): Promise<void> {
  process.setSourceMapsEnabled(true); // Failures then name lines of the sources, not of the bundles.
  const mocha = new Mocha({ ui: 'bdd', timeout: 30_000, color: true });
  const grep = process.env['GREP'];
  if (grep !== undefined && grep !== '') mocha.grep(new RegExp(grep));

  const files = readdirSync(__dirname, { recursive: true, encoding: 'utf8' });
  const suites = files.filter((name) => name.endsWith('.test.cjs')).sort();
  for (const suite of suites) mocha.addFile(join(__dirname, suite));
  // Between this line and the last one, the launcher in scripts/vscode-host shows what is printed.
  console.log(`Running ${suites.length} ${suites.length === 1 ? 'suite' : 'suites'}`);

  const counts = { passed: 0, failed: 0, skipped: 0 };
  await new Promise<void>((done) => {
    const runner = mocha.run(() => {
      done();
    });
    runner.on('pass', () => counts.passed++);
    // A hook that fails counts too, although the tests that it kept from running do not.
    runner.on('fail', () => counts.failed++);
    runner.on('pending', () => counts.skipped++);
  });

  const results = process.env['PROVENANCE_TEST_RESULTS'];
  if (results !== undefined && results !== '') writeFileSync(results, JSON.stringify(counts));
  const ran = counts.passed + counts.failed + counts.skipped;
  console.log(`Ran ${ran} ${ran === 1 ? 'test' : 'tests'}`);
  if (counts.failed > 0) throw new Error(`${counts.failed} of ${ran} tests failed`);
  if (ran === 0) throw new Error('No tests were run');
}
