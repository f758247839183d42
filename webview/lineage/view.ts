import * as l10n from '@vscode/l10n';
import type { LineageState } from '../../src/protocol/lineagePanel.ts';
import { h, type Child } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { busyRing, button } from '../ui/parts.ts';
import { untrusted } from '../ui/text.ts';
import type { PanelContext } from './context.ts';
import { evidenceSection } from './evidence.ts';
import { header } from './header.ts';
import { sampleSection } from './sample.ts';

/** What went wrong with the last thing the user asked for. */
export interface Message {
  readonly text: string;
  readonly retry?: () => void;
}

interface ViewContext extends PanelContext {
  dismiss(): void;
}

/** What stands above the drawing: messages, and the dataset; undefined while the host has not answered. */
export function summary(
  context: ViewContext,
  state: LineageState | undefined,
  message: Message | undefined,
): HTMLElement {
  return h(
    'div',
    { class: 'summary-part' },
    // These two are always there: a live region speaks only when its content changes, not when it appears.
    h('div', { role: 'alert', class: 'alert', key: 'alert' }, message && messageBox(context, message)),
    h(
      'div',
      { role: 'status', class: 'visually-hidden', key: 'copied' },
      context.copied !== undefined && l10n.t('Copied'),
    ),
    state ? subject(context, state) : !message && loading(),
  );
}

/** What stands below the drawing: the sample, and who says what about the dataset. */
export function details(context: PanelContext, state: LineageState | undefined): HTMLElement {
  return h(
    'div',
    { class: 'details-part' },
    state?.dataset && [sampleSection(context, state.sample), evidenceSection(context, state.dataset)],
  );
}

/** The page before the first state. */
function loading(): HTMLElement {
  return h('div', { class: 'empty', key: 'loading' }, busyRing(l10n.t('Loading…')));
}

function subject(context: PanelContext, { dataset }: LineageState): Child {
  if (!dataset) {
    return h(
      'div',
      { class: 'empty', key: 'empty' },
      icon('shield', 'plain'),
      h('p', {}, l10n.t('Open a JSONL dataset to see who vouches for it.')),
    );
  }
  return [dataset.problems.length > 0 && problems(dataset.problems), header(context, dataset)];
}

function problems(sentences: readonly string[]): HTMLElement {
  return h(
    'ul',
    { class: 'problems', 'aria-label': l10n.t('Problems with the evidence'), key: 'problems' },
    sentences.map((sentence) =>
      h('li', { class: 'box problem' }, icon('malformed'), h('div', {}, untrusted(sentence))),
    ),
  );
}

function messageBox(context: ViewContext, { text, retry }: Message): HTMLElement {
  return h(
    'div',
    { class: 'box error' },
    icon('malformed'),
    h('div', { class: 'box-text' }, untrusted(text), retry && button(l10n.t('Try again'), retry)),
    !retry &&
      h(
        'vscode-button',
        {
          appearance: 'icon',
          'aria-label': l10n.t('Dismiss'),
          title: l10n.t('Dismiss'),
          on: {
            click: () => {
              context.dismiss();
            },
          },
        },
        icon('close', 'plain'),
      ),
  );
}
