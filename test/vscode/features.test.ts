import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/commands.ts';
import {
  answering,
  api,
  closeAll,
  hoverText,
  judged,
  opened,
  sample,
  shows,
  testFolder,
  until,
  userTrust,
  workspaceFolder,
  writeDataset,
} from './support.ts';

const run = (command: keyof typeof COMMANDS, ...args: unknown[]) =>
  vscode.commands.executeCommand(COMMANDS[command], ...args);

/** The lines of a bundle, as objects. */
function bundle(folder: string, name = 'data.jsonl'): { payload: string; signatures: unknown[] }[] {
  return readFileSync(join(folder, '.provenance', `${name}.intoto.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { payload: string; signatures: unknown[] });
}

function select(editor: vscode.TextEditor, first: number, last = first): void {
  editor.selection = new vscode.Selection(first - 1, 0, last - 1, 5);
}

/** Whether the text has one of the characters that the hostile sample hides things with. */
function hidden(text: string): boolean {
  return ['\u202E', '\u2066', '\u0007'].some((character) => text.includes(character));
}

describe('signing, flagging and what is shown', () => {
  let folder: string;

  before(async () => {
    await userTrust();
    const { result } = await answering([], () => run('createKey', 'curator@example.org'));
    assert.ok(result);
  });
  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(closeAll);

  it('signs a dataset with a key from secret storage; its samples are verified once the key is trusted', async () => {
    const uri = writeDataset(folder, ['a', 'b']);
    await opened(uri);
    const signed = await answering(['Sign all samples of data.jsonl as curator@example.org'], () =>
      run('signDataset'),
    );
    assert.match(signed.messages.join(), /Signed 2 samples of data\.jsonl.*until you trust this key/);
    await shows(uri, 'intact: untrusted untrusted');
    const { keyId } = (await api()).services.keys.list()[0]!;
    await answering(['curator', 'For me'], () => run('trustSigner', { keyId }));
    await shows(uri, 'intact: verified verified');
    const again = await answering([], () => run('verifyDataset'));
    assert.match(
      again.messages.join(),
      /data\.jsonl — intact\. Every byte is as curator signed it\. 2 verified\./,
    );
    assert.equal(bundle(folder).length, 1);
  });

  it('signs with a note and an origin, and the hover tells them', async () => {
    const uri = writeDataset(folder, ['a']);
    await opened(uri);
    await answering(
      [
        'Note',
        'checked by hand',
        'Source',
        'https://example.org/crawl',
        'Licence',
        'CC-BY-4.0',
        'Made by',
        'web-crawl',
        'Sign all',
      ],
      () => run('signDataset'),
    );
    await shows(uri, 'intact: verified');
    const hover = await hoverText(uri, 1);
    for (const text of [
      '**verified**',
      'curator',
      'checked by hand',
      'https://example.org/crawl',
      'CC-BY-4.0',
      'web-crawl',
    ]) {
      assert.ok(hover.includes(text), `the hover says ${text}: ${hover}`);
    }
    const { digest } = await (await judged(uri)).sample(1);
    assert.ok(hover.includes(digest!.slice(0, 12)));
  });

  it('signs selected samples', async () => {
    const uri = writeDataset(folder, ['a', 'b', 'c']);
    const { editor } = await opened(uri);
    select(editor, 2, 3);
    await answering(['Sign 2 samples of data.jsonl'], () => run('signSamples'));
    await shows(uri, 'unsigned: unsigned verified verified');
  });

  it('saves before it signs, having asked', async () => {
    const uri = writeDataset(folder, ['a']);
    const { editor } = await opened(uri);
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(1, 0), sample(`typed ${folder}`));
    });
    const { messages } = await answering(['Sign all'], () => run('signDataset'));
    assert.match(messages[0]!, /unsaved changes/);
    await shows(uri, 'intact: verified verified');
  });

  it('says that malformed lines are not covered', async () => {
    const uri = writeDataset(folder, ['a', '{"x":']);
    await opened(uri);
    await answering(['Sign all'], () => run('signDataset'));
    await shows(uri, 'intact: verified malformed');
    const { messages } = await answering([], () => run('verifySample', { uri: uri.toString(), lines: [2] }));
    assert.match(messages.join(), /malformed/);
  });

  it('flags, replies to a flag and clears it', async () => {
    const uri = writeDataset(folder, ['a', 'b']);
    const { editor } = await opened(uri);
    select(editor, 2);
    await answering(['Backdoor trigger', 'high', 'praises a product'], () => run('flagSamples'));
    await shows(uri, 'unsigned: unsigned unsigned(flagged)');
    assert.match(await hoverText(uri, 2), /\*\*flagged\*\*.*Backdoor trigger.*high.*praises a product/s);
    const problems = vscode.languages.getDiagnostics(uri).map(({ message }) => message);
    assert.deepEqual(problems, ['flagged: Backdoor trigger, high: praises a product']);

    const thread = {
      uri,
      range: new vscode.Range(1, 0, 1, 0),
      dispose: () => undefined,
    } as unknown as vscode.CommentThread;
    await run('replyToFlag', { thread, text: 'I saw it too' });
    await until(
      async () => (await judged(uri)).review(2)?.threads[0]?.reviews.length === 2,
      'the reply is there',
    );
    await shows(uri, 'unsigned: unsigned unsigned(flagged)');

    await answering(['it was a test'], () => run('clearFlag', { uri: uri.toString(), lines: [2] }));
    await shows(uri, 'unsigned: unsigned unsigned(cleared)');
    await until(() => vscode.languages.getDiagnostics(uri).length === 0, 'the problem is gone');
    assert.equal(bundle(folder).length, 3, 'nothing was rewritten: flag, reply, clearing');
  });

  it('raises a flag from the box in the editor’s margin', async () => {
    const uri = writeDataset(folder, ['a', 'b']);
    await opened(uri);
    let disposed = false;
    const thread = {
      uri,
      range: new vscode.Range(0, 0, 1, 0),
      dispose: () => (disposed = true),
    } as unknown as vscode.CommentThread;
    await answering(['Label error', 'low'], () => run('submitFlag', { thread, text: 'both are wrong' }));
    await shows(uri, 'unsigned: unsigned(flagged) unsigned(flagged)');
    assert.ok(disposed, 'the box gives way to the signed thread');
  });

  it('a flag reaches the copy of the sample in another file', async () => {
    const uri = writeDataset(folder, ['a', 'b']);
    const copy = writeDataset(folder, ['c', 'b'], 'copy.jsonl');
    const { editor } = await opened(uri);
    select(editor, 2);
    await answering(['Poisoning', 'critical', 'known poison'], () => run('flagSamples'));
    await opened(copy);
    await shows(copy, 'unsigned: unsigned unsigned(flagged)');
  });

  it('sums up above the first line, and has a lens on each flagged and modified sample', async () => {
    const uri = writeDataset(folder, ['a', 'b', 'c']);
    const { editor } = await opened(uri);
    await answering(['Sign all'], () => run('signDataset'));
    select(editor, 3);
    await answering(
      ['PII', 'low', 'a name'].map((answer) => (answer === 'PII' ? 'Personal data' : answer)),
      () => run('flagSamples'),
    );
    await shows(uri, 'intact: verified verified verified(flagged)');
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(0, 10), 'X');
    });
    await shows(uri, 'changed: modified verified verified(flagged)');
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      'vscode.executeCodeLensProvider',
      uri,
    );
    assert.deepEqual(
      lenses
        .filter(({ command }) => command?.command.startsWith('provenance.'))
        .map(({ range, command }) => `${String(range.start.line + 1)}: ${command?.title ?? ''}`),
      [
        '1: Provenance: changed — 2 verified, 1 modified, 1 flagged',
        '1: modified since curator signed — check it, then sign…',
        '3: flagged: Personal data, low',
      ],
    );
  });

  it('goes to the next and the previous sample that needs attention', async () => {
    const uri = writeDataset(folder, ['a', '{', 'c', '{"a":', 'e']);
    const { editor } = await opened(uri);
    await shows(uri, 'unsigned: unsigned malformed unsigned malformed unsigned');
    const visited: number[] = [];
    for (const command of ['nextAttention', 'nextAttention', 'nextAttention', 'previousAttention'] as const) {
      await run(command);
      visited.push(editor.selection.active.line + 1);
    }
    assert.deepEqual(visited, [2, 4, 2, 4]);
  });

  it('copies digests, of one sample and of several', async () => {
    const uri = writeDataset(folder, ['a', 'b']);
    const { editor } = await opened(uri);
    select(editor, 1, 2);
    await run('copyDigest');
    assert.match(await vscode.env.clipboard.readText(), /^[0-9a-f]{64}\n[0-9a-f]{64}$/);
  });

  it('caps Problems, and says how many more there are', async () => {
    await vscode.workspace
      .getConfiguration('provenance')
      .update('maxProblems', 3, vscode.ConfigurationTarget.Global);
    const uri = writeDataset(
      folder,
      Array.from({ length: 10 }, () => '{'),
    );
    await opened(uri);
    await until(() => vscode.languages.getDiagnostics(uri).length === 4, 'three and one more');
    assert.ok(
      vscode.languages
        .getDiagnostics(uri)
        .some(({ message }) => message === '7 more samples of this dataset need attention.'),
    );
    await vscode.workspace
      .getConfiguration('provenance')
      .update('maxProblems', undefined, vscode.ConfigurationTarget.Global);
  });

  it('says in one sentence what is wrong and what to do', async () => {
    const uri = writeDataset(folder, ['{']);
    await opened(uri);
    const wrong = async (command: keyof typeof COMMANDS, argument?: unknown) =>
      (await answering([], () => run(command, argument))).messages.join('|');
    assert.match(
      await wrong('flagSamples', { uri: uri.toString(), lines: [1] }),
      /data\.jsonl:1 is malformed.*correct it first/,
    );
    assert.match(await wrong('signSamples', { uri: uri.toString(), lines: [2] }), /no sample on these lines/);
    assert.match(await wrong('clearFlag', { uri: uri.toString(), lines: [1] }), /no open flag on line 1/);
    assert.match(await wrong('openEvidence'), /does not exist: nobody has signed/);
    assert.match(
      await wrong('trustSigner', { keyId: 'SHA256:nobody' }),
      /public key of SHA256:nobody is not known/,
    );
    const gone = vscode.Uri.file(join(folder, 'gone.jsonl'));
    assert.match(await wrong('verifyDataset', gone), /gone\.jsonl/);
  });

  it('loses nothing when the evidence folder cannot be written', async function () {
    const uri = writeDataset(folder, ['a']);
    await opened(uri);
    // A file where the folder should be: nobody can write there, root neither.
    writeFileSync(join(folder, '.provenance'), 'in the way');
    const { messages } = await answering(['Poisoning', 'low', 'x'], () =>
      run('flagSamples', { uri: uri.toString(), lines: [1] }),
    );
    assert.equal(messages.length, 1);
    assert.match(messages[0]!, /\.provenance/);
    assert.equal(readFileSync(join(folder, '.provenance'), 'utf8'), 'in the way');
    rmSync(join(folder, '.provenance'));
    chmodSync(folder, 0o755);
  });

  it('says so when the private half of the key is gone, and drops the key', async () => {
    const { services } = await api();
    const { result: key } = await answering([], () => services.keys.create('lost@example.org'));
    const secrets = services.keys as unknown as { secrets: vscode.SecretStorage };
    await secrets.secrets.delete(`provenance.signingKey.${key.keyId}`);
    const uri = writeDataset(folder, ['a']);
    await opened(uri);
    const { messages } = await answering(['Sign all'], () => run('signDataset'));
    assert.match(
      messages.join(),
      /private half of the key “lost@example\.org”.*no longer in secret storage.*Create Signing Key/,
    );
    assert.ok(!services.keys.list().some(({ keyId }) => keyId === key.keyId));
    assert.ok(!existsSync(join(folder, '.provenance', 'data.jsonl.intoto.jsonl')));
  });

  it('lets dataset text and reasons neither run commands nor forge a status', async () => {
    const hostile =
      '**verified** $(pass) [x](command:workbench.action.quit) <img src=x onerror=alert(1)> ` `` \u202Eevil\u2066 \u0007';
    const uri = writeDataset(folder, [
      JSON.stringify({ text: hostile, source: hostile, url: `https://x.example/${hostile}` }),
    ]);
    const { editor } = await opened(uri);
    select(editor, 1);
    await answering(['Other', 'low', hostile], () => run('flagSamples'));
    await shows(uri, 'unsigned: unsigned(flagged)');
    const hover = await hoverText(uri, 1);
    assert.ok(!hidden(hover), 'hidden characters are shown as escapes');
    // Everything that came from the data stands inside code spans; what is left is the product's own.
    const outside = hover.replace(/(`+) .*? \1(?!`)/gs, '');
    assert.ok(!outside.includes('workbench.action'), outside);
    assert.ok(!outside.includes('<img'), outside);
    assert.ok(!outside.includes('**verified**'), outside);
    assert.ok(!/(?<!\\)\$\(pass\)/.test(hover), 'no icon is forged, in code either');
    const [problem] = vscode.languages.getDiagnostics(uri);
    assert.ok(problem && !hidden(problem.message));
  });

  it('puts no private key into the workspace, the log or the settings', async () => {
    const { services } = await api();
    const secrets = services.keys as unknown as { secrets: vscode.SecretStorage };
    const key = services.keys.list()[0]!;
    const pem = await secrets.secrets.get(`provenance.signingKey.${key.keyId}`);
    assert.ok(pem);
    assert.match(pem, /PRIVATE KEY/);
    const body = pem.split('\n')[1]!;
    const files = await vscode.workspace.fs.readDirectory(vscode.Uri.file(workspaceFolder()));
    assert.ok(files.length > 0);
    const { execFileSync } = await import('node:child_process');
    const found = (() => {
      try {
        return execFileSync('grep', ['-rlF', body, workspaceFolder()], { encoding: 'utf8' });
      } catch {
        return '';
      }
    })();
    assert.equal(found, '');
    assert.ok(!JSON.stringify(services.keys.list()).includes(body));
  });
});
