import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objection } from '../../../scripts/lib/eslintBoundaries.mjs';

const allowed: [file: string, source: string][] = [
  ['src/core/trust/assess.ts', '../sample/digest.ts'],
  ['src/core/trust/assess.ts', '@noble/hashes/sha2.js'],
  ['src/protocol/rpc.ts', '../core/errors.ts'],
  ['src/core/policy/parsePolicy.ts', 'jsonc-parser'],
  ['src/language/explain.ts', '../protocol/datasetWorker.ts'],
  ['src/language/explain.ts', '@vscode/l10n'],
  ['src/cli/report.ts', '../language/explain.ts'],
  ['src/host/samples.ts', '../language/explain.ts'],
  ['src/features/hover/hover.ts', '../../language/explain.ts'],
  ['src/platform/files.node.ts', 'node:fs'],
  ['src/features/hover/hover.ts', 'vscode'],
  ['src/features/hover/hover.ts', './model.ts'],
  ['src/cli/main.ts', '../platform/files.node.ts'],
  ['src/extension.node.ts', './platform/files.node.ts'],
  ['webview/lineage/main.ts', '../ui/toolkit.ts'],
  ['webview/ui/toolkit.ts', '@vscode/webview-ui-toolkit'],
  ['test/unit/core/x.test.ts', '../../../src/platform/files.node.ts'],
];

const forbidden: [file: string, source: string][] = [
  ['src/core/trust/assess.ts', 'node:fs'],
  ['src/core/trust/assess.ts', 'fs'],
  ['src/core/trust/assess.ts', 'vscode'],
  ['src/core/trust/assess.ts', '../../platform/clock.ts'],
  ['src/protocol/rpc.ts', 'jsonc-parser'],
  ['src/core/trust/assess.ts', '../../language/words.ts'],
  ['src/protocol/rpc.ts', '../language/words.ts'],
  ['src/platform/files.node.ts', '../language/words.ts'],
  ['src/language/explain.ts', '../host/messages.ts'],
  ['src/language/explain.ts', '../platform/keyFiles.node.ts'],
  ['src/language/explain.ts', 'vscode'],
  ['src/language/explain.ts', 'node:path'],
  ['src/platform/files.node.ts', 'vscode'],
  ['src/platform/files.ts', './files.node.ts'],
  ['src/host/log.ts', '../features/hover/model.ts'],
  ['src/features/hover/hover.ts', '../signers/model.ts'],
  ['src/features/hover/hover.ts', '../../platform/files.node.ts'],
  ['src/cli/main.ts', 'vscode'],
  ['webview/lineage/main.ts', '@vscode/webview-ui-toolkit'],
  ['webview/lineage/main.ts', 'node:path'],
  ['webview/lineage/main.ts', '../../src/host/log.ts'],
];

describe('the boundaries between the parts', () => {
  for (const [file, source] of allowed) {
    it(`${file} may import ${source}`, () => {
      assert.equal(objection(file, source), undefined);
    });
  }
  for (const [file, source] of forbidden) {
    it(`${file} may not import ${source}`, () => {
      assert.match(objection(file, source) ?? 'nothing', /may not|Only|Features/);
    });
  }
});
