import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePolicy } from '../../../../src/core/policy/parsePolicy.ts';
import { RULES } from '../../../../src/core/policy/rules.ts';
import { STARTER_POLICY } from '../../../../src/core/policy/starterPolicy.ts';

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

for (const text of [
  '',
  '// nothing yet\n',
  '{}',
  '{"$schema": "x"}',
  '{"originFields": {}}',
  '{"rules": {}}',
]) {
  test(`says nothing, and nothing is wrong: ${JSON.stringify(text)}`, () =>
    assert.deepEqual(read(text), [{}]));
}

test('what is wrong is reported, and the rest counts', () => {
  const pointer = ' in "originFields" must be a JSON pointer such as "/meta/site", or a list of them.';
  for (const [text, ...expected] of [
    [
      '{"originFields": {"source": "site", "title": "/t", "url": ["/u", 3], "licence": "/~2"}}',
      { title: '/t' },
      `:1: "source"${pointer}`,
      `:1: "licence"${pointer}`,
      `:1: "url"${pointer}`,
    ],
    [
      '{"originFields": {"createdAt": "/c", "issuer": "/i"}}',
      { issuer: '/i' },
      ':1: "originFields" has no field "createdAt"; it has source, title, issuer, collectedAt, generationMethod, ' +
        'generatedBy, licence, consents, geography, stage, url.',
    ],
    [
      '{"originFields": ["/a"]}',
      {},
      ':1: "originFields" must be an object of JSON pointers, such as {"source": "/meta/site"}.',
    ],
    ['[]', {}, ': a policy is a JSON object, such as {"originFields": {"source": "/meta/site"}}.'],
    [
      '{\n"originFields": {"source": "/s"}\n"x": 1}',
      { source: '/s' },
      ':3: not JSON with comments (comma expected), so that what follows may not count; correct it there.',
      ':3: a policy has no member "x"; it has originFields, roles, rules.',
    ],
    [
      '{"originFields": {"__proto__": {"source": "/s"}}}',
      {},
      ':1: "originFields" has no field "__proto__"; it has source, title, issuer, collectedAt, generationMethod, ' +
        'generatedBy, licence, consents, geography, stage, url.',
    ],
    [
      '{"__proto__": {"originFields": {"source": "/s"}}}',
      {},
      ':1: a policy has no member "__proto__"; it has originFields, roles, rules.',
    ],
    [
      '{"originFields": {"source": "/s"},\n"originFields": {"source": "/t"}}',
      { source: '/t' },
      ':2: "originFields" stands there a second time; remove one of them.',
    ],
    [`{"a":${'['.repeat(100_000)}`, {}, ': nested too deeply; a policy is a flat object.'],
  ] as [string, object, ...string[]][]) {
    assert.deepEqual(read(text), expected, text.slice(0, 100));
  }
});

test('reads the policy of docs/formats.md, which has a row for every rule', () => {
  const formats = readFileSync(join(import.meta.dirname, '../../../../docs/formats.md'), 'utf8');
  const [, example = ''] = /```jsonc\n(\{\n {2}"roles"[^]*?)```/.exec(formats) ?? [];
  const { roles, rules, problems } = parsePolicy(example, PATH);
  assert.deepEqual(problems, []);
  assert.deepEqual([roles?.list.length, rules.length], [2, 4]);
  for (const name of Object.keys(RULES)) assert.match(formats, new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
});

test('reads the policy that the program starts one with', () => {
  const { rules, problems } = parsePolicy(STARTER_POLICY, PATH);
  assert.deepEqual(problems, []);
  assert.ok(rules.length > 0);
  // What is commented out is right as well.
  const all = STARTER_POLICY.replaceAll(/^( *)\/\/ (?=["}]| {2})/gm, '$1');
  assert.deepEqual(parsePolicy(all, PATH).problems, []);
});

test('rules are read in their order, with their numbers', () => {
  const { rules, problems } = parsePolicy(
    `{ "rules": {
      // a comment
      "flags": { "severity": "high", "by": "trusted" },
      "verified": { "minShare": 0.99, },
      "log": {},
    } }`,
    PATH,
  );
  assert.deepEqual(problems, []);
  assert.deepEqual(rules, [
    { name: 'flags', wanted: { severity: 'high', by: 'trusted' } },
    { name: 'verified', wanted: { minShare: 0.99 } },
    { name: 'log', wanted: {} },
  ]);
});

test('roles say who may do what, and rules refer to them', () => {
  const { roles, rules, problems } = parsePolicy(
    `{ "roles": {
         "curators": { "signers": ["*@acme.example"], "mayVouch": { "paths": ["data/**"] } },
         "reviewers": { "signers": ["SHA256:x"], "mayReview": true, "mayClear": ["curators", "strangers"] } },
       "rules": { "signers": { "roles": ["curators"] }, "flags": { "by": ["reviewers"] } } }`,
    PATH,
  );
  assert.deepEqual(problems, []);
  assert.equal(rules.length, 2);
  assert.deepEqual(roles?.list, [
    {
      name: 'curators',
      signers: ['*@acme.example'],
      mayVouch: { paths: ['data/**'] },
      mayReview: false,
      mayClear: [],
    },
    {
      name: 'reviewers',
      signers: ['SHA256:x'],
      mayVouch: false,
      mayReview: true,
      mayClear: ['curators', 'strangers'],
    },
  ]);
});

test('what is not known, or has another form, is an error at its line', () => {
  for (const [text, ...expected] of [
    [
      '{"rules": {\n"verify": {}}}',
      ':2: there is no rule "verify"; there are verified, unchanged, signers, origins, lineage, flags, advisories, age, log.',
    ],
    ['{"rules": {"verified": {}}}', ':1: /rules/verified must have at least one of minShare, minCount.'],
    [
      '{"rules": {"verified": {"minShare": 1,\n\n"minimum": 2}}}',
      ':3: /rules/verified/minimum is not known here; known are minShare, minCount.',
    ],
    [
      '{"rules": {"verified": {\n"minShare": 95}}}',
      ':2: /rules/verified/minShare must be a number from 0 to 1.',
    ],
    ['{"rules": {"age": {}}}', ':1: /rules/age must have the member "maxDays".'],
    [
      '{"rules": {"origins": {"stages": ["sft",\n"training"]}}}',
      ':2: /rules/origins/stages/1 must be one of pretraining, sft, preference, rl, evaluation.',
    ],
    [
      '{"rules": {"origins": {"licences": []}}}',
      ':1: /rules/origins/licences must be a list of 1 to 1,000 items.',
    ],
    [
      '{"rules": {"signers": {"roles": ["curators"]}}}',
      ':1: the policy has no role "curators"; add it to "roles", or name another.',
    ],
    [
      '{"roles": {"a": {"signers": ["*"],\n"mayClear": ["b"]}}}',
      ':2: the policy has no role "b"; add it to "roles", or name another.',
    ],
    [
      '{"roles": {"anyone": {"signers": ["*"]}}}',
      ':1: /roles/anyone must be named with small letters, digits and "-", and not "strangers" or "anyone".',
    ],
    ['{"roles": {}}', ':1: /roles must be an object with at least one member.'],
    [
      '{"rules": []}',
      ':1: /rules must be an object with verified, unchanged, signers, origins, lineage, flags, advisories, age, log.',
    ],
    ['{"rules": {"log": {}, "log": {}}}', ':1: "log" stands there a second time; remove one of them.'],
  ] as [string, ...string[]][]) {
    assert.deepEqual(read(text).slice(1), expected, text);
  }
});

test('a role that is wrong gives nobody a right, and the roles are in force', () => {
  const { roles, problems } = parsePolicy('{"roles": {"a": {"signers": ["*"], "mayVouch": "all"}}}', PATH);
  assert.equal(problems.length, 1);
  assert.deepEqual(roles?.list, []);
});

test('never throws', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      read(text);
      for (const name of ['originFields', 'roles', 'rules']) read(`{"${name}": ${text}}`);
    }),
  );
});
