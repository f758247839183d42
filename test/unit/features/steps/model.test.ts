import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { STEP_KINDS } from '../../../../src/core/evidence/predicates.ts';
import type { Column } from '../../../../src/core/table/rowSource.ts';
import {
  countsSentence,
  countsWarning,
  keySuggestions,
  kindSentence,
  leavesUnchanged,
  pairingChoices,
  parseParameter,
  pointerProblem,
} from '../../../../src/features/steps/model.ts';

function column(pointer: string, type: string, children: readonly Column[] = []): Column {
  return { name: pointer.slice(pointer.lastIndexOf('/') + 1), pointer, type, children };
}

describe('The form for a step', () => {
  test('says what each kind does, and offers no pairing first where nothing changes', () => {
    assert.equal(new Set(STEP_KINDS.map(kindSentence)).size, STEP_KINDS.length);
    for (const kind of STEP_KINDS) {
      const offered = pairingChoices(kind).map(({ by }) => by);
      assert.deepEqual([...offered].sort(), ['key', 'none', 'position', 'similar']);
      assert.equal(offered[0], leavesUnchanged(kind) ? 'none' : 'key');
    }
  });

  test('suggests fields that may be a key, the likely ones first', () => {
    const columns = [
      column('/text', 'string'),
      column('/tags', 'array'),
      column('/ok', 'boolean'),
      column('/meta', 'object', [column('/meta/source', 'string'), column('/meta/doc_id', 'string | null')]),
      column('/id', 'INT64'),
    ];
    assert.deepEqual(keySuggestions(columns), ['/meta/doc_id', '/id', '/text', '/meta/source']);
  });

  test('refuses what is no JSON pointer', () => {
    assert.equal(pointerProblem('/meta/id'), undefined);
    assert.equal(pointerProblem('/a~1b~0c'), undefined);
    for (const wrong of ['', 'id', 'meta.id', '/a~2', '/a~']) assert.ok(pointerProblem(wrong), wrong);
  });

  test('reads parameters: whole numbers and booleans as such, everything else as text', () => {
    assert.deepEqual(parseParameter('min_length=200'), { name: 'min_length', value: 200 });
    assert.deepEqual(parseParameter(' lower = true '), { name: 'lower', value: true });
    assert.deepEqual(parseParameter('version=1.10'), { name: 'version', value: '1.10' });
    assert.deepEqual(parseParameter('id=007'), { name: 'id', value: '007' });
    assert.deepEqual(parseParameter('big=12345678901234567890'), {
      name: 'big',
      value: '12345678901234567890',
    });
    assert.deepEqual(parseParameter('expression=a=b'), { name: 'expression', value: 'a=b' });
    for (const wrong of ['', 'name', '=value', ' =x']) assert.equal(parseParameter(wrong), undefined, wrong);
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z_]{1,10}$/), fc.string({ maxLength: 50 }), (name, value) => {
        const parsed = parseParameter(`${name}=${value}`);
        assert.equal(parsed?.name, name);
        assert.equal(String(parsed.value), value.trim());
      }),
    );
  });

  test('warns of counts that mean that something is missing', () => {
    const counts = { in: 60, out: 50, unchanged: 30, changed: 18, added: 2, dropped: 12 };
    assert.equal(countsSentence(counts), '60 read, 50 written: 30 unchanged, 18 changed, 2 new; 12 dropped.');
    assert.equal(countsWarning(counts), undefined);
    assert.match(countsWarning({ ...counts, unchanged: 0, changed: 0, added: 50 }) ?? '', /^Not one sample/);
    assert.match(countsWarning({ ...counts, unchanged: 10, changed: 0, added: 40 }) ?? '', /^More than half/);
    assert.match(
      countsWarning({ ...counts, out: 0, unchanged: 0, changed: 0, added: 0 }) ?? '',
      /no samples/,
    );
  });
});
