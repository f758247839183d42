import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { COMMANDS, type CommandName, type SampleTarget } from '../../commands.ts';
import { inputTree } from '../../core/lineage/inputs.ts';
import type { RecordOrigin } from '../../core/sample/origin.ts';
import { originOf } from '../../core/trust/origin.ts';
import type { Dataset } from '../../host/datasets.ts';
import {
  day,
  explainRevocation,
  explainStatus,
  fileName,
  shortDigest,
  signerName,
} from '../../language/explain.ts';
import { inlineCode, plainText, webLink } from '../../host/markdown.ts';
import { originRows } from '../../language/originRows.ts';
import type { Services } from '../../host/services.ts';
import { statusCodicon, UPSTREAM_CODICON } from '../../host/statusIcons.ts';
import { stepRows } from '../../language/history.ts';
import { explainNoFlagOn } from '../../language/log.ts';
import { explainUpstream, upstreamDoubts, upstreamReason, upstreamWord } from '../../language/upstream.ts';
import { categoryWord, severityWord, standingWord, statusWord } from '../../language/words.ts';
import { describeMalformed } from '../../core/sample/canonicalJson.ts';
import { errorText } from '../../host/messages.ts';
import type { AdvisoryData, SampleData } from '../../protocol/datasetWorker.ts';

const MAX_STATEMENTS = 5;
const MAX_STEPS = 2;
const MAX_REFERENCES = 3;

/** Commands that a hover may run: nothing else is enabled in its Markdown. */
const ENABLED: readonly CommandName[] = [
  'signSamples',
  'flagSamples',
  'clearFlag',
  'copyDigest',
  'verifySample',
  'trustSigner',
  'showLineage',
  'goToUpstream',
  'traceImpact',
  'flagStep',
];

/** The hover over a sample, anywhere on its line. */
export function registerHover(services: Services): vscode.Disposable {
  return vscode.languages.registerHoverProvider([{ scheme: 'file' }, { scheme: 'untitled' }], {
    async provideHover(document, position, token) {
      const dataset = services.datasets.get(document.uri);
      const line = position.line + 1;
      if (!dataset?.assessment || dataset.status(line) === undefined) return undefined;
      const text = document.lineAt(position.line).text;
      const [record, sample] = await Promise.all([
        services.originMapping.originOf(document.uri, text),
        dataset.sample(line).catch((): SampleData => ({ statements: [] })),
      ]);
      if (token.isCancellationRequested) return undefined;
      const range = new vscode.Range(position.line, 0, position.line, text.length);
      return new vscode.Hover(sampleHover(dataset, line, record, sample), range);
    },
  });
}

/** The Markdown of one sample. Dataset text appears in it only as escaped code. */
export function sampleHover(
  dataset: Dataset,
  line: number,
  record: RecordOrigin,
  sample: SampleData,
): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString('', true);
  markdown.isTrusted = { enabledCommands: ENABLED.map((name) => COMMANDS[name]) };
  const status = dataset.status(line) ?? 'unknown';
  const covering = dataset.covering(line);
  const statements = dataset.assessment?.statements ?? [];
  const review = dataset.review(line);
  const upstream = dataset.upstream(line);
  const target: SampleTarget = { uri: dataset.uri.toString(), lines: [line] };

  markdown.appendMarkdown(`$(${statusCodicon(status)}) **${statusWord(status)}** — `);
  const malformed = dataset.malformed(line);
  markdown.appendMarkdown(
    plainText(
      malformed ? errorText(describeMalformed(malformed.malformed)) : explainStatus(status, covering),
    ),
  );

  const actions = [
    sample.digest !== undefined && link(`$(copy) ${shortDigest(sample.digest)}`, 'copyDigest', target),
    status !== 'malformed' && link(l10n.t('Sign…'), 'signSamples', target),
    status !== 'malformed' && link(l10n.t('Flag…'), 'flagSamples', target),
    review?.state === 'flagged' && link(l10n.t('Clear flag…'), 'clearFlag', target),
    upstream && link(l10n.t('Go to what was flagged'), 'goToUpstream', target),
    link(l10n.t('Show lineage'), 'showLineage', target),
    (upstream ?? review?.state === 'flagged') && link(l10n.t('Trace impact…'), 'traceImpact', target),
  ].filter((action) => typeof action === 'string');
  // Before what may be long: the hover's height is small.
  markdown.appendMarkdown('\n\n');
  markdown.appendMarkdown(actions.join(' &nbsp;·&nbsp; '));

  if (review) {
    for (const thread of review.threads) {
      for (const { statement, verdict, category, severity, reason, time } of thread.reviews) {
        const scoped = statements[statement];
        const icon = verdict === 'flagged' ? 'report' : 'check-all';
        markdown.appendMarkdown(
          `\n\n$(${icon}) **${verdict === 'flagged' ? l10n.t('flagged') : l10n.t('cleared')}** `,
        );
        markdown.appendMarkdown(plainText(`${categoryWord(category)}, ${severityWord(severity)}: `));
        if (scoped?.advised) markdown.appendMarkdown(advisoryMarkdown(scoped.advised));
        else markdown.appendMarkdown(inlineCode(reason, 500));
        if (scoped)
          markdown.appendMarkdown(
            plainText(` — ${signerName(scoped)}${untrustedNote(scoped.standing)}, ${day(time)}`),
          );
        if (scoped?.advisory) markdown.appendMarkdown(plainText(` (${l10n.t('advisory')})`));
      }
    }
  }

  if (upstream) {
    markdown.appendMarkdown(`\n\n$(${UPSTREAM_CODICON}) **${upstreamWord()}** — `);
    markdown.appendMarkdown(plainText(explainUpstream(upstream, statements)));
    const advised = statements[upstream.way.review]?.advised;
    const reason = upstreamReason(upstream, statements);
    if (advised) markdown.appendMarkdown(` ${advisoryMarkdown(advised)}`);
    else if (reason !== undefined) markdown.appendMarkdown(` ${inlineCode(reason, 500)}`);
    for (const doubt of upstreamDoubts(upstream)) markdown.appendMarkdown(`  \n$(info) ${plainText(doubt)}`);
  }

  const noFlag = !review && !upstream && dataset.assessment && explainNoFlagOn(dataset.assessment);
  if (noFlag) markdown.appendMarkdown(`\n\n${plainText(noFlag)}`);

  const others = sample.statements.map((index) => statements[index]).filter((scoped) => scoped !== undefined);
  if (others.length > 0) {
    markdown.appendMarkdown('\n\n---\n\n');
    for (const scoped of others.slice(0, MAX_STATEMENTS)) {
      markdown.appendMarkdown(`$(${scoped.standing === 'trusted' ? 'verified' : 'key'}) `);
      markdown.appendMarkdown(plainText(signerName(scoped)));
      markdown.appendMarkdown(plainText(` (${standingWord(scoped.standing)}) · `));
      markdown.appendMarkdown(inlineCode(fileName(scoped.dataset), 80));
      if (scoped.time !== undefined) markdown.appendMarkdown(plainText(` · ${day(scoped.time)}`));
      if (scoped.note !== undefined) markdown.appendMarkdown(` · ${inlineCode(scoped.note, 120)}`);
      if (scoped.revocation && scoped !== covering)
        markdown.appendMarkdown(` · ${plainText(explainRevocation(scoped, scoped.revocation))}`);
      if (scoped.standing === 'untrusted' && scoped.publicKey !== undefined) {
        markdown.appendMarkdown(
          ` · ${link(l10n.t('Trust signer…'), 'trustSigner', { ...target, keyId: scoped.keyId })}`,
        );
      }
      markdown.appendMarkdown('  \n');
    }
    const more = others.length - MAX_STATEMENTS;
    if (more > 0) markdown.appendMarkdown(plainText(l10n.t('and {0} more', more)));
  }

  const rows = originRows(originOf(record, status, covering));
  if (rows.length > 0) {
    markdown.appendMarkdown('\n\n---\n\n');
    rows.forEach(([label, value], i) => {
      // No-break spaces keep a label with its value; the hover's height is small, so rows share lines.
      markdown.appendMarkdown(plainText(`${i > 0 ? ' · ' : ''}${label}:\u00a0`));
      markdown.appendMarkdown(inlineCode(value, 200));
    });
  }

  const steps = dataset.assessment ? stepRows(inputTree(dataset.assessment)).slice(0, MAX_STEPS) : [];
  if (steps.length > 0) {
    markdown.appendMarkdown('\n\n---\n\n');
    for (const { statement, kind, inputs, signer, standing } of steps) {
      markdown.appendMarkdown(`$(arrow-up) `);
      markdown.appendMarkdown(`${inlineCode(kind, 40)} `);
      markdown.appendMarkdown(plainText(`${l10n.t('from')} `));
      markdown.appendMarkdown(inputs.map((name) => inlineCode(name, 80)).join(', '));
      markdown.appendMarkdown(plainText(` — ${signer} (${standingWord(standing)})`));
      const flagTarget = { uri: dataset.uri.toString(), step: statement.envelopeDigest };
      markdown.appendMarkdown(` · ${link(l10n.t('Flag step…'), 'flagStep', flagTarget)}`);
      markdown.appendMarkdown('  \n');
    }
  }

  return markdown;
}

/** An advisory's id and title, and where to read more. */
function advisoryMarkdown({ id, title, references }: AdvisoryData): string {
  const links = references.slice(0, MAX_REFERENCES).flatMap((reference) => webLink(reference) ?? []);
  return [`${inlineCode(id, 100)} ${inlineCode(title, 300)}`, ...links].join(' · ');
}

function untrustedNote(standing: Parameters<typeof standingWord>[0]): string {
  return standing === 'trusted' ? '' : ` (${standingWord(standing)})`;
}

function link(title: string, command: CommandName, target: SampleTarget): string {
  const argument = encodeURIComponent(JSON.stringify([target]));
  return `[${title}](command:${COMMANDS[command]}?${argument})`;
}
