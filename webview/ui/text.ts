import { untrustedText } from '../../src/protocol/untrustedText.ts';
import { h } from './dom.ts';
import { timeText } from './strings.ts';

/** As much as a tooltip shows. */
const TITLE_LIMIT = 2000;

/**
 * Text that others wrote, which may be anything: with what hides made visible, with an end, and isolated, so that it
 * does not reorder what stands beside it. The tooltip has more of it.
 */
export function untrusted(text: string, limit = 500, className = ''): HTMLElement {
  return h(
    'bdi',
    { class: `untrusted ${className}`.trim(), title: untrustedText(text, TITLE_LIMIT) },
    untrustedText(text, limit),
  );
}

/** A hexadecimal digest, short. */
export function shortDigest(digest: string): string {
  return untrustedText(digest.length > 16 ? `${digest.slice(0, 8)}…${digest.slice(-4)}` : digest);
}

/** "3 days ago", with the full date as tooltip. A time that cannot be read is shown as it stands. */
export function when(time: string): HTMLElement {
  const text = timeText(time);
  if (!text) return untrusted(time, 40);
  return h('time', { class: 'when', datetime: time, title: text.absolute }, text.relative);
}
