import { datasetFormatOfName } from '../../table/datasetFormat.ts';
import type { ClaimedDataset, LineageClaim } from './claim.ts';
import { claimedDataset, claimedPath, isUri } from './claimedPath.ts';
import { decode, parseYaml } from './parse.ts';
import { bounded, MAX_CLAIMED_INPUTS, type ClaimReading, type ClaimSource } from './source.ts';
import { defined, items, members, text, texts } from './untrusted.ts';
import { matchesPattern } from './wildcards.ts';

/** A front matter is looked for in so much of a file. In UTF-16 code units. */
const MAX_FRONT_MATTER = 512 * 1024;

/** What a card says of its data beside their sources; the names are its own. */
const DETAILS = ['license', 'annotations_creators', 'language_creators', 'pretty_name'] as const;

/**
 * Claims of a Hugging Face dataset card: the YAML front matter of the `README.md` beside the data. Each dataset that the
 * card's `configs` name (without them, each one beside or below it) is derived from its `source_datasets`. A card that
 * names no source claims nothing.
 *
 * https://huggingface.co/docs/hub/datasets-cards and …/datasets-manual-configuration
 * @throws ProvenanceError `invalid-claim`
 */
export function datasetCardClaims(source: ClaimSource): ClaimReading {
  const front = frontMatter(decode(source.file, source.bytes));
  // Front matters of other tools are none of our business, be they right or wrong.
  if (front?.includes('source_datasets') !== true) return { claims: [] };
  const card = members(parseYaml(source.file, front));
  const inputs = items(card['source_datasets']).slice(0, MAX_CLAIMED_INPUTS).flatMap(sourceDataset);
  if (inputs.length === 0) return { claims: [] };
  const details = defined<Record<string, string>>(
    Object.fromEntries(DETAILS.map((name) => [name, texts(card[name])])),
  );
  const claims = dataFiles(card, source.datasets ?? []).map((name): LineageClaim => ({
    format: 'dataset-card',
    file: source.file,
    output: claimedDataset({ name, path: claimedPath(source, name) }),
    inputs,
    kind: 'derived',
    ...(Object.keys(details).length > 0 && { details }),
  }));
  return bounded(source.file, claims);
}

/** The text between the first line, `---`, and the next such line. */
function frontMatter(text: string): string | undefined {
  const [start] = /^\uFEFF?---[ \t]*\r?\n/.exec(text) ?? [];
  if (start === undefined) return undefined;
  const rest = text.slice(start.length, MAX_FRONT_MATTER);
  const end = /^---[ \t]*\r?$/m.exec(rest);
  return end ? rest.slice(0, end.index) : undefined;
}

const HUB_ID = /^[\w.-]{1,96}(?:\/[\w.-]{1,96})?$/;

/** `squad`, `owner/name`, `extended|squad`, `extended|other-NAME`, a URL. `original` and a bare `extended` name none. */
function sourceDataset(value: unknown): ClaimedDataset[] {
  const says = text(value);
  if (says === undefined || says === 'original' || says === 'extended') return [];
  const [, extended] = /^extended\|(.+)$/.exec(says) ?? [];
  const name = extended ?? says;
  if (extended?.startsWith('other')) return [claimedDataset({ name: extended.replace(/^other-/, '') })];
  if (isUri(name)) return [claimedDataset({ name, uri: name })];
  const uri = HUB_ID.test(name) ? `https://huggingface.co/datasets/${name}` : undefined;
  return [claimedDataset({ name, uri })];
}

/** The datasets that the card is about. */
function dataFiles(card: Readonly<Record<string, unknown>>, datasets: readonly string[]): string[] {
  const known = datasets.filter((name) => datasetFormatOfName(name) !== undefined);
  const configs = items(card['configs']).map(members);
  const patterns = configs.flatMap(({ data_files: files, data_dir: folder }) => {
    const prefix = text(folder);
    if (files === undefined) return prefix === undefined ? [] : [`${trimmed(prefix)}/**`];
    return filePatterns(files).map((pattern) =>
      prefix === undefined ? pattern : `${trimmed(prefix)}/${pattern}`,
    );
  });
  if (patterns.length === 0) return known;
  const used = patterns.slice(0, MAX_CLAIMED_INPUTS);
  return known.filter((name) => used.some((pattern) => matchesPattern(name, pattern)));
}

/** A pattern, a list of them, `{split: patterns}`, or a list of `{split, path: patterns}`. */
function filePatterns(value: unknown): string[] {
  return items(value).flatMap((entry) => {
    const pattern = text(entry);
    if (pattern !== undefined) return [pattern];
    const { path, ...splits } = members(entry);
    const found = path === undefined ? Object.values(splits) : [path];
    return found.flatMap(items).flatMap((item) => text(item) ?? []);
  });
}

function trimmed(folder: string): string {
  return folder.replace(/\/+$/, '');
}
