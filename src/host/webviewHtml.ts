import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { toHex } from '../core/bytes/hex.ts';
import { logError } from './messages.ts';

/** Shows a page in a webview, which may run the page's script and load nothing. */
export function showPage(webview: vscode.Webview, extensionUri: vscode.Uri, name: string): void {
  webview.options = { enableScripts: true, localResourceRoots: [] };
  webviewHtml(extensionUri, name)
    .then((html) => {
      webview.html = html;
    })
    // Also where it was closed meanwhile.
    .catch(logError);
}

/**
 * The page of a webview: one script and one style sheet from `dist/webview`, nothing else, both in the page itself, since
 * each file of its own costs a round trip through the editor before anything is seen. Dataset text is hostile, so nothing
 * may be loaded or run but these.
 */
async function webviewHtml(extensionUri: vscode.Uri, name: string): Promise<string> {
  const [style, script] = await Promise.all(
    ['css', 'js'].map((extension) => pageFile(extensionUri, `${name}.${extension}`)),
  );
  const nonce = toHex(crypto.getRandomValues(new Uint8Array(24)));
  const policy = [
    "default-src 'none'",
    // The hash is that of the empty style element with which the toolkit probes for :focus-visible.
    `style-src 'nonce-${nonce}' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='`,
    `script-src 'nonce-${nonce}'`,
    // Only what our own script makes has such an address: a drawing on its way to a file.
    'img-src blob:',
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
<style nonce="${nonce}">${style ?? ''}</style>
</head>
<body>
<main id="app"></main>
<script nonce="${nonce}">${script ?? ''}</script>
</body>
</html>`;
}

const pageFiles = new Map<string, Promise<string>>();

/** A file of `dist/webview`; the build escapes what would end a script or style element. Read once. */
function pageFile(extensionUri: vscode.Uri, name: string): Promise<string> {
  let text = pageFiles.get(name);
  if (!text) {
    const uri = vscode.Uri.joinPath(extensionUri, 'dist', 'webview', name);
    text = Promise.resolve(vscode.workspace.fs.readFile(uri)).then((bytes) =>
      new TextDecoder().decode(bytes),
    );
    // One that could not be read is tried again.
    text.catch(() => pageFiles.delete(name));
    pageFiles.set(name, text);
  }
  return text;
}

/** The strings of the user's language, for a page's own `l10n`. */
export function webviewStrings(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(vscode.l10n.bundle ?? {}).filter((entry) => typeof entry[1] === 'string'),
  );
}
