import type { Status } from '../core/trust/status.ts';

/** Codicons of flags: on a sample, and on what it was made of. */
export const FLAG_CODICON = 'report';
export const UPSTREAM_CODICON = 'arrow-circle-down';

/** Codicon of a status, where the product's own icons cannot be used. */
export function statusCodicon(status: Status): string {
  switch (status) {
    case 'verified':
      return 'pass';
    case 'untrusted':
      return 'key';
    case 'modified':
      return 'edit';
    case 'added':
      return 'add';
    case 'unsigned':
      return 'circle-large-outline';
    case 'revoked':
      return 'error';
    case 'malformed':
      return 'warning';
    case 'unknown':
      return 'question';
  }
}

/** A sign for a status in plain text: the chip before a line. */
export function statusSign(status: Status): string {
  switch (status) {
    case 'verified':
      return '✓';
    case 'untrusted':
      return '!';
    case 'modified':
      return '✎';
    case 'added':
      return '+';
    case 'unsigned':
      return '○';
    case 'revoked':
      return '✗';
    case 'malformed':
      return '⚠';
    case 'unknown':
      return '?';
  }
}
