import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePolicy } from '../../../../src/core/trust/policy.ts';

const PATH = '/work/.provenance/policy.jsonc';

/** What counts of a policy, and what is said about the rest, without the path. */
function read(text: string): [fields: object, ...problems: string[]] {
  const { originFields, problems } = parsePolicy(text, PATH);
  return [
    originFields,
    ...problems.map(({ code, message }) => {
      assert.equal(code, 'invalid-policy');
      assert.ok(message.startsWith(PATH), message);
      return message.slice(PATH.length);
    }),
  ];
}

test('reads pointers and lists of them, with comments and trailing commas', () => {
  const text = `{
    // where our crawler keeps it
    "originFields": { "source": "/site", /* either */ "collectedAt": ["/at", "/fetched",], "stage": [] },
  }`;
  assert.deepEqual(read(text), [{ source: '/site', collectedAt: ['/at', '/fetched'], stage: [] }]);
});

test('reads the example of docs/formats.md', () => {
  const formats = readFileSync(join(import.meta.dirname, '../../../../docs/formats.md'), 'utf8');
  const [, example = ''] = /```json\n(\{\n {2}"originFields"[^]*?)```/.exec(formats) ?? [];
  assert.deepEqual(read(example), [
    { source: '/provenance/site', collectedAt: ['/provenance/fetched', '/fetched_at'] },
  ]);
});

for (const text of ['', '// nothing yet\n', '{}', '{"later": 1}', '{"originFields": {}}']) {
  test(`says nothing, and nothing is wrong: ${JSON.stringify(text)}`, () =>
    assert.deepEqual(read(text), [{}]));
}

test('what is wrong is reported, and the rest counts', () => {
  const pointer = ' in "originFields" must be a JSON pointer such as "/meta/site", or a list of them.';
  for (const [text, ...expected] of [
    [
      '{"originFields": {"source": "site", "title": "/t", "url": ["/u", 3], "licence": "/~2"}}',
      { title: '/t' },
      `: "source"${pointer}`,
      `: "licence"${pointer}`,
      `: "url"${pointer}`,
    ],
    [
      '{"originFields": {"createdAt": "/c", "issuer": "/i"}}',
      { issuer: '/i' },
      ': "originFields" has no field "createdAt"; it has source, title, issuer, collectedAt, generationMethod, ' +
        'generatedBy, licence, consents, geography, stage, url.',
    ],
    [
      '{"originFields": ["/a"]}',
      {},
      ': "originFields" must be an object of JSON pointers, such as {"source": "/meta/site"}.',
    ],
    ['[]', {}, ': a policy is a JSON object, such as {"originFields": {"source": "/meta/site"}}.'],
    [
      '{\n"originFields": {"source": "/s"}\n"x": 1}',
      { source: '/s' },
      ':3: not JSON with comments (CommaExpected), so that what follows may not count; correct it there.',
    ],
    ['{"originFields": {"__proto__": {"source": "/s"}}}', {}],
    ['{"__proto__": {"originFields": {"source": "/s"}}}', {}],
    [`{"a":${'['.repeat(100_000)}`, {}, ': nested too deeply; a policy is a flat object.'],
  ] as [string, object, ...string[]][]) {
    assert.deepEqual(read(text), expected, text.slice(0, 100));
  }
});

test('never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      read(text);
      read(`{"originFields": ${text}}`);
    }),
  );
});
