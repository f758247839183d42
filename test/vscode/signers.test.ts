import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/commands.ts';
import { sha256 } from '../../src/core/bytes/sha256.ts';
import { EvidenceStore } from '../../src/core/evidence/evidenceStore.ts';
import { ed25519Signer, type Signer } from '../../src/core/evidence/signer.ts';
import { formatSshPublicKey } from '../../src/core/evidence/sshKey.ts';
import type { SignerSummary } from '../../src/core/trust/signers.ts';
import { signerChildren, signerRoots, type SignerNode } from '../../src/features/signers/model.ts';
import { signerTreeItem } from '../../src/features/signers/signers.ts';
import { shownPath, signersHere } from '../../src/host/trustScope.ts';
import { explainLine, signerReasons } from '../../src/language/signers.ts';
import { prepareDatasetStatement } from '../../src/platform/datasetService.node.ts';
import { digestFile } from '../../src/platform/digestFile.node.ts';
import { nodeFileStore } from '../../src/platform/fileStore.node.ts';
import {
  answering,
  api,
  closeAll,
  hoverText,
  opened,
  shows,
  testFolder,
  until,
  userTrust,
  writeDataset,
} from './support.ts';

const run = (command: keyof typeof COMMANDS, ...args: unknown[]) =>
  vscode.commands.executeCommand(COMMANDS[command], ...args);

/** A key of its own for each test: all tests share one workspace. */
function someone(name: string): Signer {
  return ed25519Signer(sha256(new TextEncoder().encode(`signers test: ${name}`)), name);
}

async function sign(uri: vscode.Uri, signer: Signer): Promise<string> {
  const files = nodeFileStore();
  const { samples } = await digestFile(uri.fsPath);
  const { payload } = await prepareDatasetStatement(files, uri.fsPath, samples, {
    mediaType: 'application/jsonl',
    timeCreated: '2026-02-01T10:00:00Z',
  });
  const { envelopeDigest } = await new EvidenceStore(files).appendPayload(uri.fsPath, payload, signer);
  (await api()).services.evidence.refresh();
  return envelopeDigest;
}

async function summaryOf({ keyId }: Signer): Promise<SignerSummary> {
  const found = (await signersHere((await api()).services)).find((one) => one.keyId === keyId);
  assert.ok(found, 'the signer is known');
  return found;
}

/** What the tree shows of a signer, one line a node: its label, description and what its menu goes by. */
async function tree(signer: Signer): Promise<string[]> {
  const summary = await summaryOf(signer);
  const nodes = signerRoots([summary]);
  const node = nodes[0]?.kind === 'idle' ? signerRoots(nodes[0].signers)[0]! : nodes[0]!;
  const line = (one: SignerNode) => {
    const { label, description, contextValue } = signerTreeItem(one);
    return [label, description, contextValue].filter((part) => typeof part === 'string').join(' | ');
  };
  const words = {
    reasons: signerReasons,
    line: (of: SignerSummary['lines'][number]) => explainLine(of, shownPath),
  };
  return [node, ...signerChildren(node, words)].map(line);
}

describe('signers', () => {
  let trust: Awaited<ReturnType<typeof userTrust>>;
  let signersFile: string;
  let folder: string;

  beforeEach(async () => {
    trust = await userTrust();
    signersFile = (await api()).services.evidence.userAllowedSigners();
    folder = testFolder();
  });
  afterEach(closeAll);

  it('are listed in a view of their own, with why they are trusted and what they signed', async () => {
    await run('showLog');
    await vscode.commands.executeCommand('provenance.signers.focus');
    const bert = someone('bert');
    const uri = writeDataset(folder, ['a', 'b']);
    await sign(uri, bert);
    const dataset = `${shownPath(uri.fsPath)} | one statement`;
    assert.deepEqual(await tree(bert), [
      `${bert.keyId.slice(0, 17)}… | not trusted · datasets: 1 | signer untrusted hasKey signed`,
      'No allowed_signers file names this key.',
      dataset,
    ]);
    await trust(bert, 'bert@example.org', 'valid-before="20991231Z"');
    assert.deepEqual(await tree(bert), [
      'bert@example.org | trusted · datasets: 1 | signer trusted listed hasLine hasKey signed',
      `Trusted by ${shownPath(signersFile)}, line 1 until 2099-12-31 00:00 UTC.`,
      dataset,
    ]);
  });

  it('are trusted and distrusted; the file keeps all its other bytes', async () => {
    const carl = someone('carl');
    const uri = writeDataset(folder, ['a', 'b']);
    await sign(uri, carl);
    await opened(uri);
    writeFileSync(signersFile, '# whom I trust\r\n\r\n');
    await answering(['carl@example.org', 'For me'], () => run('trustSigner', { keyId: carl.keyId }));
    await shows(uri, 'intact: verified verified');
    const line = `carl@example.org namespaces="dataset-provenance" ${formatSshPublicKey(carl.publicKey)}`;
    assert.equal(readFileSync(signersFile, 'utf8'), `# whom I trust\r\n\r\n${line}\n`);

    await run('showSignerLine', { keyId: carl.keyId });
    assert.equal(vscode.window.activeTextEditor?.document.uri.fsPath, signersFile);
    assert.equal(vscode.window.activeTextEditor.selection.active.line, 2);

    const { messages, details } = await asking(() => run('distrustSigner', { keyId: carl.keyId }));
    assert.match(messages.join(), /Trust carl@example\.org no more\?/);
    assert.match(
      details,
      new RegExp(`${basename(folder)}/data\\.jsonl: one statement on up to 2 samples, trusted → not trusted`),
    );
    assert.match(details, /Nobody you trust vouches for it as a whole then/);
    assert.equal(readFileSync(signersFile, 'utf8'), `# whom I trust\r\n\r\n# ${line}\n`);
    await shows(uri, 'intact: untrusted untrusted');
  });

  it('are left alone when the user does not confirm', async () => {
    const dora = someone('dora');
    await trust(dora, 'dora@example.org');
    const before = readFileSync(signersFile, 'utf8');
    await asking(() => run('distrustSigner', { keyId: dora.keyId }), false);
    assert.equal(readFileSync(signersFile, 'utf8'), before);
  });

  it('get a new key: what the old one signed stays verified, what it signs later does not count', async () => {
    const emil = someone('emil');
    const next = someone('emil, new');
    await trust(emil, 'emil@example.org');
    const uri = writeDataset(folder, ['a', 'b']);
    await sign(uri, emil);
    await opened(uri);
    await shows(uri, 'intact: verified verified');
    const { details } = await asking(() => run('replaceSignerKey', { keyId: emil.keyId }), true, [
      'Paste',
      formatSshPublicKey(next.publicKey),
    ]);
    assert.match(details, /Nothing that is signed here changes/);
    assert.match(
      readFileSync(signersFile, 'utf8'),
      /^emil@example\.org valid-before="\d{14}Z" ssh-ed25519 \S+\nemil@example\.org ssh-ed25519 \S+\n$/,
    );
    await shows(uri, 'intact: verified verified');
    assert.equal((await summaryOf(next)).state, 'trusted');
    await until(async () => (await summaryOf(emil)).state === 'ended', 'the old key has ended');
  });

  it('are revoked: the effect is shown before, who, when and why after', async () => {
    const { services } = await api();
    const fred = someone('fred');
    await trust(fred, 'fred@example.org');
    const { result } = await answering([], () => run('createKey', 'keeper@example.org'));
    assert.ok(result);
    const keeper = services.keys.chosen();
    assert.ok(keeper);
    await answering(['keeper@example.org', 'For me'], () => run('trustSigner', { keyId: keeper.keyId }));
    const uri = writeDataset(folder, ['a', 'b']);
    await sign(uri, fred);
    await opened(uri);
    await shows(uri, 'intact: verified verified');

    const { details } = await asking(() => run('revokeKey', { keyId: fred.keyId }), true, [
      'All that it signed',
      'his laptop was stolen',
    ]);
    assert.match(details, /one statement on up to 2 samples, trusted → revoked/);
    await shows(uri, 'unsigned: revoked revoked');
    assert.match(
      (await hoverText(uri, 1)).replaceAll('\\', ''),
      /fred@example\.org.*revoked by keeper@example\.org.*his laptop was stolen/,
    );
    const [first, reason] = await tree(fred);
    assert.match(first!, /^fred@example\.org \| revoked · datasets: 1 \| signer revoked /);
    assert.match(reason!, /revoked by keeper@example\.org on \d{4}-\d\d-\d\d: his laptop was stolen/);
  });

  it('a single statement is taken back', async () => {
    const { services } = await api();
    const { result } = await answering([], () => run('createKey', 'gina@example.org'));
    assert.ok(result);
    const gina = await services.keys.signer(services.keys.chosen()!);
    await trust(gina, 'gina@example.org');
    const uri = writeDataset(folder, ['a', 'b']);
    const statement = await sign(uri, gina);
    await opened(uri);
    await shows(uri, 'intact: verified verified');
    const { details } = await asking(() => run('revokeStatement', { statement }), true, ['signed too early']);
    assert.match(details, /trusted → revoked/);
    await shows(uri, 'unsigned: revoked revoked');
    assert.match(
      (await hoverText(uri, 1)).replaceAll('\\', ''),
      /gina@example\.org took this back on .*signed too early/,
    );
  });
});

/** As `answering`, and the details of the dialog that asks whether to go on. */
async function asking(
  command: () => Thenable<unknown>,
  goOn = true,
  answers: string[] = [],
): Promise<{ messages: string[]; details: string }> {
  let details = '';
  const { messages } = await answering(answers, async () => {
    const window = vscode.window as unknown as Record<string, (...args: unknown[]) => unknown>;
    const recording = window['showWarningMessage']!;
    window['showWarningMessage'] = async (...args) => {
      const [, options] = args as [string, vscode.MessageOptions | undefined];
      details += options?.detail ?? '';
      const answer = await recording(...args);
      return goOn ? answer : undefined;
    };
    await command();
  });
  return { messages, details };
}
