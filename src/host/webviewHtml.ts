import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { toHex } from '../core/bytes/hex.ts';

/**
 * The page of a webview: one script and one style sheet from `dist/webview`, nothing else. Dataset text is hostile, so
 * nothing may be loaded or run but these.
 */
export function webviewHtml(webview: vscode.Webview, extensionUri: vscode.Uri, name: string): string {
  const nonce = toHex(crypto.getRandomValues(new Uint8Array(24)));
  const file = (extension: string) =>
    webview
      .asWebviewUri(vscode.Uri.joinPath(extensionUri, 'dist', 'webview', `${name}.${extension}`))
      .toString();
  const policy = [
    "default-src 'none'",
    // The hash is that of the empty style element with which the toolkit probes for :focus-visible.
    `style-src ${webview.cspSource} 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='`,
    `script-src 'nonce-${nonce}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types fast-html',
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${vscode.env.language.replace(/[^\w-]/g, '')}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${l10n.t('Provenance')}</title>
<link rel="stylesheet" href="${file('css')}">
</head>
<body>
<main id="app"></main>
<script nonce="${nonce}" src="${file('js')}"></script>
</body>
</html>`;
}

/** The strings of the user's language, for a page's own `l10n`. */
export function webviewStrings(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(vscode.l10n.bundle ?? {}).filter((entry) => typeof entry[1] === 'string'),
  );
}

/** What a webview may load. */
export function webviewOptions(extensionUri: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extensionUri, 'dist', 'webview')] };
}
