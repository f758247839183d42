import { GENERATION_METHODS } from '../../evidence/predicates.ts';
import type { DatasetNode, StepNode } from '../../lineage/graph.ts';
import { datasetLabel } from '../../lineage/graphIssues.ts';
import { LineageIndex } from '../../lineage/lineageIndex.ts';
import { isDataset } from '../../trust/baseline.ts';
import type { LineageFacts } from '../facts.ts';
import { Findings } from '../findings.ts';
import { logDoubt, otherLogSentence, type LogDemand } from '../logs.ts';
import type { RuleKind } from '../ruleKind.ts';
import { list, record, word, type ValueOf } from '../shape.ts';
import { sentence, sentenceOf, type Sentence } from '../verdict.ts';

/** Steps that make data of no other data here. */
const SOURCE_STEPS = ['crawl', 'import', 'generate'] as const;

const shape = record(
  'Each dataset must lead back, over steps that trusted signers recorded and no others, to sources: datasets that a trusted signer vouches for, or steps without inputs.',
  {
    from: list(
      'Which kinds of sources are allowed: by generationMethod of the origin that is stated for the source, or by the kind of a step without inputs.',
      word('A kind of source.', [...GENERATION_METHODS, ...SOURCE_STEPS]),
    ),
  },
);

export const lineage: RuleKind<ValueOf<typeof shape>> = {
  shape,
  begin({ from }, { lineage: facts, log }) {
    const findings = new Findings();
    const walk = facts && new Walk(facts, from, log);
    let count = 0;
    let good = 0;
    return {
      add({ path, samples }) {
        count++;
        const doubts = walk ? walk.doubtsAbout(samples.sha256) : [NOT_READ];
        if (doubts.length === 0) good++;
        for (const doubt of doubts) findings.add(() => ({ dataset: path, sentence: doubt }));
      },
      result() {
        const summary =
          from === undefined
            ? sentence('{good} of {count} datasets lead back to their sources over trusted steps.', {
                good,
                count,
              })
            : sentence(
                '{good} of {count} datasets lead back over trusted steps to sources of these kinds: {from}.',
                { good, count, from: from.join(', ') },
              );
        return findings.none
          ? { passed: true, summary, findings: [], more: 0 }
          : {
              passed: false,
              summary,
              remedy: sentence(
                'Look at the lineage (provenance lineage FILE); record steps that are missing (provenance step), and have the sources signed with their origin.',
              ),
              ...findings.result(),
            };
      },
    };
  },
};

const NOT_READ = sentence('Its lineage was not read.');

/** Goes back from datasets to their sources. What was seen from one dataset is not looked at again from another. */
class Walk {
  private readonly index: LineageIndex;
  /** What is doubtful about a dataset itself, by its id. */
  private readonly known = new Map<string, readonly Sentence[]>();

  constructor(
    private readonly facts: LineageFacts,
    private readonly from: readonly string[] | undefined,
    private readonly log: LogDemand,
  ) {
    this.index = new LineageIndex(facts.graph);
  }

  /** @param start SHA-256 of its bytes */
  doubtsAbout(start: string): Sentence[] {
    const { graph } = this.facts;
    if (!graph.datasets.has(start)) return [sentence('No evidence is about the bytes of this dataset.')];
    const doubts: Sentence[] = graph.issues.filter(({ kind }) => kind === 'too-large').map(sentenceOf);
    const reached = new Set([start]);
    for (const id of reached) {
      doubts.push(...this.doubtsOf(id));
      for (const { inputs } of this.makers(id)) for (const input of inputs) reached.add(input);
    }
    if (this.goesRound(reached)) doubts.push(sentence('Its steps go round in a circle.'));
    return doubts;
  }

  /** Steps that made it of something else: one that left it as it was says nothing. */
  private makers(id: string): StepNode[] {
    return this.index.producers(id).filter(({ inputs }) => !inputs.includes(id));
  }

  private doubtsOf(id: string): readonly Sentence[] {
    const known = this.known.get(id);
    if (known) return known;
    const makers = this.makers(id);
    const doubts =
      makers.length === 0
        ? this.doubtsAboutSource(id)
        : makers.flatMap((step) => this.doubtsAboutStep(step, id));
    this.known.set(id, doubts);
    return doubts;
  }

  private doubtsAboutStep(
    { step: { kind }, standing, signer, statement, inputs }: StepNode,
    id: string,
  ): Sentence[] {
    const doubts: Sentence[] = [];
    const args = { kind, name: this.nameOf(id), signer: signer === '' ? '–' : signer };
    if (standing !== 'trusted') {
      doubts.push(
        sentence('The step “{kind}” that made {name} is by {signer}, whom you do not trust for it.', args),
      );
    }
    if (inputs.length === 0 && !this.isAllowed(kind)) {
      doubts.push(sentence('{name} comes from a step “{kind}”, which is no source that is allowed.', args));
    }
    return [...doubts, ...this.doubtsAboutLog(statement)];
  }

  /** Where no step leads further back, a trusted signer has to say where it is from. */
  private doubtsAboutSource(id: string): Sentence[] {
    const { graph, statements } = this.facts;
    const name = this.nameOf(id);
    const vouching = (graph.datasets.get(id)?.statements ?? []).filter((index) => {
      const scoped = statements[index];
      return scoped?.standing === 'trusted' && isDataset(scoped);
    });
    if (vouching.length === 0) {
      return [
        sentence('No step leads further back than {name}, and no trusted signer vouches for it.', { name }),
      ];
    }
    const methods = vouching.flatMap((index) => {
      const { statement } = statements[index]!;
      const method = statement.kind === 'dataset' ? statement.predicate.origin?.generationMethod : undefined;
      return method === undefined ? [] : [method];
    });
    const refused = methods.find((method) => !this.isAllowed(method));
    const doubts: Sentence[] = [];
    if (refused !== undefined) {
      doubts.push(
        sentence('{name} comes from a source of the kind {method}, which is not allowed.', {
          name,
          method: refused,
        }),
      );
    } else if (this.from && methods.length === 0) {
      doubts.push(sentence('Nobody states from what kind of source {name} comes.', { name }));
    }
    return [...doubts, ...vouching.flatMap((index) => this.doubtsAboutLog(index))];
  }

  private isAllowed(kind: string): boolean {
    return this.from ? this.from.includes(kind) : true;
  }

  private doubtsAboutLog(statement: number | undefined): Sentence[] {
    const scoped = statement === undefined ? undefined : this.facts.statements[statement];
    if (!scoped) return [];
    const doubt = logDoubt(this.facts.logs.get(scoped.bundle), this.log);
    return doubt ? [otherLogSentence(doubt, scoped.bundle)] : [];
  }

  /** Whether some of these datasets were made of themselves: taking away those without makers, over and over, leaves some. */
  private goesRound(reached: ReadonlySet<string>): boolean {
    const waiting = new Map<string, number>();
    const made = new Map<string, string[]>();
    const ready: string[] = [];
    for (const id of reached) {
      const inputs = new Set(this.makers(id).flatMap((step) => step.inputs));
      waiting.set(id, inputs.size);
      if (inputs.size === 0) ready.push(id);
      for (const input of inputs) {
        const outputs = made.get(input);
        if (outputs) outputs.push(id);
        else made.set(input, [id]);
      }
    }
    let settled = 0;
    for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
      settled++;
      for (const output of made.get(id) ?? []) {
        const left = waiting.get(output)! - 1;
        waiting.set(output, left);
        if (left === 0) ready.push(output);
      }
    }
    return settled < reached.size;
  }

  private nameOf(id: string): string {
    const node: DatasetNode | undefined = this.facts.graph.datasets.get(id);
    return (node ? datasetLabel(node) : id.slice(0, 12)).slice(0, 200);
  }
}
