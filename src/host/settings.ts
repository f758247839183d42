import * as vscode from 'vscode';

/** The product's settings; the manifest describes them. */
export interface Settings {
  readonly gutterIcons: boolean;
  readonly signerChip: boolean;
  readonly overviewRuler: boolean;
  readonly codeLens: boolean;
  readonly maxProblems: number;
  readonly backgroundVerification: boolean;
  readonly allowedSignersFile: string;
  readonly 'sigstore.trustedRoot': string;
  readonly 'sigstore.identitiesFile': string;
}

const SECTION = 'provenance';

export const SETTING_DEFAULTS: Settings = {
  gutterIcons: true,
  signerChip: false,
  overviewRuler: true,
  codeLens: true,
  maxProblems: 100,
  backgroundVerification: true,
  allowedSignersFile: '',
  'sigstore.trustedRoot': '',
  'sigstore.identitiesFile': '',
};

/** A setting's value. A value of the wrong type counts as not set: settings may come with a workspace. */
export function setting<Name extends keyof Settings>(name: Name): Settings[Name] {
  const fallback = SETTING_DEFAULTS[name];
  const value = vscode.workspace.getConfiguration(SECTION).get<unknown>(name);
  return typeof value === typeof fallback ? (value as Settings[Name]) : fallback;
}

export async function toggleSetting(name: 'signerChip'): Promise<void> {
  await vscode.workspace
    .getConfiguration(SECTION)
    .update(name, !setting(name), vscode.ConfigurationTarget.Global);
}

export function onDidChangeSettings(listener: () => void): vscode.Disposable {
  return vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration(SECTION)) listener();
  });
}
