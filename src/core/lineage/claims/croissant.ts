import type { ClaimedDataset, LineageClaim } from './claim.ts';
import { claimedDataset, claimedPath, decodedPath, isUri } from './claimedPath.ts';
import { decode, parseJson } from './parse.ts';
import { bounded, invalidClaim, MAX_CLAIMED_INPUTS, type ClaimReading, type ClaimSource } from './source.ts';
import { defined, firstText, items, members, text, texts, time } from './untrusted.ts';
import { matchesPattern } from './wildcards.ts';

type Node = Readonly<Record<string, unknown>>;

const SCHEMA_ORG = ['', 'sc:', 'schema:', 'https://schema.org/', 'http://schema.org/'];
const PROV = ['prov:', '', 'http://www.w3.org/ns/prov#'];
const CROISSANT = ['', 'cr:', 'http://mlcommons.org/croissant/', 'https://mlcommons.org/croissant/'];
const RDFS = ['rdfs:', 'prov:', '', 'http://www.w3.org/2000/01/rdf-schema#'];

/**
 * Claims of Croissant metadata, 1.0 and 1.1 (https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, "Provenance
 * Representation"): what `prov:wasDerivedFrom`, `isBasedOn` and the `prov:used` of `prov:wasGeneratedBy` say of the
 * dataset, and of each FileObject and FileSet. JSON-LD contexts are not resolved: properties are known by the names
 * that the specification recommends, and by their full IRIs.
 *
 * @throws ProvenanceError `invalid-claim`
 */
export function croissantClaims(source: ClaimSource): ClaimReading {
  const value = parseJson(source.file, decode(source.file, source.bytes));
  const graph = items(members(value)['@graph']).map(members);
  const dataset = [members(value), ...graph].find(isDataset);
  if (!dataset) throw invalidClaim(source.file, 'it describes no schema.org Dataset');
  const resources = new Resources(source, items(property(dataset, SCHEMA_ORG, 'distribution')).map(members));
  const license = texts(property(dataset, SCHEMA_ORG, 'license'));
  const about = (node: Node, outputs: readonly ClaimedDataset[]): LineageClaim[] => {
    const { inputs, ...made } = origin(node, resources);
    return outputs.flatMap((output) => {
      const others = inputs.filter((input) => !isSame(input, output));
      if (others.length === 0) return [];
      return {
        ...made,
        format: 'croissant',
        file: source.file,
        output,
        inputs: others,
        ...(license !== undefined && { details: { license } }),
      };
    });
  };
  const claims = [
    ...about(dataset, resources.datasets(dataset)),
    ...resources.nodes.flatMap((node) => about(node, resources.files(node))),
  ];
  return bounded(source.file, claims);
}

function isDataset(node: Node): boolean {
  return items(node['@type']).some((type) =>
    /^(?:sc:|schema:|https?:\/\/schema\.org\/)?Dataset$/.test(String(type)),
  );
}

/** Where it comes from: what it was derived from, and what the activity that generated it used. */
function origin(
  node: Node,
  resources: Resources,
): Pick<LineageClaim, 'kind' | 'time'> & { inputs: ClaimedDataset[] } {
  const activities = items(property(node, PROV, 'wasGeneratedBy')).map(members);
  const used = [
    ...items(property(node, PROV, 'wasDerivedFrom')),
    ...items(property(node, SCHEMA_ORG, 'isBasedOn')),
    ...activities.flatMap((activity) => items(property(activity, PROV, 'used'))),
  ];
  const inputs = used.slice(0, MAX_CLAIMED_INPUTS).flatMap((value) => resources.meant(value));
  const [activity = {}] = activities;
  return {
    inputs: inputs.filter((input, index) => inputs.findIndex((other) => isSame(input, other)) === index),
    kind: firstText(property(activity, RDFS, 'label'), property(activity, SCHEMA_ORG, 'name')) ?? 'derived',
    ...defined<{ time?: string }>({ time: time(timeOf(property(activity, PROV, 'endedAtTime'))) }),
  };
}

/** A literal, also in the form `{"@value": …}`. */
function timeOf(value: unknown): unknown {
  return typeof value === 'object' ? members(value)['@value'] : value;
}

function isSame(a: ClaimedDataset, b: ClaimedDataset): boolean {
  const [one, other] = [a, b].map(({ path, uri, sha256, name }) => path ?? uri ?? sha256 ?? name);
  return one === other;
}

/** The FileObjects and FileSets of a dataset. */
class Resources {
  private readonly byId: ReadonlyMap<string, Node>;

  constructor(
    private readonly source: ClaimSource,
    readonly nodes: readonly Node[],
  ) {
    this.byId = new Map(
      nodes.flatMap((node) => (typeof node['@id'] === 'string' ? [[node['@id'], node]] : [])),
    );
  }

  /** What the dataset as a whole is here: its files, or else where it is published. */
  datasets(dataset: Node): ClaimedDataset[] {
    const files = this.nodes.flatMap((node) => this.files(node)).filter(({ path, sha256 }) => path ?? sha256);
    if (files.length > 0)
      return files.filter(({ path }, i) => files.findIndex((other) => other.path === path) === i);
    const uri = firstText(property(dataset, SCHEMA_ORG, 'url'), dataset['@id']);
    const name = text(property(dataset, SCHEMA_ORG, 'name')) ?? uri;
    return name === undefined
      ? []
      : [claimedDataset({ name, uri: uri !== undefined && isUri(uri) ? uri : undefined })];
  }

  /** The datasets that a FileObject or a FileSet is. */
  files(node: Node): ClaimedDataset[] {
    const patterns = items(property(node, CROISSANT, 'includes')).flatMap((pattern) => text(pattern) ?? []);
    if (patterns.length > 0) {
      if (!this.isHere(node)) return [];
      const excluded = items(property(node, CROISSANT, 'excludes')).flatMap((pattern) => text(pattern) ?? []);
      const matches = (name: string, list: readonly string[]) =>
        list.some((pattern) => matchesPattern(name, pattern));
      return (this.source.datasets ?? [])
        .filter((name) => matches(name, patterns) && !matches(name, excluded))
        .slice(0, MAX_CLAIMED_INPUTS)
        .map((name) => claimedDataset({ name, path: claimedPath(this.source, name) }));
    }
    const url = text(property(node, SCHEMA_ORG, 'contentUrl'));
    const name = firstText(property(node, SCHEMA_ORG, 'name'), node['@id'], url);
    if (name === undefined) return [];
    const isRemote = url !== undefined && isUri(url);
    const relative = url !== undefined && !isRemote && this.isHere(node) ? decodedPath(url) : undefined;
    return [
      claimedDataset({
        name,
        uri: isRemote ? url : undefined,
        path: relative === undefined ? undefined : claimedPath(this.source, relative),
        sha256: property(node, SCHEMA_ORG, 'sha256'),
        md5: property(node, CROISSANT, 'md5'),
      }),
    ];
  }

  /** What is meant as a source: a resource of this dataset by its `@id`, a URI, or a thing with a name. */
  meant(value: unknown): ClaimedDataset[] {
    const node = members(value);
    const id = text(typeof value === 'string' ? value : node['@id']);
    const resource = id === undefined ? undefined : this.byId.get(id);
    if (resource) return this.files(resource);
    const uri = [id, text(property(node, SCHEMA_ORG, 'url'))].find(
      (candidate) => candidate !== undefined && isUri(candidate),
    );
    const name = firstText(
      property(node, SCHEMA_ORG, 'name'),
      property(node, RDFS, 'label'),
      property(node, SCHEMA_ORG, 'url'),
      id,
    );
    if (name === undefined) return [];
    const sha256 = property(node, SCHEMA_ORG, 'sha256');
    return [claimedDataset({ name, uri, sha256 })];
  }

  /** Whether it lies beside the metadata, and not in an archive: in nothing, or in the repository that holds both. */
  private isHere(node: Node): boolean {
    const containers = items(property(node, CROISSANT, 'containedIn'));
    return containers.every((value) => {
      const id = typeof value === 'string' ? value : members(value)['@id'];
      const container = typeof id === 'string' ? this.byId.get(id) : undefined;
      return (
        container !== undefined &&
        (text(property(container, SCHEMA_ORG, 'encodingFormat')) ?? '').startsWith('git+')
      );
    });
  }
}

/** A property by the names that it may have. */
function property(node: Node, prefixes: readonly string[], name: string): unknown {
  for (const prefix of prefixes) {
    const value = node[`${prefix}${name}`];
    if (value !== undefined) return value;
  }
  return undefined;
}
