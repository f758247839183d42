import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import jsonld from 'jsonld';
import { toProvO } from '../../../../../src/core/lineage/export/provO.ts';
import { HOSTILE_NAME, SAMPLE_GRAPH } from './sampleGraph.ts';
import { assertGolden, assertVisible, schema, schemaText } from './support.ts';

const PROV = 'http://www.w3.org/ns/prov#';
const RDF_TYPE = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#type';
const PUBLISHED_CONTEXT = 'https://openprovenance.org/prov-jsonld/context.jsonld';

interface Quad {
  readonly subject: string;
  readonly predicate: string;
  readonly object: string;
}

const text = toProvO(SAMPLE_GRAPH);
const document = JSON.parse(text) as { '@context': unknown[]; '@graph': Record<string, unknown>[] };

describe('The PROV-O export', () => {
  it('is as it was', () => {
    assertGolden('prov.jsonld', text);
    assertVisible(text);
  });

  it('has the form of PROV-JSONLD, by its published JSON Schema', () => {
    const validate = provJsonLdValidator();
    // The schema wants contexts by their address. Ours is within the file, and gives the same terms the same meaning: below.
    const byAddress = { ...document, '@context': [PUBLISHED_CONTEXT, prefixes()] };
    assert.ok(validate(byAddress), JSON.stringify(validate.errors));
    const broken = { ...byAddress, '@graph': [{ '@type': 'Usage', activity: 1 }] };
    assert.ok(!validate(broken), 'the schema finds what is wrong');
  });

  it('means to JSON-LD processors what PROV-JSONLD means by it', async () => {
    const plain = /^(used|wasGeneratedBy|wasDerivedFrom|wasAssociatedWith|wasAttributedTo)$/;
    const isQualified = ({ predicate }: Quad) => !plain.test(predicate.replace(PROV, ''));
    const asPublished = { ...document, '@context': [schema('prov/context.jsonld')['@context'], prefixes()] };
    const [ours, published] = await Promise.all([quads(document), quads(asPublished)]);
    assert.deepEqual(ours.filter(isQualified), published.filter(isQualified));
    assert.ok(ours.length > published.filter(isQualified).length);
  });

  it('uses classes and properties of the published ontology as it defines them', async () => {
    const ontology = readOntology();
    const all = await quads(document);
    const types = new Map<string, Set<string>>();
    for (const { subject, predicate, object } of all) {
      if (predicate !== RDF_TYPE) continue;
      const known = types.get(subject);
      if (known) known.add(object);
      else types.set(subject, new Set([object]));
    }
    const isA = (node: string, classes: readonly string[]) =>
      [...(types.get(node) ?? [])].some((type) =>
        classes.some((wanted) => ontology.isSubclass(type, wanted)),
      );
    let checked = 0;
    for (const { subject, predicate, object } of all) {
      if (predicate === RDF_TYPE) {
        if (object.startsWith(PROV)) assert.ok(ontology.classes.has(object), object);
        continue;
      }
      if (!predicate.startsWith(PROV)) continue;
      checked++;
      assert.equal(
        ontology.properties.get(predicate),
        object.startsWith('"') ? 'DatatypeProperty' : 'ObjectProperty',
        `${predicate} ${object}`,
      );
      const domains = ontology.domains.get(predicate) ?? [];
      if (domains.length > 0) assert.ok(isA(subject, domains), `${subject} ${predicate}: ${String(domains)}`);
      const ranges = (ontology.ranges.get(predicate) ?? []).filter((range) => range.startsWith(PROV));
      // Roles, and where a file lies, are named and not described.
      if (ranges.length > 0 && !/hadRole|atLocation/.test(predicate)) {
        assert.ok(isA(object, ranges), `${predicate} ${object}: ${String(ranges)}`);
      }
    }
    assert.ok(checked > 30);
  });

  it('relates datasets, steps and signers', async () => {
    const all = await quads(document);
    const has = (subject: string, predicate: string, object: string) =>
      all.some(
        (quad) => quad.subject === subject && quad.predicate === PROV + predicate && quad.object === object,
      );
    const [crawl, hostile] = ['a', 'b'].map(
      (digit) => `ni:///sha-256;${Buffer.from(digit.repeat(64), 'hex').toString('base64url')}`,
    );
    const step = `urn:dataset-provenance:step:${'e'.repeat(64)}:${'b'.repeat(64)}`;
    const signer = `urn:dataset-provenance:key:SHA256%3AaApxQYkXeY%2F46G7YvJ6gEkOEZE%2B7dEt%2BxndbIxD5EIg`;
    assert.ok(has(hostile!, 'wasDerivedFrom', crawl!));
    assert.ok(has(hostile!, 'wasGeneratedBy', step));
    assert.ok(has(step, 'used', crawl!));
    assert.ok(has(step, 'wasAssociatedWith', signer));
    assert.ok(has(crawl!, 'wasAttributedTo', signer));
    assert.ok(has(step, 'endedAtTime', '"2026-10-12T09:30:00Z"^^http://www.w3.org/2001/XMLSchema#dateTime'));
    const names = all.filter(({ subject, predicate }) => subject === hostile && predicate.endsWith('#label'));
    assert.ok(names.some(({ object }) => object === `"${HOSTILE_NAME.replace('\uD800', '\uFFFD')}"`));
  });

  it('never lets a claim speak as a signed step, or about another dataset than the claimed one', () => {
    const victim = `ni:///sha-256;${Buffer.from('a'.repeat(64), 'hex').toString('base64url')}`;
    const [claim] = SAMPLE_GRAPH.steps;
    assert.ok(claim);
    const spoof = {
      ...SAMPLE_GRAPH,
      datasets: [
        ...SAMPLE_GRAPH.datasets,
        { id: `claimed:${victim}`, names: [victim], paths: [], statements: [], presence: 'absent' as const },
      ],
      steps: [{ ...claim, output: `claimed:${victim}` }],
    };
    const { '@graph': graph } = JSON.parse(toProvO(spoof)) as typeof document;
    const activity = graph.find((node) => node['@type'] === 'Activity');
    assert.deepEqual(activity?.['type'], ['dsp:ClaimedStep']);
    const generated = graph.find((node) => node['@type'] === 'Generation');
    assert.notEqual(generated?.['entity'], victim);
    assert.ok(!graph.some((node) => node['@type'] === 'Association'));
  });

  it('is empty for an empty graph, and still valid', () => {
    const empty = JSON.parse(toProvO({ datasets: [], steps: [], issues: [], statements: [] })) as object;
    assert.ok(provJsonLdValidator()({ ...empty, '@context': [PUBLISHED_CONTEXT] }));
  });
});

function prefixes(): Record<string, string> {
  const [context] = document['@context'] as Record<string, unknown>[];
  const texts = Object.entries(context ?? {}).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(texts) as Record<string, string>;
}

function provJsonLdValidator() {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  // Ajv takes identifiers that are JSON pointers for a second name of the same place, and refuses them.
  const text = schemaText('prov/schema.json').replace(/"\$id": "#[^"]+",\s*/g, '');
  return ajv.compile(JSON.parse(text) as object);
}

/** Sorted, without blank nodes' labels, which say nothing. Fails for what has no meaning, and never fetches anything. */
async function quads(value: object): Promise<Quad[]> {
  const documentLoader = (url: string) => Promise.reject(new Error(`${url} is not to be fetched`));
  const dataset = (await jsonld.toRDF(value, {
    documentLoader,
    safe: true,
  } as jsonld.Options.ToRdf)) as { subject: Term; predicate: Term; object: Term }[];
  const canonical = dataset.map(({ subject, predicate, object }) => ({
    subject: term(subject),
    predicate: term(predicate),
    object: term(object),
  }));
  return canonical.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

interface Term {
  readonly termType: string;
  readonly value: string;
  readonly datatype?: { readonly value: string };
}

function term({ termType, value, datatype }: Term): string {
  if (termType !== 'Literal') return value;
  const isPlain = datatype === undefined || datatype.value.endsWith('#string');
  return `"${value}"${isPlain ? '' : `^^${datatype.value}`}`;
}

/** What the ontology says of classes and properties. */
function readOntology() {
  const OWL = 'http://www.w3.org/2002/07/owl#';
  const RDFS = 'http://www.w3.org/2000/01/rdf-schema#';
  const classes = new Set<string>();
  const properties = new Map<string, string>();
  const parents = new Map<string, string[]>();
  const domains = new Map<string, string[]>();
  const ranges = new Map<string, string[]>();
  const lists = new Map<string, string>();
  const add = (map: Map<string, string[]>, key: string, value: string) =>
    map.set(key, [...(map.get(key) ?? []), value]);
  const firsts = new Map<string, string>();
  for (const line of schemaText('prov/prov-o.nq').split('\n')) {
    const match = /^(?:<([^>]*)>|(_:\S+)) <([^>]*)> (?:<([^>]*)>|(_:\S+)|".*) <[^>]*> \.$/.exec(line);
    if (!match) continue;
    const subject = match[1] ?? match[2] ?? '';
    const predicate = match[3] ?? '';
    const object = match[4] ?? match[5] ?? '';
    if (predicate === RDF_TYPE && object === `${OWL}Class`) classes.add(subject);
    if (predicate === RDF_TYPE && /#(Object|Datatype)Property$/.test(object)) {
      properties.set(subject, object.replace(OWL, ''));
    }
    if (predicate === `${RDFS}subClassOf`) add(parents, subject, object);
    if (predicate === `${RDFS}domain`) add(domains, subject, object);
    if (predicate === `${RDFS}range`) add(ranges, subject, object);
    if (predicate === `${OWL}unionOf`) lists.set(subject, object);
    if (predicate.endsWith('#first')) firsts.set(subject, object);
    if (predicate.endsWith('#rest')) lists.set(subject, object);
  }
  /** A class, or each member of a union. */
  const resolved = (map: Map<string, string[]>) =>
    new Map(Array.from(map, ([property, values]) => [property, values.flatMap(members)]));
  const members = (node: string): string[] => {
    if (!node.startsWith('_:')) return [node];
    const found: string[] = [];
    for (let at = lists.get(node); at?.startsWith('_:'); at = lists.get(at)) found.push(firsts.get(at) ?? '');
    return found;
  };
  const isSubclass = (type: string, wanted: string): boolean =>
    type === wanted || (parents.get(type) ?? []).some((parent) => isSubclass(parent, wanted));
  assert.ok(classes.size > 25 && properties.size > 40, 'the ontology was read');
  return { classes, properties, domains: resolved(domains), ranges: resolved(ranges), isSubclass };
}
