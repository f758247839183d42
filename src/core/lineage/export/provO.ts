import { isSha256Hex } from '../../bytes/hex.ts';
import { formatMessage } from '../../errors.ts';
import type { ResourceDescriptor } from '../../evidence/predicates.ts';
import type { DatasetNode, StepNode } from '../graph.ts';
import type { ExportedGraph, ExportedStatement } from './exportedGraph.ts';
import { datasetIri, fileUri, materialIri, signerIri, stepIri, toolIri } from './identifiers.ts';
import { visibleJson } from './jsonText.ts';

/** Our own terms: docs/interoperability.md, "PROV-O". */
const TERMS = 'urn:dataset-provenance:terms:v1#';

const IRI = (id: string) => ({ '@id': id, '@type': '@id' });
const INVERSE_IRI = (id: string) => ({ '@reverse': id, '@type': '@id' });
const TIME = (id: string) => ({ '@id': id, '@type': 'xsd:dateTime' });

/**
 * The terms of PROV-JSONLD (https://openprovenance.org/prov-jsonld, 2026-09-12) that the export uses, with their published
 * meaning, and with the plain properties of PROV-O besides. It is part of each export, so that nothing has to be fetched
 * to read one.
 */
const CONTEXT = {
  '@version': 1.1,
  prov: 'http://www.w3.org/ns/prov#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
  rdf: 'http://www.w3.org/1999/02/22-rdf-syntax-ns#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  schema: 'https://schema.org/',
  dsp: TERMS,
  type: IRI('rdf:type'),
  label: { '@id': 'rdfs:label' },
  location: IRI('prov:atLocation'),
  role: IRI('prov:hadRole'),
  entity: IRI('prov:entity'),
  activity: IRI('prov:activity'),
  agent: IRI('prov:agent'),
  Entity: { '@id': 'prov:Entity', '@context': {} },
  Activity: {
    '@id': 'prov:Activity',
    '@context': { startTime: TIME('prov:startedAtTime'), endTime: TIME('prov:endedAtTime') },
  },
  Agent: { '@id': 'prov:Agent', '@context': {} },
  Usage: { '@id': 'prov:Usage', '@context': { activity: INVERSE_IRI('prov:qualifiedUsage') } },
  Generation: {
    '@id': 'prov:Generation',
    '@context': { entity: INVERSE_IRI('prov:qualifiedGeneration'), time: TIME('prov:atTime') },
  },
  Derivation: {
    '@id': 'prov:Derivation',
    '@context': {
      generatedEntity: INVERSE_IRI('prov:qualifiedDerivation'),
      usedEntity: IRI('prov:entity'),
      activity: IRI('prov:hadActivity'),
    },
  },
  Association: {
    '@id': 'prov:Association',
    '@context': { activity: INVERSE_IRI('prov:qualifiedAssociation') },
  },
  Attribution: {
    '@id': 'prov:Attribution',
    '@context': { entity: INVERSE_IRI('prov:qualifiedAttribution') },
  },
  'prov:used': IRI('prov:used'),
  'prov:wasGeneratedBy': IRI('prov:wasGeneratedBy'),
  'prov:wasDerivedFrom': IRI('prov:wasDerivedFrom'),
  'prov:wasAssociatedWith': IRI('prov:wasAssociatedWith'),
  'prov:wasAttributedTo': IRI('prov:wasAttributedTo'),
};

/** A statement of PROV-JSONLD. Members that are undefined, and empty lists, are left out. */
type ProvStatement = Readonly<Record<string, unknown>>;

/**
 * The graph as PROV-O (https://www.w3.org/TR/prov-o/) in JSON-LD 1.1: datasets are entities, steps activities, signers and
 * tools agents. The statements have the form of PROV-JSONLD; each relation is also given as PROV-O's plain property.
 */
export function toProvO(graph: ExportedGraph): string {
  const writer = new ProvWriter(graph);
  return visibleJson({ '@context': [CONTEXT], '@graph': writer.statements() });
}

class ProvWriter {
  private readonly agents = new Map<string, ProvStatement>();
  private readonly materials = new Map<string, ProvStatement>();
  private readonly steps: readonly StepNode[];
  private readonly makers = new Map<string, StepNode[]>();

  constructor(private readonly graph: ExportedGraph) {
    this.steps = [...new Map(graph.steps.map((step) => [stepIri(step), step])).values()];
    for (const step of this.steps) {
      const known = this.makers.get(step.output);
      if (known) known.push(step);
      else this.makers.set(step.output, [step]);
    }
  }

  statements(): ProvStatement[] {
    const datasets = this.graph.datasets.flatMap((node) => this.dataset(node));
    const steps = this.steps.flatMap((step) => this.step(step));
    return [...datasets, ...this.materials.values(), ...steps, ...this.agents.values()];
  }

  private dataset(node: DatasetNode): ProvStatement[] {
    const id = datasetIri(node.id);
    const makers = this.makers.get(node.id) ?? [];
    const vouchers = node.statements.flatMap((index) => {
      const statement = this.graph.statements[index];
      return statement && isResponsible(statement) ? [{ statement, agent: this.signer(statement) }] : [];
    });
    const entity = statement('Entity', {
      '@id': id,
      label: labels(node.names),
      type: [isSha256Hex(node.id) ? 'schema:DataDownload' : 'dsp:ClaimedDataset'],
      location: node.path === undefined ? undefined : [fileUri(node.path)],
      'schema:sha256': isSha256Hex(node.id) ? [node.id] : undefined,
      'schema:contentUrl': node.id.startsWith('claimed:') ? [node.id.slice('claimed:'.length)] : undefined,
      'dsp:presence': [node.presence],
      'dsp:samples': node.samples && [count(node.samples.count)],
      'dsp:merkleRoot': node.samples && [node.samples.root],
      'dsp:issue': this.issues(({ datasets }) => datasets.includes(node.id)),
      'prov:wasGeneratedBy': makers.map(stepIri),
      'prov:wasDerivedFrom': unique(makers.flatMap(({ inputs }) => inputs)).map(datasetIri),
      'prov:wasAttributedTo': unique(vouchers.map(({ agent }) => agent)),
    });
    const attributions = vouchers.map(({ statement: says, agent }) =>
      statement('Attribution', { entity: id, agent, ...signature(says) }),
    );
    return [entity, ...attributions];
  }

  private step(node: StepNode): ProvStatement[] {
    const { step, standing, inputs, output } = node;
    const id = stepIri(node);
    const says = node.statement === undefined ? undefined : this.graph.statements[node.statement];
    const signer = says && this.signer(says);
    const tool = standing === 'claimed' ? undefined : this.tool(step.tool.id, step.tool.version);
    const { counts } = step;
    const materials = step.materials.flatMap((material) => this.material(material));
    const activity = statement('Activity', {
      '@id': id,
      label: labels([step.kind]),
      type: [standing === 'claimed' ? 'dsp:ClaimedStep' : 'dsp:SignedStep'],
      startTime: step.startedOn,
      endTime: step.finishedOn,
      'dsp:kind': [step.kind],
      'dsp:standing': [standing],
      'dsp:claimedBy': standing === 'claimed' ? [node.signer] : undefined,
      'dsp:command': step.command && [JSON.stringify(step.command)],
      'dsp:parameters':
        Object.keys(step.parameters).length > 0 ? [JSON.stringify(step.parameters)] : undefined,
      ...(counts && {
        'dsp:samplesIn': [count(counts.in)],
        'dsp:samplesOut': [count(counts.out)],
        'dsp:unchanged': [count(counts.unchanged)],
        'dsp:changed': [count(counts.changed)],
        'dsp:added': [count(counts.added)],
        'dsp:dropped': [count(counts.dropped)],
      }),
      'dsp:derivationMap': step.map && [step.map.sha256],
      'dsp:issue': this.issues(({ steps }) => steps.includes(node.id)),
      'prov:used': unique([...inputs.map(datasetIri), ...materials]),
      'prov:wasAssociatedWith': unique([signer, tool].filter((agent) => agent !== undefined)),
    });
    return [
      activity,
      ...inputs.map((input) =>
        statement('Usage', { activity: id, entity: datasetIri(input), role: ['dsp:input'] }),
      ),
      ...materials.map((entity) => statement('Usage', { activity: id, entity, role: ['dsp:material'] })),
      statement('Generation', { entity: datasetIri(output), activity: id, time: step.finishedOn }),
      ...inputs.map((input) =>
        statement('Derivation', {
          generatedEntity: datasetIri(output),
          usedEntity: datasetIri(input),
          activity: id,
        }),
      ),
      ...(says
        ? [
            statement('Association', {
              activity: id,
              agent: signer,
              role: ['dsp:signer'],
              ...signature(says),
            }),
          ]
        : []),
      ...(tool === undefined
        ? []
        : [statement('Association', { activity: id, agent: tool, role: ['dsp:tool'] })]),
    ];
  }

  private signer({ keyId, principal }: ExportedStatement): string {
    const id = signerIri(keyId);
    const known = this.agents.get(id);
    if (!known || (principal !== undefined && known['label'] === undefined)) {
      this.agents.set(
        id,
        statement('Agent', {
          '@id': id,
          label: principal === undefined ? undefined : labels([principal]),
          'dsp:key': [keyId],
        }),
      );
    }
    return id;
  }

  private tool(builder: string, version: Readonly<Record<string, string>> | undefined): string {
    const versions = version && JSON.stringify(version);
    const id = toolIri(JSON.stringify([builder, versions ?? '']));
    this.agents.set(
      id,
      statement('Agent', {
        '@id': id,
        label: labels([builder]),
        type: ['prov:SoftwareAgent'],
        'schema:softwareVersion': versions === undefined ? undefined : [versions],
      }),
    );
    return id;
  }

  private material({ name, uri, digest }: ResourceDescriptor): string[] {
    const [first] = Object.entries(digest);
    if (!first) return [];
    const id = materialIri(...first);
    this.materials.set(
      id,
      statement('Entity', {
        '@id': id,
        label: labels([name ?? uri ?? first[1]]),
        'schema:contentUrl': uri === undefined ? undefined : [uri],
        'dsp:digest': Object.entries(digest).map(([algorithm, value]) => `${algorithm}:${value}`),
      }),
    );
    return [id];
  }

  private issues(isAbout: (issue: ExportedGraph['issues'][number]) => boolean): string[] {
    return this.graph.issues.filter(isAbout).map(({ template, args }) => formatMessage(template, args));
  }
}

/** Whoever took a statement back, or cannot be shown to have made it, is not named as responsible. */
function isResponsible({ standing }: ExportedStatement): boolean {
  return standing === 'trusted' || standing === 'untrusted' || standing === 'expired';
}

function signature({ envelopeDigest, standing, time }: ExportedStatement): ProvStatement {
  return {
    'dsp:standing': [standing],
    'dsp:envelope': [envelopeDigest],
    ...(time !== undefined && { 'dsp:signedAt': [{ '@value': time, '@type': 'xsd:dateTime' }] }),
  };
}

function statement(type: string, members: ProvStatement): ProvStatement {
  const kept = Object.entries(members).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return { '@type': type, ...Object.fromEntries(kept) };
}

function labels(texts: readonly string[]): { readonly '@value': string }[] {
  return texts.map((text) => ({ '@value': text }));
}

function count(value: number): { readonly '@value': string; readonly '@type': string } {
  return { '@value': String(value), '@type': 'xsd:nonNegativeInteger' };
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
