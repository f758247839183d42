import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { GENERATION_METHODS, SEVERITIES, STAGES } from '../../../../src/core/evidence/predicates.ts';
import { parsePolicy } from '../../../../src/core/policy/parsePolicy.ts';
import { policySchema } from '../../../../src/core/policy/policyShape.ts';
import type { RULES } from '../../../../src/core/policy/rules.ts';

const root = join(import.meta.dirname, '../../../..');
const file = join(root, 'media/policy.schema.json');

test('media/policy.schema.json is what the table of rules says (UPDATE_GOLDEN=1 writes it)', () => {
  const schema = JSON.stringify(policySchema());
  if (process.env['UPDATE_GOLDEN']) writeFileSync(file, `${JSON.stringify(policySchema(), undefined, 2)}\n`);
  assert.equal(JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))), schema);
});

test('the manifest has the editor use it for policies', () => {
  const { contributes } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    contributes: { jsonValidation: { fileMatch: string[]; url: string }[] };
  };
  const entry = contributes.jsonValidation.find(({ fileMatch }) =>
    fileMatch.includes('.provenance/policy.jsonc'),
  );
  assert.equal(join(root, entry?.url ?? ''), file);
});

test('every member has a description for completion and hovers', () => {
  const check = (schema: unknown, path: string) => {
    const { description, properties, items, additionalProperties, anyOf } = schema as {
      description?: string;
      properties?: Record<string, unknown>;
      items?: unknown;
      additionalProperties?: unknown;
      anyOf?: unknown[];
    };
    assert.ok(path === '/originFields' || typeof description === 'string', path);
    for (const [name, member] of Object.entries(properties ?? {})) check(member, `${path}/${name}`);
    if (items) check(items, `${path}/*`);
    if (typeof additionalProperties === 'object') check(additionalProperties, `${path}/*`);
    anyOf?.forEach((member, index) => {
      check(member, `${path}|${String(index)}`);
    });
  };
  const { properties } = policySchema() as { properties: Record<string, { properties: object }> };
  check(properties['roles'], '/roles');
  for (const [name, rule] of Object.entries(properties['rules']!.properties)) check(rule, `/rules/${name}`);
});

const accepts = new Ajv({ allErrors: false }).compile(policySchema());

/** A value that is right more often than not. */
const mostly = (right: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 60, arbitrary: right },
    {
      weight: 1,
      arbitrary: fc.constantFrom(null, true, 0, -1, 1.5, 2, 1e300, '', 'x', '!x', [], {}, ['x'], ['']),
    },
  );
const members = (known: Record<string, fc.Arbitrary<unknown>>, required: string[] = []) => {
  const fields = Object.fromEntries(Object.entries(known).map(([name, value]) => [name, mostly(value)]));
  return fc.oneof(
    { weight: 60, arbitrary: fc.record(fields, { requiredKeys: required }) },
    { weight: 1, arbitrary: fc.record(fields, { requiredKeys: [] }) },
    { weight: 1, arbitrary: fc.record({ unknown: fc.anything() }) },
  );
};
const words = (list: readonly string[]) =>
  fc.array(mostly(fc.constantFrom(...list)), { minLength: 1, maxLength: 3 });
const texts = fc.array(
  mostly(fc.constantFrom('*', 'a@b', '!c', 'https://*.example/*', 'x'.repeat(1000), '𝒳'.repeat(1000))),
  {
    minLength: 1,
    maxLength: 3,
  },
);
const roleNames = fc.constantFrom('curators', 'reviewers');
const count = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 1, max: 100 }) },
  fc.constantFrom(0, 101, 2 ** 53 - 1, 2 ** 53, 0.5),
);

const rules: Record<keyof typeof RULES, fc.Arbitrary<unknown>> = {
  verified: members({ minShare: fc.constantFrom(0, 0.5, 1), minCount: count }),
  unchanged: members({ allow: words(['intact', 'reformatted', 'subset']) }, ['allow']),
  signers: members({ required: texts, roles: fc.array(roleNames, { minLength: 1 }), distinct: count }),
  origins: members({
    sources: texts,
    licences: texts,
    stages: words(STAGES),
    generationMethods: words(GENERATION_METHODS),
  }),
  lineage: members({ from: words([...GENERATION_METHODS, 'crawl', 'import']) }),
  flags: members({
    severity: fc.constantFrom(...SEVERITIES),
    by: fc.oneof(fc.constantFrom('anyone', 'trusted'), fc.array(roleNames, { minLength: 1 })),
    upstream: fc.boolean(),
  }),
  advisories: members({ severity: fc.constantFrom(...SEVERITIES), upstream: fc.boolean(), from: texts }),
  age: members({ maxDays: fc.constantFrom(0, 0.5, 90, 36_500) }, ['maxDays']),
  log: members({ require: fc.constantFrom('complete', 'kept'), witnesses: count }),
};

const role = members(
  {
    signers: texts,
    mayVouch: fc.oneof(fc.boolean(), members({ paths: texts, sources: texts, stages: words(STAGES) })),
    mayReview: fc.boolean(),
    mayClear: fc.array(fc.constantFrom('curators', 'strangers', 'anyone', 'reviewers'), { minLength: 1 }),
  },
  ['signers'],
);
const pointer = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('', '/a', '/a~1b', '/a/0') },
  fc.constantFrom('/~2', 'a', '/~'),
);
const policies = members({
  $schema: fc.constant('https://example/policy'),
  originFields: members({ source: fc.oneof(pointer, fc.array(pointer)), stage: pointer }),
  // Both roles are there, so that references to them, which no schema checks, are right.
  roles: fc.record({ curators: role, reviewers: role }, { requiredKeys: ['curators', 'reviewers'] }),
  rules: members(rules),
});

test('schema and parser agree on random policies, and both answers come up', () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(policies, (policy) => {
      const text = JSON.stringify(policy);
      const value: unknown = JSON.parse(text);
      const problems = parsePolicy(text, '/w/.provenance/policy.jsonc').problems.filter(
        // Where a reference leads, no schema says.
        ({ template }) => !template.includes('the policy has no role'),
      );
      const bySchema = accepts(value);
      assert.equal(
        problems.length === 0,
        bySchema,
        `${text}\n${problems.map(String).join('\n')}\n${JSON.stringify(accepts.errors)}`,
      );
      if (bySchema) accepted++;
      else refused++;
    }),
    { numRuns: 3000 },
  );
  assert.ok(accepted > 300 && refused > 300, `${String(accepted)} accepted, ${String(refused)} refused`);
});
