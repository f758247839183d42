import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { ed25519Signer } from '../../../../src/core/evidence/signer.ts';
import { fingerprint, formatSshPublicKey, parseSshPublicKey } from '../../../../src/core/evidence/sshKey.ts';
import {
  findSigner,
  formatAllowedSigner,
  matchPatternList,
  NAMESPACE,
  parseAllowedSigners,
} from '../../../../src/core/trust/allowedSigners.ts';
import { failure, missing } from '../evidence/support.ts';

const KEY = ed25519Signer(new Uint8Array(32).fill(1)).publicKey;
const OTHER_KEY = ed25519Signer(new Uint8Array(32).fill(2)).publicKey;
const LINE = formatSshPublicKey(KEY);
const NOW = Date.UTC(2026, 0, 31);

/**
 * Files (KEY stands for a public key, OTHER for another one), when the signature was made, and whether ssh-keygen
 * accepts a signature of anna@example.org with it. We agree, except where we are stricter on purpose.
 */
const AGREEMENT: readonly [file: string, time: string, sshKeygen: boolean, how?: 'stricter'][] = [
  ['anna@example.org KEY', '20260131Z', true],
  ['anna@example.org\tKEY', '20260131Z', true],
  ['  \t anna@example.org   \t  KEY   with a comment', '20260131Z', true],
  ['anna@example.org KEY\r', '20260131Z', true],
  ['anna@example.org\rKEY', '20260131Z', true],
  ['# comment\n\n   # another\nanna@example.org KEY', '20260131Z', true],
  ['anna@example.org KEY#no comment', '20260131Z', false],
  ['anna@example.org OTHER', '20260131Z', false],
  ['anna@example.org OTHER\nanna@example.org KEY', '20260131Z', true],
  // Principals
  ['"anna@example.org" KEY', '20260131Z', true],
  ['"anna@example.org"KEY', '20260131Z', true],
  ['anna"@example.org" KEY', '20260131Z', true],
  ['"anna@example.org KEY', '20260131Z', false],
  ['"other, anna@example.org" KEY', '20260131Z', false],
  ['"other name,anna@example.org" KEY', '20260131Z', true],
  ['other,anna@example.org KEY', '20260131Z', true],
  ['anna@example.org, KEY', '20260131Z', true],
  ['*@example.org KEY', '20260131Z', true],
  ['a??a@example.org KEY', '20260131Z', true],
  ['a?a@example.org KEY', '20260131Z', false],
  ['*,!anna@example.org KEY', '20260131Z', false],
  ['!anna@example.org,* KEY', '20260131Z', false],
  ['!boris@example.org,* KEY', '20260131Z', true],
  ['!boris@example.org KEY', '20260131Z', false],
  ['ANNA@example.org KEY', '20260131Z', false],
  [`${'x'.repeat(1100)},anna@example.org KEY`, '20260131Z', false],
  [`anna@example.org,${'x'.repeat(1022)} KEY`, '20260131Z', true],
  [`anna@example.org,${'x'.repeat(1023)} KEY`, '20260131Z', false],
  // Namespaces
  ['anna@example.org namespaces="dataset-provenance" KEY', '20260131Z', true],
  ['anna@example.org NameSpaces="dataset-provenance" KEY', '20260131Z', true],
  ['anna@example.org namespaces="git,dataset-*" KEY', '20260131Z', true],
  ['anna@example.org namespaces="git" KEY', '20260131Z', false],
  ['anna@example.org namespaces="git, dataset-provenance" KEY', '20260131Z', false],
  ['anna@example.org namespaces="*,!dataset-provenance" KEY', '20260131Z', false],
  ['anna@example.org namespaces="" KEY', '20260131Z', false],
  ['anna@example.org namespaces="\\",dataset-provenance" KEY', '20260131Z', true],
  ['anna@example.org namespaces="\\\\",dataset-provenance" KEY', '20260131Z', true],
  ['anna@example.org namespaces="dataset-provenance\\" KEY', '20260131Z', false],
  ['anna@example.org namespaces=dataset-provenance KEY', '20260131Z', false],
  ['anna@example.org namespaces="git",namespaces="dataset-provenance" KEY', '20260131Z', false],
  ['anna@example.org namespaces="git" KEY\nanna@example.org KEY', '20260131Z', true],
  // Other options
  ['anna@example.org cert-authority KEY', '20260131Z', false],
  ['anna@example.org CERT-authority,namespaces="dataset-provenance" KEY', '20260131Z', false],
  ['anna@example.org cert-authorityx KEY', '20260131Z', false],
  ['anna@example.org no-touch-required KEY', '20260131Z', false],
  ['anna@example.org ,namespaces="dataset-provenance" KEY', '20260131Z', true],
  ['anna@example.org namespaces="dataset-provenance", KEY', '20260131Z', false],
  ['anna@example.org namespaces="dataset-provenance"x KEY', '20260131Z', false],
  ['anna@example.org namespaces="dataset-provenance",,valid-after="20200101Z" KEY', '20260131Z', true],
  // Validity: both ends are inclusive
  ['anna@example.org valid-after="20260131Z" KEY', '20260131Z', true],
  ['anna@example.org valid-after="20260131000001Z" KEY', '20260131Z', false],
  ['anna@example.org valid-after="202601310001Z" KEY', '20260131000059Z', false],
  ['anna@example.org valid-before="20260131Z" KEY', '20260131Z', true],
  ['anna@example.org valid-before="20260130235959Z" KEY', '20260131Z', false],
  ['anna@example.org VALID-before="20260130235959z" KEY', '20260131Z', false],
  ['anna@example.org valid-before="20260131UTC" KEY', '20260131Z', true],
  ['anna@example.org valid-after="20260101Z",valid-before="20260201Z" KEY', '20260131Z', true],
  ['anna@example.org valid-after="20260101Z",valid-before="20260101Z" KEY', '20260101Z', false],
  ['anna@example.org valid-before="2026-02-01" KEY', '20260131Z', false],
  ['anna@example.org valid-before="20261301Z" KEY', '20260131Z', false],
  ['anna@example.org valid-before="19700101Z" KEY', '20260131Z', false],
  ['anna@example.org valid-before="20200101Z" KEY\nanna@example.org KEY', '20260131Z', true],
  // Without Z: local standard time, in summer too (TZ is America/New_York here, five hours behind UTC)
  ['anna@example.org valid-before="20260131" KEY', '20260131050000Z', true],
  ['anna@example.org valid-before="20260131" KEY', '20260131050001Z', false],
  ['anna@example.org valid-before="20260701" KEY', '20260701050000Z', true],
  ['anna@example.org valid-before="20260701" KEY', '20260701050001Z', false],
  // ssh-keygen takes these for March 2 and the next minute
  ['anna@example.org valid-before="20260230Z" KEY', '20260131Z', true, 'stricter'],
  ['anna@example.org valid-before="20260131000060Z" KEY', '20260131Z', true, 'stricter'],
  // and skips blanks before a number
  ['anna@example.org valid-before="2026 201Z" KEY', '20260131Z', true, 'stricter'],
];

/** `YYYYMMDD[HHMMSS]Z` in milliseconds. */
function parseKeygenTime(text: string): number {
  const digits = text.replace('Z', '').padEnd(14, '0');
  return Date.parse(digits.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z'));
}

describe('agreement with ssh-keygen -Y verify', { skip: missing('ssh-keygen') }, () => {
  process.env['TZ'] = 'America/New_York';
  const folder = mkdtempSync(join(tmpdir(), 'allowed-signers-'));
  after(() => rmSync(folder, { recursive: true }));
  const run = (args: string[], input = '') =>
    spawnSync('ssh-keygen', args, { cwd: folder, input, encoding: 'utf8' });
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, 'key')]);
  writeFileSync(join(folder, 'message'), 'message');
  assert.equal(run(['-q', '-Y', 'sign', '-f', 'key', '-n', NAMESPACE, 'message']).status, 0);
  const key = parseSshPublicKey(run(['-y', '-f', 'key']).stdout);

  for (const [index, [template, time, sshKeygen, how]] of AGREEMENT.entries()) {
    const shown = template.length > 100 ? `${template.slice(0, 30)}…` : template;
    test(`${JSON.stringify(shown)} at ${time}: ${sshKeygen ? 'accepted' : 'refused'}`, () => {
      const text = `${template.replaceAll('KEY', formatSshPublicKey(key)).replaceAll('OTHER', LINE)}\n`;
      writeFileSync(join(folder, `signers-${index}`), text);
      const file = ['-f', `signers-${index}`, '-I', 'anna@example.org', '-n', NAMESPACE];
      const keygen = run(
        ['-Y', 'verify', ...file, '-s', 'message.sig', '-O', `verify-time=${time}`],
        'message',
      );
      assert.equal(keygen.status === 0, sshKeygen, `ssh-keygen: ${keygen.stderr}`);

      const { entries } = parseAllowedSigners(text, 'allowed_signers');
      const ours = findSigner(
        entries.filter(({ principals }) => matchPatternList('anna@example.org', principals)),
        fingerprint(key),
        parseKeygenTime(time),
      );
      assert.equal(ours.standing === 'trusted', how === 'stricter' ? false : sshKeygen);
    });
  }
});

test('an entry has all that the line says', () => {
  const options = 'namespaces="a,b",valid-after="20200101Z",valid-before="20300101Z"';
  const text = `# signers\nanna@example.org ${options} ${LINE} Anna\n`;
  const { entries, problems } = parseAllowedSigners(text, '/p/allowed_signers');
  assert.deepEqual(problems, []);
  assert.deepEqual(entries, [
    {
      principals: 'anna@example.org',
      key: KEY,
      keyId: fingerprint(KEY),
      certAuthority: false,
      namespaces: 'a,b',
      validAfter: Date.UTC(2020, 0, 1),
      validBefore: Date.UTC(2030, 0, 1),
      line: 2,
      path: '/p/allowed_signers',
    },
  ]);
});

const BAD_LINES: readonly [line: string, words: RegExp][] = [
  ['anna@example.org', /no valid public key/],
  ['anna@example.org ssh-ed25519 AAAA', /no valid public key/],
  [`"anna@example.org ${LINE}`, /no closing quote/],
  [`"" ${LINE}`, /no principal/],
  [`!boris,!carl ${LINE}`, /name nobody, they only rule out/],
  [`\ufeffanna ${LINE}`, /byte order mark/],
  [`anna namespaces="a ${LINE}`, /no closing quote/],
  [`anna namespaces=a ${LINE}`, /"namespaces" is not in double quotes/],
  [`anna valid-after="soon" ${LINE}`, /"valid-after" is not YYYYMMDD/],
  [`anna valid-after="20200101",valid-after="20200101" ${LINE}`, /"valid-after" twice/],
  [`anna valid-after="20210101",valid-before="20200101" ${LINE}`, /not later/],
  [`anna verify-required ${LINE}`, /not known/],
  [`an\0na ${LINE}`, /NUL/],
  [`anna ${LINE}${' '.repeat(70_000)}`, /longer than 65,536/],
];
for (const [line, words] of BAD_LINES) {
  test(`bad line, named, and no obstacle to the next: ${JSON.stringify(line.slice(0, 50))}`, () => {
    const { entries, problems } = parseAllowedSigners(`\n${line}\nboris ${LINE}\n`, 'allowed_signers');
    assert.deepEqual(
      entries.map(({ principals, line }) => [principals, line]),
      [['boris', 3]],
    );
    assert.equal(problems.length, 1);
    failure('invalid-allowed-signers', words)(problems[0]);
    assert.match(problems[0]!.message, /^allowed_signers, line 2: /);
  });
}

function standing(text: string, keyId = fingerprint(KEY), time = NOW, namespace?: string): string {
  const { entries, problems } = parseAllowedSigners(text.replaceAll('K', LINE), 'f');
  assert.deepEqual(problems, []);
  const found = findSigner(entries, keyId, time, namespace);
  return found.standing === 'untrusted' ? `untrusted: ${found.why}` : `${found.standing}: ${found.principal}`;
}

test('standing of a signer', () => {
  assert.equal(standing('anna K'), 'trusted: anna');
  assert.equal(standing('anna K', fingerprint(OTHER_KEY)), 'untrusted: not-listed');
  assert.equal(standing(''), 'untrusted: not-listed');
  assert.equal(standing('anna namespaces="git" K'), 'untrusted: namespace');
  assert.equal(standing('anna namespaces="git" K', undefined, NOW, 'git'), 'trusted: anna');
  assert.equal(standing('anna cert-authority K'), 'untrusted: cert-authority');
  assert.equal(standing('anna cert-authority K\nboris K'), 'trusted: boris');
  assert.equal(standing('anna valid-before="20250101Z" K'), 'expired: anna');
  assert.equal(standing('anna valid-after="20270101Z" K'), 'expired: anna');
  assert.equal(standing('anna valid-before="20250101Z" K\nboris namespaces="git" K'), 'expired: anna');
  assert.equal(standing('anna valid-before="20250101Z" K\nboris K'), 'trusted: boris');
  assert.equal(standing('anna valid-before="20260131Z" K', undefined, NOW + 999), 'trusted: anna');
  assert.equal(standing('anna valid-before="20260131Z" K', undefined, NOW + 1000), 'expired: anna');
  assert.equal(standing('anna valid-before="20260131Z" K', undefined, Number.NaN), 'expired: anna');
});

test('pattern lists', () => {
  const cases: readonly [text: string, patterns: string, expected: boolean][] = [
    ['', '', false],
    ['', '*', true],
    ['a', '', false],
    ['a', '?', true],
    ['ab', '?', false],
    ['é', '?', false],
    ['é', '??', true],
    ['abc', 'a*c', true],
    ['abcbc', 'a*bc', true],
    ['abcb', 'a*bc', false],
    ['a', 'b,a', true],
    ['a', 'a,!a', false],
    ['a', '!b', false],
    ['a', '!b,*', true],
    ['!a', '!!a,*', false],
    ['a', ',,a', true],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
  ];
  for (const [text, patterns, expected] of cases) {
    assert.equal(matchPatternList(text, patterns), expected, `${text} in ${patterns}`);
  }
});

test('a hostile pattern takes no exponential time', () => {
  const started = performance.now();
  assert.equal(matchPatternList('a'.repeat(1000), `${'*a'.repeat(500)}b`), false);
  assert.ok(performance.now() - started < 5000);
});

test('formatted lines are read back', () => {
  const name = fc.string({ minLength: 1, maxLength: 20 });
  let formatted = 0;
  fc.assert(
    fc.property(name, fc.option(fc.constantFrom('dataset-provenance', 'a,b')), (principal, namespaces) => {
      let line: string;
      try {
        line = formatAllowedSigner({ principal, key: KEY, ...(namespaces !== null && { namespaces }) });
      } catch (error) {
        failure('invalid-argument')(error);
        return;
      }
      formatted++;
      const { entries, problems } = parseAllowedSigners(line, 'f');
      assert.deepEqual(problems, []);
      assert.equal(entries.length, 1);
      assert.equal(entries[0]!.principals, principal);
      assert.equal(entries[0]!.namespaces, namespaces ?? undefined);
      assert.ok(matchPatternList(principal, entries[0]!.principals));
    }),
    { numRuns: 500 },
  );
  assert.ok(formatted > 50);
  assert.equal(
    formatAllowedSigner({ principal: '# Anna B', key: KEY, comment: 'laptop', namespaces: NAMESPACE }),
    `"# Anna B" namespaces="dataset-provenance" ${LINE} laptop`,
  );
});

test('nothing can be smuggled into a line', () => {
  for (const principal of ['', '*', 'a,b', '!a', 'a"b', 'a\nb', 'a\tb', 'x'.repeat(1001)]) {
    assert.throws(() => formatAllowedSigner({ principal, key: KEY }), failure('invalid-argument'));
  }
  for (const namespaces of ['', 'a" cert-authority x="', 'a\n', 'a\\']) {
    assert.throws(
      () => formatAllowedSigner({ principal: 'a', key: KEY, namespaces }),
      failure('invalid-argument'),
    );
  }
  assert.throws(
    () => formatAllowedSigner({ principal: 'a', key: KEY, comment: `x\n* ${LINE}` }),
    failure('invalid-argument'),
  );
});

test('any text is read without an exception', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      LINE,
      ' ',
      '"',
      '\\"',
      '\n',
      ',',
      '=',
      'namespaces="a"',
      'valid-before="20300101"',
      '*',
      '#',
      '\r',
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const { entries, problems } = parseAllowedSigners(pieces.join(''), 'f');
      for (const entry of entries) assert.equal(entry.keyId, fingerprint(KEY));
      for (const problem of problems) failure('invalid-allowed-signers')(problem);
    }),
    { numRuns: 2000 },
  );
});

test('a long run of blanks takes no quadratic time', () => {
  const started = performance.now();
  parseAllowedSigners(`a${' '.repeat(60_000)}b\n`.repeat(20), 'f');
  assert.ok(performance.now() - started < 5000);
});
