import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { ProvenanceError } from '../core/errors.ts';
import { MAX_REASON_LENGTH } from '../core/evidence/statement.ts';

/** Asks for a reason that is going to be signed. @throws ProvenanceError `cancelled` */
export async function askReason(prompt: string): Promise<string> {
  const reason = await vscode.window.showInputBox({
    prompt,
    ignoreFocusOut: true,
    validateInput: (text) => {
      const { length } = text.trim();
      if (length === 0) return l10n.t('Say why.');
      return length > MAX_REASON_LENGTH ? l10n.t('At most {0} characters.', MAX_REASON_LENGTH) : undefined;
    },
  });
  if (reason === undefined) throw new ProvenanceError('cancelled', 'Cancelled.');
  return reason.trim();
}
