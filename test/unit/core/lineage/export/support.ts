import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../../../..');

/** A published schema of test/schemas. */
export function schema(path: string): Record<string, unknown> {
  return JSON.parse(schemaText(path)) as Record<string, unknown>;
}

export function schemaText(path: string): string {
  return readFileSync(join(ROOT, 'test/schemas', path), 'utf8');
}

/** Compares with a file in `golden`; UPDATE_GOLDEN=1 writes it instead. */
export function assertGolden(name: string, actual: string): void {
  const path = join(import.meta.dirname, 'golden', name);
  if (process.env['UPDATE_GOLDEN']) writeFileSync(path, actual);
  else
    assert.equal(
      actual,
      readFileSync(path, 'utf8'),
      `${name}; if it is meant to differ, run with UPDATE_GOLDEN=1`,
    );
}

/** Nothing invisible or that turns text around stands in the file itself. */
export function assertVisible(text: string): void {
  const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/u.exec(
    text.replaceAll('\n', ''),
  );
  assert.equal(hidden, null);
}
