import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LineageClaim } from '../../../../../src/core/lineage/claims/claim.ts';
import { readClaims } from '../../../../../src/core/lineage/claims/readClaims.ts';
import { recordHistory } from '../../../../../src/core/lineage/claims/recordHistory.ts';
import { matchesPattern } from '../../../../../src/core/lineage/claims/wildcards.ts';
import {
  CROISSANT,
  DATASET_CARD,
  DVC_IMPORT,
  DVC_LOCK,
  DVC_YAML,
  OPEN_LINEAGE,
  sourceOf,
} from './examples.ts';

/** `OUTPUT ← KIND ← INPUT, INPUT`, each by its path, or else its URI or name. */
function told(claims: readonly LineageClaim[]): string[] {
  const where = ({ path, uri, name }: LineageClaim['output']) => path ?? uri ?? name;
  return claims.map(
    ({ output, kind, inputs }) => `${where(output)} ← ${kind} ← ${inputs.map(where).join(', ')}`,
  );
}

function claimsOf(file: string, text: string, more = {}): readonly LineageClaim[] {
  const { claims, problem } = readClaims(sourceOf(file, text, more));
  assert.equal(problem, undefined);
  return claims;
}

describe('A dataset card', () => {
  const sources =
    'https://huggingface.co/datasets/openai/gsm8k, https://huggingface.co/datasets/squad, wikihow';

  it('claims for the files of its configurations what its sources are', () => {
    const claims = claimsOf('/w/README.md', DATASET_CARD);
    assert.deepEqual(told(claims), [
      `/w/data/train-00000-of-00002.parquet ← derived ← ${sources}`,
      `/w/data/train-00001-of-00002.parquet ← derived ← ${sources}`,
      `/w/data/test-00000-of-00001.parquet ← derived ← ${sources}`,
    ]);
    assert.deepEqual(claims[0]?.details, {
      license: 'cc-by-4.0',
      annotations_creators: 'crowdsourced',
      pretty_name: 'Math with Hints',
    });
  });

  it('is about all datasets beside it where it names none', () => {
    const claims = claimsOf('/w/sub/README.md', '---\r\nsource_datasets: openai/gsm8k\r\n---\r\n', {
      datasets: ['a.jsonl', 'b.txt'],
    });
    assert.deepEqual(told(claims), [
      '/w/sub/a.jsonl ← derived ← https://huggingface.co/datasets/openai/gsm8k',
    ]);
  });

  it('may say its files in every form that the Hub takes', () => {
    const all = ['data/prepared/a.jsonl', 'data/prepared/b.jsonl'];
    const forms = [
      'data_files: data/prepared/*.jsonl',
      'data_files: [data/prepared/a.jsonl, data/prepared/b.jsonl]',
      'data_files: {train: data/prepared/a.jsonl, test: [data/prepared/b.jsonl]}',
      'data_files: [{split: train, path: data/**/?.jsonl}]',
      'data_dir: data/prepared',
      'data_dir: data/\n  data_files: prepared/*',
    ];
    for (const form of forms) {
      const claims = claimsOf(
        '/w/README.md',
        `---\nsource_datasets: [x]\nconfigs:\n- config_name: a\n  ${form}\n---\n`,
      );
      assert.deepEqual(
        claims.map(({ output }) => output.name),
        all,
        form,
      );
    }
  });

  it('claims nothing where it names no source', () => {
    for (const text of [
      '# A readme\n',
      '---\nsource_datasets: [original]\n---\n',
      '---\nsource_datasets: [extended]\n---\n',
      '---\nlicense: mit\n---\n',
      '---\ntitle: {{ broken: yaml\n---\n',
      '---\nsource_datasets: [x]\n',
    ]) {
      assert.deepEqual(readClaims(sourceOf('/w/README.md', text)), { claims: [] }, text);
    }
  });
});

describe('Croissant', () => {
  it('claims what the dataset, and each file, was derived from', () => {
    const claims = claimsOf('/w/croissant.json', CROISSANT);
    const from =
      'https://hub.example/datasets/gsm8k, https://hub.example/raw.jsonl, https://books.example/1, urn:model:hinter';
    assert.deepEqual(told(claims), [
      `/w/data/train-00000-of-00002.parquet ← Adding hints ← ${from}`,
      `/w/data/train-00001-of-00002.parquet ← Adding hints ← ${from}`,
      `/w/train.jsonl ← Adding hints ← ${from}`,
      'https://hub.example/raw.jsonl ← Web crawl ← https://forum.example/',
    ]);
    assert.equal(claims[0]?.time, '2026-03-01T12:00:00Z');
    assert.deepEqual(claims[0].details, { license: 'https://creativecommons.org/licenses/by/4.0/' });
    const train = claims[2]?.output;
    assert.equal(train?.sha256, 'abcdef'.repeat(10) + 'abcd');
    assert.equal(train.md5, '0123456789abcdef0123456789abcdef');
    assert.equal(claims[3]?.output.sha256, undefined, 'a placeholder is no digest');
  });

  it('is about where the dataset is published when none of its files is here', () => {
    const text = JSON.stringify({
      '@context': {},
      '@graph': [
        {
          '@type': ['https://schema.org/Dataset'],
          'https://schema.org/name': 'x',
          '@id': 'https://x.example/',
          'http://www.w3.org/ns/prov#wasDerivedFrom': { '@id': 'https://y.example/' },
        },
      ],
    });
    assert.deepEqual(told(claimsOf('/w/croissant.json', text)), [
      'https://x.example/ ← derived ← https://y.example/',
    ]);
  });

  it('never takes a file in an archive, or outside of the workspace, for one that is here', () => {
    for (const contentUrl of ['../../etc/passwd', '/etc/passwd', '%2e%2e/%2e%2e/x', 'file:///etc/passwd']) {
      const file = { '@type': 'cr:FileObject', '@id': 'f', contentUrl, isBasedOn: 'https://y.example/' };
      const claims = claimsOf(
        '/w/a/croissant.json',
        JSON.stringify({ '@type': 'Dataset', name: 'x', distribution: [file] }),
      );
      assert.deepEqual(
        claims.map(({ output }) => output.path),
        [undefined],
        contentUrl,
      );
    }
  });
});

describe('dvc.lock', () => {
  it('claims that the outputs of a stage were made of its dependencies', () => {
    const claims = claimsOf('/w/dvc.lock', DVC_LOCK);
    assert.deepEqual(told(claims), [
      '/w/data/prepared/a.jsonl ← prepare ← /w/data/raw.xml',
      '/w/data/prepared/b.jsonl ← prepare ← /w/data/raw.xml',
      '/w/de.jsonl.gz ← fetch@de ← https://crawl.example/de',
    ]);
    const [first, , third] = claims;
    assert.equal(first?.command, 'python src/prepare.py data/raw.xml');
    assert.deepEqual(first.details, { code: 'src/prepare.py' });
    assert.equal(first.inputs[0]?.md5, '22a1a2931c8370d3aeedd7183606fd7f');
    assert.equal(first.inputs[0].sha256, undefined);
    assert.equal(third?.command, 'curl https://crawl.example/de && gzip de.jsonl');
  });

  it('takes paths from the working folder that dvc.yaml says', () => {
    const pipeline = new TextEncoder().encode(DVC_YAML);
    assert.deepEqual(
      told(claimsOf('/w/dvc.lock', DVC_LOCK, { pipeline })).at(-1),
      '/w/crawls/de.jsonl.gz ← fetch@de ← https://crawl.example/de',
    );
    const lock = "stages: {s: {deps: [{path: a.csv}], outs: [{path: ../b.csv}]}}\nschema: '2.0'\n";
    const at = (wdir: string) =>
      told(
        claimsOf('/w/p/q/dvc.lock', lock, {
          pipeline: new TextEncoder().encode(`stages: {s: {wdir: '${wdir}'}}`),
        }),
      );
    assert.deepEqual(at('..'), ['/w/b.csv ← s ← /w/p/a.csv']);
    assert.deepEqual(at('../..'), ['../b.csv ← s ← /w/a.csv'], 'what leads out is a name only');
    assert.deepEqual(at('../../..'), ['../b.csv ← s ← a.csv']);
    assert.deepEqual(at('$' + '{item.dir}'), ['../b.csv ← s ← a.csv']);
  });

  it('is read in its first form, where stages stood at the top', () => {
    assert.deepEqual(
      told(claimsOf('/w/dvc.lock', 'make:\n  deps: [{path: a.csv}]\n  outs: [{path: b.csv}]\n')),
      ['/w/b.csv ← make ← /w/a.csv'],
    );
  });
});

describe('A .dvc file', () => {
  it('claims where an import comes from', () => {
    const claims = claimsOf('/w/train.jsonl.dvc', DVC_IMPORT);
    assert.deepEqual(told(claims), [
      '/w/train.jsonl ← import ← https://git.example/registry@f31f5c4cdae787b4bdeb97a717687d44667d9e62#use-cases/train.jsonl',
    ]);
  });

  it('claims nothing when it only tracks a file', () => {
    assert.deepEqual(
      claimsOf('/w/train.jsonl.dvc', 'outs:\n- md5: a304afb96060aad90176268345e10355\n  path: train.jsonl\n'),
      [],
    );
  });
});

describe('OpenLineage events', () => {
  it('claim what a run that completed read and wrote', () => {
    const claims = claimsOf('/w/openlineage.jsonl', OPEN_LINEAGE);
    const inputs = 's3://bucket/raw/part-0.jsonl, /w/data/prepared/a.jsonl';
    assert.deepEqual(told(claims), [
      `/w/train.jsonl ← clean.map ← ${inputs}`,
      `file:///elsewhere/copy.jsonl ← clean.map ← ${inputs}`,
      'postgres://host:5432/db.out ← model ← warehouse/db.t',
    ]);
    const [train, copy] = claims;
    assert.equal(train?.command, 'SELECT 1');
    assert.equal(train.time, '2026-05-01T10:05:00.123Z');
    assert.deepEqual(train.details, { namespace: 'spark', documentation: 'Cleans.' });
    assert.equal(train.output.sha256, 'ab'.repeat(32));
    assert.equal(copy?.output.sha256, undefined, 'a version is a digest only where it says so');
  });

  it('are read as one object, as an array and one a line', () => {
    const events = OPEN_LINEAGE.split('\n').map((line) => JSON.parse(line) as object);
    const expected = claimsOf('/w/openlineage.jsonl', OPEN_LINEAGE).map(({ kind }) => kind);
    const array = claimsOf('/w/openlineage.json', JSON.stringify(events, null, 2)).map(({ kind }) => kind);
    assert.deepEqual(array, expected);
    assert.deepEqual(
      claimsOf('/w/openlineage.json', JSON.stringify(events.at(-1))).map(({ kind }) => kind),
      ['model'],
    );
    assert.deepEqual(
      claimsOf('/w/openlineage.jsonl', `\n${OPEN_LINEAGE}\r\n\n`).map(({ kind }) => kind),
      expected,
    );
  });

  it('keep what could be read when a line is torn', () => {
    const { claims, problem } = readClaims(
      sourceOf('/w/openlineage.jsonl', `${OPEN_LINEAGE}\n{"eventType": "COMP`),
    );
    assert.equal(claims.length, 3);
    assert.match(problem?.message ?? '', /line 5 is not JSON/);
  });
});

describe('A record', () => {
  it('says where it was written, collected and taken from', () => {
    const dolma = {
      id: '1',
      text: '…',
      source: 'common-crawl',
      added: '2026-01-02T03:04:05.000Z',
      created: '2019-05-01T00:00:00.000Z',
      metadata: { url: 'https://blog.example/1', provenance: ['cc_en_head-0001.json.gz:12', 7] },
    };
    assert.deepEqual(recordHistory(dolma), [
      { kind: 'created', from: 'https://blog.example/1', time: '2019-05-01T00:00:00.000Z' },
      { kind: 'collected', from: 'common-crawl', time: '2026-01-02T03:04:05.000Z' },
      { kind: 'taken-from', from: 'cc_en_head-0001.json.gz:12' },
    ]);
    assert.deepEqual(recordHistory({ url: 'https://x.example/', timestamp: '2019', text: '' }), [
      { kind: 'created', from: 'https://x.example/' },
      { kind: 'collected', time: '2019' },
    ]);
    assert.deepEqual(recordHistory({ site: 'a' }, { source: '/site' }), [{ kind: 'collected', from: 'a' }]);
  });

  it('claims nothing when it has no such fields, whatever it is', () => {
    for (const record of [
      null,
      1,
      'text',
      [],
      {},
      { metadata: { provenance: { deep: true } } },
      { provenance: '' },
    ]) {
      assert.deepEqual(recordHistory(record), []);
    }
    const many = { provenance: Array.from({ length: 1000 }, () => 'x') };
    assert.ok(recordHistory(many).length <= 20);
  });
});

describe('A pattern', () => {
  it('matches as the tools do that read it', () => {
    const matches: [string, string, boolean][] = [
      ['data/train-0.parquet', 'data/train-*', true],
      ['data/train-0.parquet', './data/train-?.parquet', true],
      ['data/deep/x.jsonl', 'data/*', false],
      ['data/deep/x.jsonl', 'data/**', true],
      ['data/deep/x.jsonl', '**/*.jsonl', true],
      ['x.jsonl', '**/*.jsonl', true],
      ['x.jsonl', '*', true],
      ['x.jsonl', 'X.jsonl', false],
      ['a/b/c', 'a/**/c', true],
      ['a/c', 'a/**/c', true],
      ['a/b', 'a/**/c', false],
      ['x', '', false],
    ];
    for (const [path, pattern, expected] of matches)
      assert.equal(matchesPattern(path, pattern), expected, `${path} ${pattern}`);
  });

  it('takes no time worth speaking of, whatever it is', () => {
    assert.equal(matchesPattern(`${'a/'.repeat(400)}b`, '**/*a*/'.repeat(100) + 'x'), false);
    assert.equal(matchesPattern('a'.repeat(4000), `${'*a'.repeat(450)}b`), false);
  });
});
