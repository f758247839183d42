/**
 * Makes dist/dataset-provenance.vsix, the file that VS Code installs.
 *
 *     npm run package
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { cli, root, runNode, UserError } from './lib/run.mjs';

const vsix = 'dist/dataset-provenance.vsix';

cli(async () => {
  const built = await runNode(['scripts/build.mjs', '--production']);
  if (built !== 0) throw new UserError('package: the build failed');
  // Everything is bundled, hence no dependencies. The extension's repository has no public address yet.
  const vsce = [
    'package',
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--out',
    vsix,
  ];
  const packed = spawnSync(process.execPath, ['node_modules/@vscode/vsce/vsce', ...vsce], { cwd: root });
  if (packed.status !== 0) throw new UserError(`package: vsce failed.\n${packed.stdout}${packed.stderr}`);
  console.log(`${vsix}: ${(statSync(join(root, vsix)).size / 1e6).toFixed(2)} MB`);
});
