import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';

describe('VS Code', () => {
  it('opens the workspace folder that the runner made', () => {
    assert.match(vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? 'none', /vscode-workspace$/);
    assert.equal(vscode.workspace.isTrusted, true);
  });

  it('knows the extension under test', () => {
    assert.ok(vscode.extensions.getExtension('dataset-provenance.dataset-provenance'));
  });
});
