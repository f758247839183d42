/**
 * Runs the suites of this folder in VS Code: a desktop one where there is one, otherwise the one from npm.
 * They open out/vscode-workspace, made anew each time. `npm test vscode` builds first, and then runs this.
 */
import { runTests } from '@vscode/test-electron';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, root, runNode, UserError } from '../../scripts/lib/run.mjs';
import { acquire } from '../../scripts/setup.mjs';
import { findDesktopVsCode } from '../../scripts/vscode-host/desktop.mjs';

const workspace = join(root, 'out/vscode-workspace');
const userData = join(root, 'out/vscode-user-data');

cli(async () => {
  const release = await acquire('vscode-suites', 'other tests in VS Code: both would use the same workspace');
  for (const folder of [workspace, userData]) rmSync(folder, { recursive: true, force: true });
  mkdirSync(workspace, { recursive: true });
  mkdirSync(join(userData, 'User'), { recursive: true });
  writeFileSync(
    join(userData, 'User/settings.json'),
    JSON.stringify({ 'files.hotExit': 'off', 'files.autoSave': 'off' }),
  );
  if (existsSync(join(root, 'scripts/demo.mjs'))) {
    const code = await runNode(['scripts/demo.mjs', '--out', workspace]);
    if (code !== 0) throw new UserError('The demo workspace could not be made.');
  }

  const launcher = join(root, 'scripts/vscode-host/executable.mjs');
  chmodSync(launcher, 0o755); // Archives of the sources may have lost it.
  await runTests({
    vscodeExecutablePath: findDesktopVsCode() ?? launcher,
    extensionDevelopmentPath: root,
    extensionTestsPath: join(root, 'out/test/vscode/index.cjs'),
    launchArgs: [workspace, `--user-data-dir=${userData}`, '--disable-extensions'],
  })
    .catch((error) => {
      throw new UserError(error.message);
    })
    .finally(release);
});
