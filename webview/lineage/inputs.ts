import * as l10n from '@vscode/l10n';
import type { LineageDataset, LineageInput } from '../../src/protocol/lineagePanel.ts';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { h, type Child } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { digest, longList, signature } from '../ui/parts.ts';
import { untrusted } from '../ui/text.ts';
import type { Sign } from '../ui/words.ts';
import type { PanelContext } from './context.ts';
import { section } from './section.ts';

/** What the dataset was made from, newest at the top, as a chain down to its sources. */
export function inputsSection(context: PanelContext, dataset: LineageDataset): HTMLElement {
  return section(
    context,
    'inputs',
    l10n.t('Where it came from'),
    undefined,
    dataset.inputs.length === 0
      ? h(
          'p',
          { class: 'muted hint' },
          l10n.t('No step that made this dataset is recorded, so its sources are not known here.'),
        )
      : h(
          'div',
          { class: 'chain' },
          h('div', { class: 'node' }, icon('dataset', 'plain'), untrusted(dataset.name, 200, 'ellipsis')),
          h('div', { class: 'rail muted' }, l10n.t('This dataset')),
          madeFrom(context, dataset.name, dataset.inputs, 'chain'),
        ),
  );
}

/** Evidence is untrusted, and somebody may have recorded a thousand steps. */
const DEEPEST = 32;

/** `id` names the place in the graph: the same dataset may have been used twice. */
function madeFrom(
  context: PanelContext,
  name: string,
  inputs: readonly LineageInput[],
  id: string,
  depth = 0,
): Child {
  if (depth === DEEPEST && inputs.length > 0) {
    return h('div', { class: 'rail last muted' }, l10n.t('Earlier steps are not shown.'));
  }
  const steps = groupBySteps(inputs);
  return steps.map((step, index) => {
    const branch = inputs.length > 1 ? 'branch' : '';
    const end = index === steps.length - 1 ? 'end' : '';
    const list = `${id}-${index}`;
    const label = l10n.t('{0} was made from', untrustedText(name, 100));
    return h(
      'div',
      { class: `inputs ${branch} ${end}`, key: list },
      h(
        'div',
        { class: 'rail step' },
        h('span', { class: 'tag' }, untrusted(step[0].stepKind, 40)),
        signature(step[0].signer, step[0].standing, step[0].time),
      ),
      longList(context, list, label, step, (input, place) =>
        inputItem(context, input, `${list}-${place}`, depth + 1),
      ),
    );
  });
}

type Step = [LineageInput, ...LineageInput[]];

/** Inputs of one step stand together, under one mention of it. */
function groupBySteps(inputs: readonly LineageInput[]): readonly Step[] {
  const steps = new Map<string, Step>();
  for (const input of inputs) {
    const key = JSON.stringify([input.stepKind, input.signer, input.standing, input.time]);
    const step = steps.get(key);
    if (step) step.push(input);
    else steps.set(key, [input]);
  }
  return [...steps.values()];
}

function inputItem(context: PanelContext, input: LineageInput, id: string, depth: number): HTMLElement {
  const presence = presenceSign(input.presence);
  return h(
    'li',
    { key: id },
    h('div', { class: 'node' }, icon(presence.icon, presence.tone), inputName(context, input)),
    h(
      'div',
      { class: input.inputs.length > 0 ? 'rail facts-line' : 'rail last facts-line' },
      h('span', {}, presence.word),
      digest(context, input.digest),
    ),
    madeFrom(context, input.name, input.inputs, id, depth),
  );
}

/** The name; a button when there is a file to open. */
function inputName(context: PanelContext, { name, path }: LineageInput): HTMLElement {
  const text = untrusted(name, 200, 'ellipsis');
  if (path === undefined) return text;
  return h(
    'button',
    {
      type: 'button',
      class: 'link ellipsis',
      title: l10n.t('Open {0}', untrustedText(path, 400)),
      on: {
        click: () => {
          context.call('openInput', { path });
        },
      },
    },
    text,
  );
}

function presenceSign(presence: LineageInput['presence']): Sign {
  switch (presence) {
    case 'present':
      return { icon: 'verified', word: l10n.t('Present') };
    case 'changed':
      return { icon: 'modified', word: l10n.t('Changed since') };
    case 'signed':
      return { icon: 'shield', word: l10n.t('Signed, not here'), tone: 'verified' };
    case 'absent':
      return { icon: 'absent', word: l10n.t('Not found') };
  }
}
