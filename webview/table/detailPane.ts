import * as l10n from '@vscode/l10n';
import { asProvenanceError } from '../../src/core/errors.ts';
import type { TableDetail } from '../../src/protocol/sampleTable.ts';
import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { h, patch, type Child } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { button } from '../ui/parts.ts';
import { sampleDetails } from '../ui/sampleDetails.ts';
import { errorText, numberText } from '../ui/strings.ts';
import { signLabel, statusSign } from '../ui/words.ts';
import type { TableContext } from './context.ts';
import { tool } from './controls.ts';
import { recordText, TEXT_LIMIT } from './recordText.ts';
import { restrictedReason } from './toolbar.ts';

/** The focused row whole: its text, and what evidence says about it. */
export class DetailPane {
  readonly element = h('section', { class: 'detail', 'aria-label': l10n.t('Details'), tabindex: -1 });
  private readonly head = h('header');
  private readonly record = h('div', { class: 'detail-record' });
  private readonly evidence = h('div');
  private detail: TableDetail | undefined;
  private error: string | undefined;
  private line: number | undefined;
  private underway: AbortController | undefined;

  constructor(
    private readonly context: TableContext,
    private readonly onClose: () => void,
  ) {
    this.element.append(this.head, h('div', { class: 'detail-body' }, this.record, this.evidence));
    this.render();
  }

  /**
   * Shows this line. What was shown stays until the host has answered.
   * @param again also when it is the line that is shown: it may look different now
   */
  async show(line: number, again: boolean): Promise<void> {
    if (line === this.line && !again) return;
    this.line = line;
    this.underway?.abort();
    const controller = new AbortController();
    this.underway = controller;
    this.error = undefined;
    this.render();
    try {
      const detail = await this.context.rpc.call('detail', { line }, { signal: controller.signal });
      if (controller.signal.aborted) return;
      this.take(detail);
    } catch (thrown) {
      if (controller.signal.aborted) return;
      this.error = errorText(asProvenanceError(thrown));
    }
    this.underway = undefined;
    this.render();
  }

  /** It was closed: nobody waits for an answer any more. */
  clear(): void {
    this.underway?.abort();
    this.underway = undefined;
    this.line = undefined;
    this.detail = undefined;
    this.record.replaceChildren();
  }

  render(): void {
    const { detail } = this;
    this.element.classList.toggle('stale', this.underway !== undefined);
    patch(this.head, this.headView());
    patch(
      this.evidence,
      h(
        'div',
        { class: 'detail-evidence', role: 'group', 'aria-label': l10n.t('Evidence'), tabindex: 0 },
        detail && this.evidenceView(detail),
      ),
    );
  }

  private take(detail: TableDetail): void {
    if (detail.text !== this.detail?.text || detail.line !== this.detail.line) {
      this.record.replaceChildren(recordText(detail.text));
      this.element.querySelector('.detail-body')?.scrollTo(0, 0);
    }
    this.detail = detail;
  }

  private headView(): HTMLElement {
    const { detail, context, error } = this;
    const shown = detail ? Math.min(detail.text.length, TEXT_LIMIT) : 0;
    return h(
      'header',
      { class: 'detail-head' },
      h('h2', {}, detail ? l10n.t('Line {0}', numberText(detail.line)) : l10n.t('Details')),
      detail?.sample && signLabel(statusSign(detail.sample.status)),
      detail &&
        h(
          'span',
          { class: 'muted detail-length' },
          detail.cut || detail.text.length > shown
            ? l10n.t(
                'Only the beginning is shown: {0} characters of {1} bytes',
                numberText(shown),
                numberText(detail.length),
              )
            : l10n.t('{0} bytes', numberText(detail.length)),
        ),
      error !== undefined &&
        h('span', { class: 'detail-error', role: 'alert' }, icon('malformed'), untrustedText(error)),
      tool(
        l10n.t('Copy as JSON'),
        () => {
          context.run('copyJson');
        },
        { icon: 'copy' },
      ),
      tool(l10n.t('Close (Escape)'), this.onClose, { icon: 'close' }),
    );
  }

  private evidenceView({ sample }: TableDetail): Child {
    const { context } = this;
    if (!sample) {
      return h(
        'p',
        { class: 'muted hint' },
        l10n.t('Nothing is known about this row: it was not checked yet, or is no sample.'),
      );
    }
    const offered = sample.digest !== undefined;
    return [
      sampleDetails(context, sample),
      offered && !context.restricted
        ? h(
            'div',
            { class: 'actions', key: 'actions' },
            button(l10n.t('Sign…'), () => context.run('sign')),
            button(l10n.t('Flag…'), () => context.run('flag')),
            button(l10n.t('Show in Lineage'), () => context.run('showLineage')),
          )
        : offered && h('p', { class: 'muted hint', key: 'restricted' }, restrictedReason()),
    ];
  }
}
