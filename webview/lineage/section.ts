import { h, type Child } from '../ui/dom.ts';
import { icon } from '../ui/icons.ts';
import { numberText } from '../ui/strings.ts';
import type { PanelContext } from './context.ts';

/** A section with a heading that folds it. */
export function section(
  context: PanelContext,
  id: string,
  title: string,
  count: number | undefined,
  ...children: readonly Child[]
): HTMLElement {
  const collapsed = context.isCollapsed(id);
  return h(
    'section',
    { class: 'section', 'aria-labelledby': `${id}-title`, 'data-section': id, key: id },
    h(
      'h2',
      { class: 'section-heading' },
      h(
        'button',
        {
          type: 'button',
          class: 'section-toggle',
          'aria-expanded': String(!collapsed),
          'aria-controls': `${id}-body`,
          on: {
            click: () => {
              context.toggle(id);
            },
          },
        },
        icon('chevron'),
        h('span', { id: `${id}-title`, class: 'section-title' }, title),
        count !== undefined && h('span', { class: 'badge' }, numberText(count)),
      ),
    ),
    h('div', { id: `${id}-body`, class: 'section-body', hidden: collapsed }, children),
  );
}
