import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';

/** Compares with the text in test/webview/golden; UPDATE_GOLDEN=1 writes it instead. */
export function assertGolden(name: string, actual: string): void {
  const file = new URL(`../golden/${name}`, import.meta.url);
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, `${actual}\n`);
  const expected = readFileSync(file, 'utf8');
  assert.equal(`${actual}\n`, expected, `${name} differs; if it is meant to, run again with UPDATE_GOLDEN=1`);
}
