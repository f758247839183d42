import * as l10n from '@vscode/l10n';
import type { TableState } from '../../src/protocol/sampleTable.ts';
import { h } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { untrusted } from '../ui/text.ts';
import type { TableContext } from './context.ts';
import { tool } from './controls.ts';

/** What went wrong with the last thing the user asked for. */
export interface Message {
  readonly text: string;
  readonly retry?: () => void;
}

/** What is worth knowing, as slim bars: an error that leaves rows to look at, and the host's notices. */
export function notices(context: TableContext, { notices: all, error, count }: TableState): HTMLElement {
  // Without rows, it stands in their place.
  const showsError = error !== undefined && count > 0;
  return h(
    'ul',
    {
      class: 'notices',
      'aria-label': l10n.t('Notices'),
      hidden: all.length === 0 && !showsError,
      key: 'notices',
    },
    showsError && h('li', { class: 'notice error', key: 'error' }, icon('malformed'), untrusted(error)),
    all.map(({ text, action }, index) =>
      h(
        'li',
        { class: 'notice', key: String(index) },
        icon('info', 'plain'),
        untrusted(text),
        action === 'reload' &&
          tool(
            l10n.t('Reload'),
            () => {
              void context.call('reload', null);
            },
            { text: l10n.t('Reload'), className: 'action' },
          ),
      ),
    ),
  );
}

/** The last failure. A live region speaks when its content changes, so it is always there. */
export function alertBar(message: Message | undefined, dismiss: () => void): HTMLElement {
  return h(
    'div',
    { class: 'alert', role: 'alert', key: 'alert' },
    message &&
      h(
        'div',
        { class: 'notice error' },
        icon('malformed'),
        untrusted(message.text),
        message.retry &&
          tool(l10n.t('Try again'), message.retry, { text: l10n.t('Try again'), className: 'action' }),
        tool(l10n.t('Dismiss'), dismiss, { icon: 'close', className: 'end' }),
      ),
  );
}

/** A thin line of progress: what is being read, checked or filtered. */
export function progressLine({ judging, filtering, complete, judged }: TableState): HTMLElement {
  const [share, label] =
    filtering !== undefined
      ? [filtering, l10n.t('Filtering')]
      : !judged && judging !== undefined
        ? [judging, l10n.t('Checking signatures')]
        : [undefined, complete ? undefined : l10n.t('Reading the file')];
  return h('progress', {
    class: 'progress',
    'aria-label': label,
    value: share,
    hidden: label === undefined,
    key: 'progress',
  });
}
