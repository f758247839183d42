import { h, type Child } from '../ui/dom.ts';
import { icon, type IconName } from '../ui/icons.ts';

export interface ToolOptions {
  readonly icon?: IconName;
  readonly tone?: string;
  /** What stands on it, if not only its icon. */
  readonly text?: Child;
  /** Pressed or not, for what is on or off. */
  readonly pressed?: boolean;
  /** It opens a menu or a form. */
  readonly popup?: 'menu' | 'dialog';
  /** Why it cannot be used now. It can still be reached, so that this can be read. */
  readonly disabled?: string | undefined;
  readonly title?: string;
  readonly className?: string;
  readonly key?: string;
}

/** A slim button, as in the editor's own toolbars. */
export function tool(
  label: string,
  onClick: (button: HTMLElement) => void,
  options: ToolOptions = {},
): HTMLElement {
  const { text, pressed, disabled } = options;
  return h(
    'button',
    {
      type: 'button',
      class: `tool ${options.className ?? ''}`.trim(),
      'aria-label': label,
      'aria-pressed': pressed === undefined ? undefined : String(pressed),
      'aria-haspopup': options.popup,
      'aria-disabled': disabled === undefined ? undefined : 'true',
      title: disabled ?? options.title ?? label,
      key: options.key ?? label,
      on: {
        click: ({ currentTarget }) => {
          if (disabled === undefined && currentTarget instanceof HTMLElement) onClick(currentTarget);
        },
      },
    },
    options.icon && icon(options.icon, options.tone ?? 'plain'),
    text !== undefined && h('span', { class: 'tool-text' }, text),
  );
}

/** A text that is asked for. */
export function field(
  label: string,
  props: {
    readonly placeholder?: string;
    readonly value?: string;
    readonly numeric?: boolean;
    readonly className?: string;
  },
  onInput: (text: string) => void,
): HTMLElement {
  return h('input', {
    type: 'text',
    class: `field ${props.className ?? ''}`.trim(),
    'aria-label': label,
    placeholder: props.placeholder,
    value: props.value,
    inputmode: props.numeric ? 'numeric' : undefined,
    autocomplete: 'off',
    spellcheck: 'false',
    key: label,
    on: {
      input: ({ target }) => {
        if (target instanceof HTMLInputElement) onInput(target.value);
      },
    },
  });
}

/** One of several. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  selected: string,
  onChange: (value: string) => void,
): HTMLElement {
  return h(
    'select',
    {
      class: 'field choice',
      'aria-label': label,
      key: label,
      on: {
        change: ({ target }) => {
          if (target instanceof HTMLSelectElement) onChange(target.value);
        },
      },
    },
    options.map(([value, text]) => h('option', { value, selected: value === selected, key: value }, text)),
  );
}
