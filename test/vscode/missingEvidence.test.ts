import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/commands.ts';
import { sha256 } from '../../src/core/bytes/sha256.ts';
import { evidencePaths } from '../../src/core/evidence/layout.ts';
import { ed25519Signer } from '../../src/core/evidence/signer.ts';
import { reviewStatement } from '../../src/core/evidence/statement.ts';
import type { LogStanding } from '../../src/core/log/logState.ts';
import {
  answering,
  api,
  closeAll,
  hoverText,
  judged,
  opened,
  testFolder,
  until,
  userTrust,
  writeDataset,
} from './support.ts';

const signer = ed25519Signer(sha256(new TextEncoder().encode('missing evidence test')), 'mia');
const run = (command: keyof typeof COMMANDS, uri: vscode.Uri) =>
  vscode.commands.executeCommand(COMMANDS[command], { uri: uri.toString() });

/** Datasets of which evidence is missing: while one is there, nothing good is said of flags on others. */
let made: vscode.Uri[] = [];

/** A dataset with two flags on another one's samples, looked at with the editor, of which the last flag is then gone. */
async function tampered(checkpoint: 'older' | 'left'): Promise<vscode.Uri> {
  const { services } = await api();
  const uri = writeDataset(testFolder(), ['a', 'b']);
  made.push(uri);
  const paths = evidencePaths(uri.fsPath);
  const flag = async (reason: string) => {
    const predicate = {
      verdict: 'flagged',
      category: 'other',
      severity: 'low',
      reason,
      timeCreated: '2026-02-01T10:00:00Z',
    } as const;
    const subject = { name: 'x#1', sha256: 'ab'.repeat(32) };
    await services.store.append(uri.fsPath, reviewStatement([subject], predicate), signer);
  };
  await flag('first');
  const older = [paths.bundle, paths.checkpoint].map((path) => readFileSync(path));
  await flag('second');
  services.evidence.refresh();
  await opened(uri);
  await standing(uri, 'complete');
  const problems = await answering([], async () => {
    writeFileSync(paths.bundle, older[0]!);
    if (checkpoint === 'older') writeFileSync(paths.checkpoint, older[1]!);
    services.evidence.refresh();
    await standing(uri, 'removed');
    // Told once, a moment later.
    await new Promise((resolve) => setTimeout(resolve, 2000));
  });
  assert.equal(problems.messages.length, 1);
  assert.match(problems.messages[0]!, /^Evidence of data\.jsonl was removed or changed\. On .* line 2/);
  return uri;
}

async function standing(uri: vscode.Uri, expected: LogStanding): Promise<void> {
  let last = '';
  await until(
    async () => {
      last = (await judged(uri)).assessment?.log?.standing ?? 'none';
      return last === expected;
    },
    () => `the log is "${expected}", not "${last}"`,
  );
}

function problemsOf(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ code }) => code === 'evidence-removed');
}

describe('evidence that is missing', () => {
  before(async () => {
    await (
      await userTrust()
    )(signer, 'mia');
  });
  afterEach(async () => {
    await closeAll();
    const { services } = await api();
    for (const { fsPath } of made) {
      const { bundle, checkpoint } = evidencePaths(fsPath);
      for (const path of [bundle, checkpoint]) rmSync(path, { force: true });
      await services.platform.logMemory.replace(fsPath, undefined);
    }
    made = [];
    services.evidence.refresh();
  });

  it('is a problem of the dataset, with what can be done about it, and every surface says so', async () => {
    const uri = await tampered('left');
    const [problem, ...others] = problemsOf(uri);
    assert.ok(problem);
    assert.deepEqual(others, []);
    assert.match(problem.message, /flags may be gone\. .*up to line 2/);
    assert.match(await hoverText(uri, 1), /Flags may be gone/);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      problem.range,
    );
    const offered = actions
      .map(({ command }) => command?.command)
      .filter((command) => command?.startsWith('provenance.'));
    assert.deepEqual(offered, [
      COMMANDS.showMissingEvidence,
      COMMANDS.acceptMissingEvidence,
      COMMANDS.forgetSeenEvidence,
    ]);
  });

  it('is forgotten where an older state came with its checkpoint, as with git', async () => {
    const uri = await tampered('older');
    await answering([], () => run('forgetSeenEvidence', uri));
    await standing(uri, 'complete');
    assert.deepEqual(problemsOf(uri), []);
    assert.match(await hoverText(uri, 1), /No flag.*log complete to 1/);
  });

  it('stays missing where the checkpoint knows more, until it is accepted for everyone', async () => {
    const uri = await tampered('left');
    const { messages } = await answering([], () => run('forgetSeenEvidence', uri));
    assert.match(messages.at(-1)!, /still missing: the checkpoint/);
    await standing(uri, 'removed');
    const { services } = await api();
    await answering([], () => vscode.commands.executeCommand(COMMANDS.createKey, 'stranger@example.org'));
    const asked = await answering(['lost in a crash'], () => run('acceptMissingEvidence', uri));
    assert.match(asked.messages[0]!, /^Accept that evidence of data\.jsonl is missing\?/);
    // The key that signs is not trusted here.
    await standing(uri, 'unsigned');
    assert.deepEqual(problemsOf(uri), []);
    const accepted = (await judged(uri)).assessment?.statements.find(({ kind }) => kind === 'acceptance');
    assert.equal(accepted?.reason, 'lost in a crash');
    const chosen = services.keys.chosen();
    if (chosen) await services.keys.forget(chosen);
  });

  it('says so where there is nothing to accept', async () => {
    const uri = writeDataset(testFolder(), ['a']);
    await opened(uri);
    const { messages } = await answering([], () => run('acceptMissingEvidence', uri));
    assert.match(messages.join(), /nothing to accept/);
    const shown = await answering([], () => run('showMissingEvidence', uri));
    assert.match(shown.messages.join(), /Nothing is known to be missing/);
  });
});
