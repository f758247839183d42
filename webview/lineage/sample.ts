import * as l10n from '@vscode/l10n';
import type { LineageSample } from '../../src/protocol/lineagePanel.ts';
import { h, type Child } from '../ui/dom.ts';
import { button } from '../ui/parts.ts';
import { sampleDetails } from '../ui/sampleDetails.ts';
import { numberText } from '../ui/strings.ts';
import { signLabel, statusSign } from '../ui/words.ts';
import type { PanelContext } from './context.ts';
import { section } from './section.ts';

/** Everything about the sample under the cursor. */
export function sampleSection(context: PanelContext, sample: LineageSample | undefined): HTMLElement {
  return section(
    context,
    'sample',
    l10n.t('This sample'),
    undefined,
    sample
      ? details(context, sample)
      : h('p', { class: 'muted hint' }, l10n.t('Place the cursor on a line to see its history.')),
  );
}

function details(context: PanelContext, sample: LineageSample): readonly Child[] {
  const { line } = sample;
  return [
    h(
      'div',
      { class: 'sample-head' },
      h(
        'button',
        {
          type: 'button',
          class: 'link sample-line',
          title: l10n.t('Show this line in the editor'),
          on: {
            click: () => {
              context.call('revealLine', { line });
            },
          },
        },
        l10n.t('Line {0}', numberText(line)),
      ),
      signLabel(statusSign(sample.status), 'sample-status'),
    ),
    sampleDetails(context, sample),
    // Without a digest there is nothing that a signature could name.
    sample.digest !== undefined &&
      !context.restricted &&
      h(
        'div',
        { class: 'actions', key: 'actions' },
        button(
          l10n.t('Sign'),
          () => {
            context.call('signSample', { line });
          },
          { describedAs: l10n.t('Sign line {0}', numberText(line)) },
        ),
        button(
          l10n.t('Flag…'),
          () => {
            context.call('flagSample', { line });
          },
          { describedAs: l10n.t('Flag line {0}…', numberText(line)) },
        ),
      ),
  ];
}
