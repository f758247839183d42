import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toMermaid } from '../../../../../src/core/lineage/export/mermaid.ts';
import type { DatasetNode, LineageGraph, StepNode } from '../../../../../src/core/lineage/graph.ts';
import { SAMPLE_GRAPH } from './sampleGraph.ts';
import { assertGolden, assertVisible } from './support.ts';

/**
 * The part of Mermaid's flow chart grammar that the export may use. Within quotes stand only characters that Mermaid,
 * Markdown and HTML show as they are, numeric entity codes, and line breaks of our own.
 */
const LABEL = String.raw`"(?:[\p{L}\p{M}\p{N} .,_/+=()@…:-]|#\d{1,7};|<br/>)*"`;
const ID = String.raw`[ds][0-9a-f]{12,64}`;
const LINES = [
  /^flowchart LR$/,
  /^ {2}classDef [a-z]+ [a-z-]+:[#0-9a-z ]+(?:,[a-z-]+:[#0-9a-z ]+)*$/,
  new RegExp(`^ {2}${ID}(?:\\[${LABEL}\\]|\\(\\[${LABEL}\\]\\)):::[a-z]+$`, 'u'),
  new RegExp(`^ {2}${ID} (?:-->|-\\.->)(?:\\|\\d+\\|)? ${ID}$`),
];

describe('The Mermaid export', () => {
  it('is as it was', () => {
    const text = toMermaid(SAMPLE_GRAPH);
    assertGolden('graph.mmd', text);
    assertVisible(text);
    assertGrammar(text);
  });

  it('stays within the grammar whatever names and kinds are', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .array(
          fc.constantFrom(
            '"',
            '`',
            '#',
            ';',
            ']',
            ')',
            '|',
            '-->',
            '<br>',
            '\n',
            '%%',
            '\u202E',
            'end',
            'a',
            ':::',
            '\\',
            '{',
            '&lt;',
          ),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, (name, kind, signer) => {
        const text = toMermaid(graphOf([{ name, kind, signer }]));
        assertVisible(text);
        assertGrammar(text);
      }),
    );
  });

  it('shows each dataset and step once, and how many samples went where', () => {
    const text = toMermaid(SAMPLE_GRAPH);
    assert.equal(text.match(/^ {2}d\w+\[/gm)?.length, SAMPLE_GRAPH.datasets.length);
    assert.equal(text.match(/^ {2}s\w+\(\[/gm)?.length, SAMPLE_GRAPH.steps.length);
    assert.match(text, /:::trusted\n.* -->\|120\| /);
    assert.match(text, /-\.->\|120\|/, 'claims are dotted');
  });

  it('keeps the ids of what was there when the graph grows', () => {
    const small = toMermaid(graphOf([{ name: 'a', kind: 'map', signer: 's' }]));
    const large = toMermaid(
      graphOf([
        { name: 'new', kind: 'x', signer: 's' },
        { name: 'a', kind: 'map', signer: 's' },
      ]),
    );
    for (const line of small.split('\n')) assert.ok(large.includes(line), line);
  });
});

function assertGrammar(text: string): void {
  assert.ok(text.endsWith('\n'));
  const defined = new Set<string>();
  for (const line of text.slice(0, -1).split('\n')) {
    assert.ok(
      LINES.some((pattern) => pattern.test(line)),
      line,
    );
    const [, id] = /^ {2}(\w+)[[(]/.exec(line) ?? [];
    if (id !== undefined) {
      assert.ok(!defined.has(id), `${id} stands for two things`);
      defined.add(id);
    }
  }
  for (const [, from = '', to = ''] of text.matchAll(/^ {2}(\w+) -\S+ (\w+)$/gm)) {
    assert.ok(defined.has(from) && defined.has(to), `${from} → ${to}`);
  }
}

/** One chain of datasets, each made of the one before. */
function graphOf(steps: readonly { name: string; kind: string; signer: string }[]) {
  const id = (name: string) => Buffer.from(name).toString('hex').padStart(64, '0').slice(0, 64);
  const datasets = new Map<string, DatasetNode>();
  const nodes: StepNode[] = [];
  for (const { name, kind, signer } of steps) {
    for (const node of [`from ${name}`, name]) {
      datasets.set(id(node), { id: id(node), names: [node], paths: [], statements: [], presence: 'unknown' });
    }
    nodes.push({
      id: `${id(kind)}/${id(name)}`,
      standing: 'untrusted',
      signer,
      inputs: [id(`from ${name}`)],
      output: id(name),
      step: {
        output: { name, sha256: id(name) },
        inputs: [],
        kind,
        parameters: {},
        materials: [],
        tool: { id: 't' },
      },
    });
  }
  const issues: LineageGraph['issues'] = [];
  return { datasets: [...datasets.values()], steps: nodes, issues, statements: [] };
}
