import * as l10n from '@vscode/l10n';
import { jsonText, type JsonValue } from '../core/sample/jsonValue.ts';
import type { FormHint } from '../core/trust/formHints.ts';
import type { FormKind } from '../core/trust/valueForms.ts';
import { untrustedText } from '../protocol/untrustedText.ts';

/** How much of a value is shown, in UTF-16 code units. */
const SHOWN = 60;

/** In which form a column's values are, other than they were signed: a part of a sentence. */
export function formWord(kind: FormKind): string {
  switch (kind) {
    case 'dropped-null':
      return l10n.t('null left out');
    case 'dropped-member':
      return l10n.t('left out');
    case 'extra-member':
      return l10n.t('added');
    case 'rounded-number':
      return l10n.t('number with fewer digits');
    case 'timestamp-form':
      return l10n.t('date or time in another form');
    case 'number-or-text':
      return l10n.t('number and text exchanged, or other digits');
    case 'not-finite':
      return l10n.t('NaN or infinity in another form');
    case 'boolean-form':
      return l10n.t('0 and 1 for false and true');
    case 'json-text':
      return l10n.t('JSON written as text, or the reverse');
    case 'map-form':
      return l10n.t('map in another form');
    case 'binary-form':
      return l10n.t('bytes in another form');
  }
}

/** A column whose values are written otherwise than they were signed, with an example. */
export function explainHint({ pointer, kind, rows, example }: FormHint): string {
  const column = untrustedText(columnName(pointer), SHOWN);
  const args = {
    column,
    form: formWord(kind),
    rows,
    line: example.line,
    signed: shown(example.signed),
    found: shown(example.found),
  };
  return rows === 1
    ? l10n.t('column “{column}”: {form}, in 1 row; line {line}: signed {signed}, found {found}', args)
    : l10n.t('column “{column}”: {form}, in {rows} rows; line {line}: signed {signed}, found {found}', args);
}

/** `meta.url` for `/meta/url`; items of arrays as `tags[]`. */
function columnName(pointer: string): string {
  return pointer
    .slice(1)
    .replaceAll('/*', '[]')
    .replaceAll('/', '.')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return l10n.t('nothing');
  return untrustedText(jsonText(value), SHOWN);
}
