import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldDiff, MAX_FIELD_CHANGES, MAX_SHOWN_VALUE } from '../../../../src/core/lineage/fieldDiff.ts';
import { parseJsonValue, type JsonValue } from '../../../../src/core/sample/jsonValue.ts';

/** The difference in one line: `/a: 1 → 2, /b: + 3, /c: - 4`. */
function diff(before: string, after: string): string {
  return fieldDiff(parseJsonValue(before), parseJsonValue(after))
    .map(({ pointer, change, before: old, after: now }) => {
      if (change === 'added') return `${pointer}: + ${now!}`;
      return change === 'removed' ? `${pointer}: - ${old!}` : `${pointer}: ${old!} → ${now!}`;
    })
    .join(', ');
}

test('members that were changed, added and removed', () => {
  assert.equal(
    diff('{"a":1,"b":{"c":"x"},"d":0}', '{"a":2,"b":{"c":"y"},"e":[]}'),
    '/a: 1 → 2, /b/c: "x" → "y", /d: - 0, /e: + []',
  );
  assert.equal(diff('{"a/b":{"~":1}}', '{"a/b":{"~":2}}'), '/a~1b/~0: 1 → 2');
  assert.equal(diff('1', '"1"'), ': 1 → "1"');
  assert.equal(diff('{"__proto__":1}', '{"__proto__":2}'), '/__proto__: 1 → 2');
});

test('what the canonical form does not tell apart is no difference; what it does, is', () => {
  assert.equal(diff('{"a":1.0,"b":"\\u0041"}', '{"b":"A","a":1}'), '');
  assert.equal(
    diff('{"a":9007199254740993}', '{"a":9007199254740992}'),
    '/a: 9007199254740993 → 9007199254740992',
  );
  assert.equal(diff('[{"b":1,"a":[{}]}]', '[{"a":[{}],"b":1}]'), '');
});

test('items that were inserted or removed are told from those that were changed', () => {
  assert.equal(diff('[1,2,3]', '[0,1,2,3]'), '/0: + 0');
  assert.equal(diff('[1,2,3]', '[1,3]'), '/1: - 2');
  assert.equal(diff('[{"a":1},{"b":1},{"c":1}]', '[{"a":1},{"b":2},{"c":1}]'), '/1/b: 1 → 2');
  assert.equal(diff('[1,2,3,4]', '[2,9,4,5]'), '/0: - 1, /1: 3 → 9, /3: + 5');
});

test('long values are shown from their first difference on, and no character is cut in two', () => {
  const long = 'x'.repeat(10_000);
  const [change] = fieldDiff({ a: `${long}old` }, { a: `${long}new` });
  assert.match(change!.before!, /^…x+old"$/);
  assert.match(change!.after!, /^…x+new"$/);
  const emoji = '\u{1F600}'.repeat(5000);
  for (const shift of ['', 'y']) {
    for (const { before, after } of fieldDiff({ a: shift + emoji }, { a: `${shift}${emoji}${long}` })) {
      assert.doesNotMatch(before! + after!, /\p{Surrogate}/u);
      assert.ok(after!.length <= MAX_SHOWN_VALUE + 2);
    }
  }
});

test('records that differ in too many places are one change', () => {
  const many = (value: number) =>
    Object.fromEntries(Array.from({ length: MAX_FIELD_CHANGES + 1 }, (_, i) => [`m${String(i)}`, value]));
  assert.deepEqual(
    fieldDiff(many(1), many(2)).map(({ pointer, change }) => `${pointer} ${change}`),
    [' changed'],
  );
});

test('hostile records end soon', () => {
  const deep = (leaf: string) => `${'['.repeat(500)}${leaf}${']'.repeat(500)}`;
  assert.equal(fieldDiff(parseJsonValue(deep('1')), parseJsonValue(deep('2'))).length, 1);
  const items = (from: number) => Array.from({ length: 50_000 }, (_, i) => (i * 7 + from) % 1000);
  assert.equal(fieldDiff(items(0), items(3)).length, 1);
});

/** Puts a difference into the record before it, which gives the record after it. Only members, no items. */
function applied(before: JsonValue, after: JsonValue): JsonValue {
  let result = structuredClone(before) as Record<string, unknown>;
  for (const { pointer, change, after: now } of fieldDiff(before, after)) {
    if (pointer === '') {
      result = parseJsonValue(now!) as Record<string, unknown>;
      continue;
    }
    const path = pointer
      .slice(1)
      .split('/')
      .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = path.pop()!;
    const parent = path.reduce((value, name) => value[name] as Record<string, unknown>, result);
    if (change === 'removed') Reflect.deleteProperty(parent, last);
    else parent[last] = parseJsonValue(now!);
  }
  return result as JsonValue;
}

test('a difference is all of the difference', () => {
  const key = fc.constantFrom('a', 'b', 'c/d', '~e', '');
  const leaf = fc.oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.constantFrom('', 'x', 'y'),
    fc.constant(null),
    fc.boolean(),
  );
  const { record } = fc.letrec<{ record: unknown; value: unknown }>((tie) => ({
    record: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    value: fc.oneof({ maxDepth: 3 }, leaf, tie('record')),
  }));
  fc.assert(
    fc.property(record, record, (a, b) => {
      // Without the null prototype that fast-check gives some of them.
      const [before, after] = [a, b].map((value) => JSON.parse(JSON.stringify(value)) as JsonValue) as [
        JsonValue,
        JsonValue,
      ];
      assert.deepEqual(applied(before, after), after);
    }),
  );
});
