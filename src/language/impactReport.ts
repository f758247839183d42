import * as l10n from '@vscode/l10n';
import { formatMessage } from '../core/errors.ts';
import type { ImpactData, ImpactedDataset, ImpactedSample, ImpactSource } from '../core/lineage/impact.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import { fileName, shortDigest } from './explain.ts';
import { standingWord } from './words.ts';

/** An affected dataset, and those that were made of it. */
export interface ImpactNode {
  readonly impacted: ImpactedDataset;
  readonly derived: readonly ImpactNode[];
}

/** The affected datasets as trees from the sources down; each stands once, whatever the evidence says. */
export function impactTree({ datasets }: Pick<ImpactData, 'datasets'>): ImpactNode[] {
  const nodes = new Map(
    datasets.map((impacted) => [impacted.dataset.id, { impacted, derived: [] as ImpactNode[] }]),
  );
  const roots: ImpactNode[] = [];
  const placed = new Set<string>();
  for (const node of nodes.values()) {
    const { from, dataset } = node.impacted;
    // What others were made of comes first: one that was not placed yet would close a circle.
    const parent = from !== undefined && placed.has(from) ? nodes.get(from) : undefined;
    placed.add(dataset.id);
    (parent?.derived ?? roots).push(node);
  }
  return roots;
}

/** What a source is called; untrusted. */
export function sourceName(source: ImpactSource): string {
  if (source.name !== undefined && source.name !== '') return source.name;
  switch (source.kind) {
    case 'sample':
      return shortDigest(source.digest);
    case 'dataset':
      return shortDigest(source.sha256);
    case 'step':
      return shortDigest(source.envelopeDigest);
  }
}

/** What an affected dataset is called: its file's name, or what evidence calls it; untrusted. */
export function impactedName({ dataset }: ImpactedDataset): string {
  return dataset.path === undefined
    ? (dataset.names.at(-1) ?? shortDigest(dataset.id))
    : fileName(dataset.path);
}

/** “by the step “map” of anna@example.org, trusted”; empty for a source. Untrusted. */
export function impactedBy({ step }: ImpactedDataset): string {
  if (!step) return '';
  return l10n.t('by the step “{0}” of {1}, {2}', step.kind, step.signer, standingWord(step.standing));
}

/** “3 samples, 2 of them changed, not in this workspace”. */
export function impactedSummary({ count, samples, dataset }: ImpactedDataset): string {
  const changed = samples.filter((sample) => sample.changed).length;
  const parts = [
    count === 1 ? l10n.t('1 sample') : l10n.t('{0} samples', count),
    changed > 0 && changed < count && l10n.t('{0} of them changed', changed),
    changed > 0 && changed === count && l10n.t('changed'),
    dataset.presence === 'changed' && l10n.t('as it was signed: the file has changed since'),
    dataset.presence === 'absent' && l10n.t('not in this workspace'),
  ];
  return parts.filter((part) => typeof part === 'string').join(', ');
}

/** “12 samples in 3 datasets”, sources included. */
export function impactSummary({ datasets }: Pick<ImpactData, 'datasets'>): string {
  const samples = datasets.reduce((sum, { count }) => sum + count, 0);
  return datasets.length === 1
    ? l10n.t('{0} samples in 1 dataset', samples)
    : l10n.t('{0} samples in {1} datasets', samples, datasets.length);
}

/** The rows of an affected dataset that hold affected samples, in order. */
export function impactedRows({ samples }: Pick<ImpactedDataset, 'samples'>): number[] {
  return samples.flatMap(({ rows }) => rows).sort((a, b) => a - b);
}

/** Sources that a report names one by one. */
const LISTED_SOURCES = 1000;

/**
 * An impact as a report in Markdown: the sources, the affected datasets as a tree, every affected sample with its rows,
 * and what could not be looked into. Nothing in it is markup that comes from a dataset or a statement.
 *
 * @param time when it was traced, RFC 3339
 */
export function impactMarkdown(sources: readonly ImpactSource[], data: ImpactData, time: string): string {
  const lines = [
    `# ${l10n.t('Impact')}`,
    '',
    l10n.t('Traced at {0}: {1}.', time, impactSummary(data)),
    '',
    `## ${l10n.t('Traced from')}`,
    '',
    ...sources.slice(0, LISTED_SOURCES).map((source) => `- ${kindWord(source)} ${code(sourceName(source))}`),
    ...(sources.length > LISTED_SOURCES ? [`- ${l10n.t('{0} more', sources.length - LISTED_SOURCES)}`] : []),
    '',
    `## ${l10n.t('Affected datasets')}`,
    '',
    ...(data.datasets.length === 0 ? [l10n.t('None that the evidence here knows.')] : []),
    ...impactTree(data).flatMap((node) => treeLines(node, '')),
    '',
    ...data.datasets.flatMap((impacted) => sampleLines(impacted, sources)),
    ...(data.issues.length > 0
      ? [
          `## ${l10n.t('What is not known')}`,
          '',
          ...data.issues.map(({ template, args }) => `- ${markdownText(formatMessage(template, args))}`),
          '',
        ]
      : []),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function kindWord({ kind }: ImpactSource): string {
  switch (kind) {
    case 'sample':
      return l10n.t('sample');
    case 'dataset':
      return l10n.t('dataset');
    case 'step':
      return l10n.t('step');
  }
}

function treeLines({ impacted, derived }: ImpactNode, indent: string): string[] {
  const by = impactedBy(impacted);
  const name = code(impactedName(impacted));
  return [
    `${indent}- ${name}${by === '' ? '' : `, ${markdownText(by)}`}: ${impactedSummary(impacted)}`,
    ...derived.flatMap((node) => treeLines(node, `${indent}  `)),
  ];
}

function sampleLines(impacted: ImpactedDataset, sources: readonly ImpactSource[]): string[] {
  const { dataset, samples, count } = impacted;
  const where = dataset.path === undefined ? [] : [code(dataset.path), ''];
  return [
    `### ${code(impactedName(impacted))}`,
    '',
    ...where,
    `SHA-256 \`${dataset.id}\``,
    '',
    `| ${l10n.t('Row')} | ${l10n.t('From')} | | ${l10n.t('Sample digest')} |`,
    '| --- | --- | --- | --- |',
    ...samples.map((sample) => sampleLine(sample, sources)),
    ...(count > samples.length
      ? ['', l10n.t('{0} more samples are not listed.', count - samples.length)]
      : []),
    '',
  ];
}

function sampleLine(
  { rows, source, changed, digest }: ImpactedSample,
  sources: readonly ImpactSource[],
): string {
  const from = sources[source];
  const how = changed ? l10n.t('changed') : l10n.t('the same');
  return `| ${rows.join(', ')} | ${from ? code(sourceName(from)).replaceAll('|', '\\|') : ''} | ${how} | \`${digest}\` |`;
}

/** Text of others as plain words in Markdown. */
function markdownText(text: string, limit = 2000): string {
  return untrustedText(text, limit).replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

/** Text of others as inline code in Markdown. */
function code(text: string, limit = 300): string {
  const visible = untrustedText(text, limit);
  const longest = Math.max(0, ...Array.from(visible.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const space = longest > 0 || visible === '' ? ' ' : '';
  return `${fence}${space}${visible}${space}${fence}`;
}
