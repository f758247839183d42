import { provideVSCodeDesignSystem, vsCodeButton, vsCodeProgressRing } from '@vscode/webview-ui-toolkit';

/**
 * The only door to `@vscode/webview-ui-toolkit`, which is no longer developed: what replaces it one day replaces this
 * file. It re-exports the controls in use, so that a webview bundles only those that it registers.
 *
 * Its badge and tag are not among them: their templates have style attributes, for which the content security policy
 * would have to allow inline styles. `.badge` and `.tag` in ui.css look the same.
 */
export { vsCodeButton, vsCodeProgressRing };

type Register = ReturnType<typeof provideVSCodeDesignSystem>['register'];

/** Defines the custom elements of these controls: `<vscode-button>` and so on. */
export const registerControls: Register = (...controls: unknown[]) =>
  provideVSCodeDesignSystem().register(...controls);
