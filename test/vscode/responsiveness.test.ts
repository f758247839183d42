import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { sha256 } from '../../src/core/bytes/sha256.ts';
import { ed25519Signer } from '../../src/core/evidence/signer.ts';
import { OwnStretches } from './ownStretches.ts';
import { api, closeAll, judged, sample, testFolder, until, userTrust } from './support.ts';

const SAMPLES = 70_000;
const ann = ed25519Signer(sha256(new TextEncoder().encode('ann')), 'ann');

/** Some 40 MB: the largest kind of file that a text editor still shows well. */
function largeText(): string {
  const filler = 'The quick brown fox jumps over the lazy dog. '.repeat(11);
  return Array.from({ length: SAMPLES }, (_, i) => `${sample(`${String(i)} ${filler}`)}\n`).join('');
}

/** The longest stretches for which this thread, the extension host's, did not come round, in milliseconds. */
class StallMeter {
  private last = performance.now();
  private longest = 0;
  private readonly timer = setInterval(() => {
    this.tick();
  }, 2);

  /** The longest stall since the last call. */
  take(): number {
    this.tick();
    const longest = this.longest;
    this.longest = 0;
    return longest;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const now = performance.now();
    this.longest = Math.max(this.longest, now - this.last);
    this.last = now;
  }
}

/**
 * What happens with a 40 MB file. The figures are printed, and kept for `npm run bench`, beside those of the same file
 * opened as plain text, which the product leaves alone: what VS Code itself does to its extension host. They are not
 * asserted: a test that depends on the machine's speed fails for no reason.
 */
describe('a dataset of 40 MB', function () {
  this.timeout(240_000);
  const rows: string[] = [];
  const report = (what: string, milliseconds: number) => {
    rows.push(`${what.padEnd(58)} ${milliseconds.toFixed(0).padStart(7)} ms`);
  };

  after(() => {
    const text = `${rows.join('\n')}\n`;
    console.log(text);
    const file = process.env['PROVENANCE_BENCH'];
    if (file === undefined || file === '') return;
    mkdirSync(dirname(file), { recursive: true });
    appendFileSync(file, text);
  });
  afterEach(closeAll);

  it('stays fluent while it is verified, typed into and scrolled', async () => {
    const trust = await userTrust();
    await trust(ann, 'ann@example.org');
    const folder = testFolder();
    const text = largeText();
    const plain = vscode.Uri.file(join(folder, 'plain.txt'));
    const uri = vscode.Uri.file(join(folder, 'large.jsonl'));
    writeFileSync(plain.fsPath, text);
    writeFileSync(uri.fsPath, text);
    const { services } = await api();
    const { payload } = await services.worker.call('prepareDataset', {
      path: uri.fsPath,
      mediaType: 'application/jsonl',
      timeCreated: '2026-02-01T10:00:00Z',
    });
    await services.store.appendPayload(uri.fsPath, payload, ann);

    const meter = new StallMeter();
    let own = await OwnStretches.start();
    const reportOwn = async (what: string) => {
      const { milliseconds, where } = await own.stop('dist/extension.node.cjs');
      report(`${what}, longest stretch of the product’s own code`, milliseconds);
      console.log(`  (${where})`);
      own = await OwnStretches.start();
    };
    const type = async (name: string) => {
      const durations: number[] = [];
      meter.take();
      for (let i = 0; i < 40; i++) {
        const started = performance.now();
        await vscode.commands.executeCommand('type', { text: 'x' });
        durations.push(performance.now() - started);
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      report(`${name}: typing, longest stall of the extension host`, meter.take());
      report(`${name}: typing, median keystroke`, durations.sort((a, b) => a - b)[20]!);
    };
    const visit = async (target: vscode.Uri, name: string) => {
      meter.take();
      const started = performance.now();
      const editor = await vscode.window.showTextDocument(target);
      report(`${name}: opened`, performance.now() - started);
      editor.selection = new vscode.Selection(2, 12, 2, 12);
      if (target === uri) {
        await until(
          () => services.datasets.get(uri)?.status(1) !== undefined,
          'the first line has a status',
          120_000,
        );
        report(`${name}: first statuses`, performance.now() - started);
        await judged(uri);
      }
      report(`${name}: opening, longest stall of the extension host`, meter.take());
      return editor;
    };

    await visit(plain, 'plain text');
    await type('plain text');
    await reportOwn('plain text: all of it');
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');

    const editor = await visit(uri, 'dataset');
    assert.equal(services.datasets.get(uri)?.assessment?.verdict, 'intact');
    await reportOwn('dataset: opening');
    await type('dataset');
    let started = performance.now();
    const dataset = await judged(uri);
    report('dataset: statuses after the last keystroke', performance.now() - started);
    await reportOwn('dataset: typing');
    assert.equal(dataset.status(3), 'modified');
    assert.equal(dataset.assessment?.counts.verified, SAMPLES - 1);

    meter.take();
    started = performance.now();
    await editor.edit((edit) => {
      edit.insert(new vscode.Position(0, 0), `${sample('new at the top')}\n`);
    });
    assert.equal(dataset.status(2), 'verified', 'statuses move with their lines at once');
    await judged(uri);
    report('dataset: statuses after a line at the top', performance.now() - started);
    report('dataset: line at the top, longest stall of the extension host', meter.take());
    assert.equal(services.datasets.get(uri)?.status(1), 'added');
    editor.revealRange(new vscode.Range(SAMPLES - 1, 0, SAMPLES - 1, 0));
    await new Promise((resolve) => setTimeout(resolve, 500));
    report('dataset: jump to the end, longest stall of the extension host', meter.take());
    await reportOwn('dataset: line at the top, jump to the end');
    await own.stop('');
    meter.stop();
  });
});
