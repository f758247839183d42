import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ProvenanceError } from '../../../../../src/core/errors.ts';
import { claimFormat, maxClaimBytes, readClaims } from '../../../../../src/core/lineage/claims/readClaims.ts';
import { MAX_CLAIMS, type ClaimSource } from '../../../../../src/core/lineage/claims/source.ts';
import { mutated, seededRandom } from '../../../../support/hostileJson.ts';
import { CLAIMING_FILES, sourceOf } from './examples.ts';

describe('Files that claim lineage', () => {
  it('are known by their names', () => {
    const formats = {
      '/w/README.md': 'dataset-card',
      '/w/a/README.md': 'dataset-card',
      '/w/croissant.json': 'croissant',
      '/w/gsm8k.croissant.json': 'croissant',
      '/w/croissant.jsonld': 'croissant',
      '/w/dvc.lock': 'dvc',
      '/w/train.jsonl.dvc': 'dvc',
      '/w/train.openlineage.json': 'openlineage',
      '/w/openlineage.jsonl': 'openlineage',
      '/w/openlineage-20261125-091500.123456.json': 'openlineage',
      '/w/.openlineage/events.ndjson': 'openlineage',
      '/w/readme.md': undefined,
      '/w/dvc.yaml': undefined,
      '/w/.dvc': undefined,
      '/w/croissant.json.bak': undefined,
      '/w/openlineage.yml': undefined,
      '/w/lineage.json': undefined,
    };
    for (const [path, format] of Object.entries(formats)) assert.equal(claimFormat(path), format, path);
  });

  it('say in one sentence what is wrong with them', () => {
    const broken: Readonly<Record<string, [string, RegExp]>> = {
      '/w/README.md': ['---\nsource_datasets: [squad\n---\n', /README\.md.*YAML.*correct or remove/],
      '/w/croissant.json': ['{"@type": "Dataset",}', /croissant\.json.*JSON is wrong.*correct or remove/],
      '/w/x.croissant.json': ['{"name": "x"}', /no schema\.org Dataset/],
      '/w/dvc.lock': ["schema: '3.0'\nstages: {}\n", /schema is not 2\.0/],
      '/w/a.dvc': ['outs: &a [*a', /YAML/],
      '/w/openlineage.jsonl': ['{"job": {}}\n{"job": \n', /line 2 is not JSON/],
    };
    for (const [file, [text, sentence]] of Object.entries(broken)) {
      const { claims, problem } = readClaims(sourceOf(file, text));
      assert.deepEqual(claims, [], file);
      assert.ok(problem instanceof ProvenanceError, file);
      assert.equal(problem.code, 'invalid-claim');
      assert.match(problem.message, sentence);
      assert.ok(!problem.message.includes('\n') && problem.message.length < 500, problem.message);
    }
  });

  it('are not read when they are not UTF-8, or too large', () => {
    for (const file of CLAIMING_FILES.map(({ file }) => file)) {
      const binary = readClaims({
        ...sourceOf(file, ''),
        bytes: Uint8Array.of(0x2d, 0x2d, 0x2d, 0x0a, 0xff),
      });
      assert.equal(binary.problem?.code, 'invalid-claim', file);
      const large = readClaims({ ...sourceOf(file, ''), bytes: new Uint8Array(maxClaimBytes(file) + 1) });
      assert.equal(large.problem?.code, 'too-large', file);
    }
  });

  it('claim up to so many steps, and say when it were more', () => {
    const stage = (i: number) => `  s${i}: {cmd: x, deps: [{path: a.csv}], outs: [{path: o${i}.csv}]}\n`;
    const text = `schema: '2.0'\nstages:\n${Array.from({ length: MAX_CLAIMS + 1 }, (_, i) => stage(i)).join('')}`;
    const { claims, problem } = readClaims(sourceOf('/w/dvc.lock', text));
    assert.equal(claims.length, MAX_CLAIMS);
    assert.equal(problem?.code, 'too-large');
    assert.match(problem.message, /10001/);
  });

  it('do not multiply aliases without end, nor nest without end', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let i = 0; i < 20; i++) {
      const [from, to] = [i, i + 1].map((n) => 'abcdefghijklmnopqrstuvwxyz'[n]!);
      bomb.push(
        `${to}: &${to} [*${from},*${from},*${from},*${from},*${from},*${from},*${from},*${from},*${from}]`,
      );
    }
    const bodies = [
      bomb.join('\n'),
      'source_datasets: ' + '['.repeat(100_000),
      'source_datasets: ' + '{a: '.repeat(20_000),
      '- '.repeat(50_000),
    ];
    for (const body of bodies) {
      const { claims, problem } = readClaims(
        sourceOf('/w/README.md', `---\n${body}\nsource_datasets: [x]\n---\n`),
      );
      assert.deepEqual(claims, []);
      assert.equal(problem?.code, 'invalid-claim');
    }
    const deep = '{"a":'.repeat(100_000);
    assert.equal(readClaims(sourceOf('/w/croissant.json', deep)).problem?.code, 'invalid-claim');
    const whole = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    assert.deepEqual(readClaims(sourceOf('/w/openlineage.json', whole)).claims, []);
  });

  it('never have tags of their own in YAML, or members of other objects', () => {
    const tagged = readClaims(sourceOf('/w/README.md', '---\nsource_datasets: !!js/function "x"\n---\n'));
    assert.deepEqual(
      tagged.claims.flatMap(({ inputs }) => inputs.map(({ name }) => name)).filter((name) => name !== 'x'),
      [],
    );
    const proto = '{"@type": "Dataset", "__proto__": {"isBasedOn": "evil"}, "constructor": {"name": "x"}}';
    assert.deepEqual(readClaims(sourceOf('/w/croissant.json', proto)), { claims: [] });
  });

  it('give claims or one error, whatever was done to them', () => {
    const random = seededRandom(41);
    for (const { file, text, pipeline } of CLAIMING_FILES) {
      const bytes = new TextEncoder().encode(text);
      for (let run = 0; run < 300; run++) {
        let changed = mutated(random, bytes);
        for (let more = random(4); more > 0; more--) changed = mutated(random, changed);
        assertReading({
          ...sourceOf(file, ''),
          bytes: changed,
          ...(pipeline !== undefined && { pipeline: mutated(random, new TextEncoder().encode(pipeline)) }),
        });
      }
    }
  });

  it('give claims or one error for any values at any place', () => {
    const words = fc.constantFrom(
      ...[
        'original',
        'extended|x',
        '../../etc/passwd',
        '/etc/passwd',
        'C:\\x',
        'file:///etc/passwd',
        'a.jsonl',
        '**/*',
        '',
        '\0',
        '.',
        '..',
      ],
      ...['https://x/y', 'COMPLETE', 'file', 'Dataset', '2.0', '\uD800', 'x'.repeat(5000)],
    );
    const keys = fc.constantFrom(
      ...[
        'source_datasets',
        'configs',
        'data_files',
        'path',
        'split',
        'data_dir',
        'license',
        '@type',
        '@id',
        '@graph',
        'distribution',
      ],
      ...[
        'contentUrl',
        'includes',
        'containedIn',
        'prov:wasDerivedFrom',
        'prov:wasGeneratedBy',
        'isBasedOn',
        'name',
        'sha256',
      ],
      ...[
        'schema',
        'stages',
        'cmd',
        'deps',
        'outs',
        'md5',
        'repo',
        'url',
        'wdir',
        'do',
        'run',
        'runId',
        'job',
        'facets',
        'inputs',
        'outputs',
      ],
      ...['namespace', 'eventType', 'eventTime', 'version', 'datasetVersion', '__proto__', 'constructor'],
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        words,
        fc.jsonValue(),
        tie('object'),
        tie('object'),
        fc.array(tie('value'), { maxLength: 4 }),
      ),
      object: fc.dictionary(keys, tie('value'), { maxKeys: 8 }),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(...CLAIMING_FILES.map(({ file }) => file)), (content, file) => {
        // JSON is YAML as well.
        const json = JSON.stringify(content);
        const text = file.endsWith('.md') ? `---\nsource_datasets: [a]\nconfigs: ${json}\n---\n` : json;
        assertReading(sourceOf(file, text));
      }),
      { numRuns: 1500 },
    );
  });
});

/** Whatever the file is: each claim is well-formed, and names nothing outside of the workspace. */
function assertReading(source: ClaimSource): void {
  const { claims, problem } = readClaims(source);
  if (problem) {
    assert.ok(problem.code === 'invalid-claim' || problem.code === 'too-large', problem.message);
    assert.ok(!problem.message.includes('\n'), problem.message);
  }
  for (const claim of claims) {
    assert.equal(claim.file, source.file);
    assert.ok(claim.inputs.length > 0);
    for (const { name, path, sha256, md5 } of [claim.output, ...claim.inputs]) {
      assert.ok(name !== '' && name.length <= 2001);
      if (path !== undefined) {
        assert.ok(path.startsWith(`${source.root}/`), path);
        assert.ok(!path.split('/').some((segment) => segment === '..' || segment === '.'), path);
        assert.ok(!/[\0\\]/.test(path));
      }
      if (sha256 !== undefined) assert.match(sha256, /^[0-9a-f]{64}$/);
      if (md5 !== undefined) assert.match(md5, /^[0-9a-f]{32}$/);
    }
  }
}
