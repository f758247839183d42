import { isSha256Hex } from '../../bytes/hex.ts';
import type { ProvenanceError } from '../../errors.ts';
import type { ClaimedDataset, LineageClaim } from './claim.ts';
import { claimedDataset, claimedPath, fileUriPath, isUri } from './claimedPath.ts';
import { decode, reason } from './parse.ts';
import { DATASET_FACET, STEP_FACET } from '../openLineageFacets.ts';
import { bounded, invalidClaim, MAX_CLAIMED_INPUTS, type ClaimReading, type ClaimSource } from './source.ts';
import { defined, firstText, items, members, text, time } from './untrusted.ts';

type Node = Readonly<Record<string, unknown>>;

/** What the events of one run, or one event about a job as such, say together. */
interface Run {
  job: Node;
  facets: Node;
  inputs: unknown[];
  outputs: unknown[];
  complete: boolean;
  time: string | undefined;
}

/**
 * Claims of OpenLineage events (https://openlineage.io/spec/2-0-2/OpenLineage.json): one JSON object, an array of them, or
 * one a line, as the clients' file transports write them. Events of one run add up; it claims something once it is
 * `COMPLETE`. Events about a job without a run do as well.
 *
 * Never throws: lines that are not JSON are passed over, and the first is the problem.
 */
export function openLineageClaims(source: ClaimSource): ClaimReading {
  const { events, problem } = readEvents(source);
  const runs = new Map<string, Run>();
  for (const [index, event] of events.entries()) {
    const run = members(event['run']);
    const id = firstText(run['runId']);
    const isEvent =
      typeof event['job'] === 'object' && (id !== undefined || event['eventType'] === undefined);
    if (isEvent) add(runs, id ?? `#${index}`, event, run);
  }
  const claims = [...runs.values()]
    .filter(({ complete }) => complete)
    .flatMap((run) => claimsOf(source, run));
  const reading = bounded(source.file, claims);
  return reading.problem || !problem ? reading : { ...reading, problem };
}

function add(runs: Map<string, Run>, id: string, event: Node, { facets }: Node): void {
  const run = runs.get(id) ?? {
    job: {},
    facets: {},
    inputs: [],
    outputs: [],
    complete: false,
    time: undefined,
  };
  const complete = event['eventType'] === 'COMPLETE' || event['eventType'] === undefined;
  runs.set(id, {
    job: { ...run.job, ...members(event['job']) },
    facets: { ...run.facets, ...members(facets) },
    inputs: run.inputs.concat(items(event['inputs'])).slice(0, 2 * MAX_CLAIMED_INPUTS),
    outputs: run.outputs.concat(items(event['outputs'])).slice(0, 2 * MAX_CLAIMED_INPUTS),
    complete: run.complete || complete,
    time: complete ? (time(event['eventTime']) ?? run.time) : run.time,
  });
}

function claimsOf(source: ClaimSource, run: Run): LineageClaim[] {
  const inputs = unique(run.inputs.flatMap((input) => dataset(source, input))).slice(0, MAX_CLAIMED_INPUTS);
  const own = members(run.facets[STEP_FACET]);
  // What our own export says of claims is read where they stand.
  if (inputs.length === 0 || own['standing'] === 'claimed') return [];
  const restates = text(own['id']);
  const facets = members(run.job['facets']);
  const command = firstText(members(facets['sql'])['query'], members(facets['sourceCode'])['sourceCode']);
  const details = defined<Record<string, string>>({
    namespace: text(run.job['namespace']),
    documentation: text(members(facets['documentation'])['description']),
    code: firstText(members(facets['sourceCodeLocation'])['url']),
  });
  return unique(run.outputs.flatMap((output) => dataset(source, output))).map((output) => ({
    format: 'openlineage',
    file: source.file,
    output,
    inputs,
    kind: text(run.job['name']) ?? 'derived',
    ...defined<{ command?: string; time?: string }>({ command, time: run.time }),
    ...(Object.keys(details).length > 0 && { details }),
    ...(restates !== undefined && { restates }),
  }));
}

/**
 * A dataset by namespace and name (https://openlineage.io/docs/spec/naming): a path for the namespace `file`, else the URI
 * that both make together where the namespace has a scheme.
 */
function dataset(source: ClaimSource, value: unknown): ClaimedDataset[] {
  const node = members(value);
  const name = text(node['name']);
  if (name === undefined) return [];
  const namespace = text(node['namespace']) ?? '';
  const sha256 = digest(members(node['facets']));
  if (namespace === 'file' || namespace.startsWith('file:')) {
    const host = /^file:(?:\/\/)?([^/]*)/.exec(namespace)?.[1] ?? '';
    const isHere = host === '' || host === 'localhost';
    const path = isHere
      ? claimedPath(source, name.startsWith('file:') ? (fileUriPath(name) ?? '') : name)
      : undefined;
    const uri = path === undefined ? `file://${host}${name.startsWith('/') ? '' : '/'}${name}` : undefined;
    return [claimedDataset({ name, uri, path, sha256 })];
  }
  const uri = isUri(namespace) ? `${namespace.replace(/\/+$/, '')}/${name.replace(/^\/+/, '')}` : undefined;
  return [
    claimedDataset({
      name: uri === undefined && namespace !== '' ? `${namespace}/${name}` : name,
      uri,
      sha256,
    }),
  ];
}

/** The digest of its bytes, where the version says that it is one, or our own export wrote it. */
function digest(facets: Node): string | undefined {
  const version = text(members(facets['version'])['datasetVersion']);
  const [, hex] = /^sha256:([0-9a-f]{64})$/i.exec(version ?? '') ?? [];
  const own = members(facets[DATASET_FACET])['sha256'];
  return hex ?? (isSha256Hex(own) ? own : undefined);
}

function unique(datasets: readonly ClaimedDataset[]): ClaimedDataset[] {
  const byKey = new Map(
    datasets.map((dataset) => [
      JSON.stringify([dataset.path, dataset.uri, dataset.sha256, dataset.name]),
      dataset,
    ]),
  );
  return [...byKey.values()];
}

function readEvents({ file, bytes }: ClaimSource): { events: Node[]; problem?: ProvenanceError } {
  const text = decode(file, bytes);
  const whole = tryJson(text);
  if (whole.ok) return { events: items(whole.value).map(members) };
  const lines = text.split('\n');
  const events: Node[] = [];
  let problem: ProvenanceError | undefined;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const parsed = tryJson(line);
    if (parsed.ok) events.push(members(parsed.value));
    else
      problem ??= invalidClaim(file, `line ${index + 1} is not JSON (${reason(parsed.error)})`, parsed.error);
  }
  return { events, ...(problem && { problem }) };
}

function tryJson(text: string): { ok: true; value: unknown } | { ok: false; error: unknown } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch (error) {
    return { ok: false, error };
  }
}
