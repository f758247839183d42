import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProvenanceError } from '../../../../src/core/errors.ts';
import { datasetFormat, datasetFormatOfName } from '../../../../src/core/table/datasetFormat.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

/** What is said of a file with this content: its format, or the error. */
function formatOf(content: string | Uint8Array, { path = 'a.jsonl', whole = true } = {}): string {
  const bytes = typeof content === 'string' ? utf8(content) : content;
  try {
    const found = datasetFormat(path, bytes, whole ? bytes.length : Infinity);
    return found.format === 'jsonl' && found.compression ? `jsonl ${found.compression}` : found.format;
  } catch (error) {
    assert.ok(error instanceof ProvenanceError);
    assert.equal(error.code, 'not-jsonl');
    assert.ok(error.message.startsWith(path), error.message);
    return error.message;
  }
}

describe('datasetFormatOfName', () => {
  const cases: [string, unknown][] = [
    ['/data/train.jsonl', { format: 'jsonl' }],
    ['train.NDJSON', { format: 'jsonl' }],
    ['a.jsonlines', { format: 'jsonl' }],
    ['a.jsonl.gz', { format: 'jsonl', compression: 'gzip' }],
    ['a.ndjson.zst', { format: 'jsonl', compression: 'zstd' }],
    ['a.parquet', { format: 'parquet' }],
    ['part-0.pq', { format: 'parquet' }],
    ['a.json', undefined],
    ['a.gz', undefined],
    ['jsonl', undefined],
  ];
  for (const [name, expected] of cases) {
    it(name, () => assert.deepEqual(datasetFormatOfName(name), expected));
  }
});

describe('datasetFormat', () => {
  it('goes by magic numbers, whatever the name', () => {
    assert.equal(formatOf('PAR1....', { path: 'a.jsonl' }), 'parquet');
    assert.equal(formatOf(Uint8Array.of(0x1f, 0x8b, 8, 0)), 'jsonl gzip');
    assert.equal(formatOf(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0)), 'jsonl zstd');
    assert.equal(formatOf(Uint8Array.of(0x5e, 0x2a, 0x4d, 0x18, 0)), 'jsonl zstd');
    assert.equal(formatOf('{"a":1}\n', { path: 'a.jsonl.gz' }), 'jsonl');
  });

  it('leaves a Parquet file without its magic number to the Parquet reader', () => {
    assert.equal(formatOf('{"a":1}\n', { path: 'a.parquet' }), 'parquet');
  });

  const jsonl: Record<string, string> = {
    empty: '',
    'blank lines': '\n\n',
    objects: '{"a":1}\n{"a":2}\n',
    'one object': '{"a":[{"b":1},{"b":2}]}',
    'a byte order mark': '\ufeff{"a":1}\n',
    arrays: '["a","b"]\n["c","d"]\n',
    'arrays of objects': '[{"role":"user"},{"role":"assistant"}]\n[{"role":"user"}]\n',
    'one array of strings': '["a","b"]\n',
    'one array of one object': '[{"a":1}]\n',
    scalars: '1\n"x"\nnull\n',
    'a malformed first line': '{"a":\n{"a":1}\n{"a":2}\n',
    'a first line that breaks off in a string': '{"a": "bc\n{"a":1}\n',
    'a lone bracket and then objects': '[\n{"a":1}\n{"a":2}\n',
    'a control character in a line': '{"a":"\u0001"}\n{"a":1}\n',
    'Latin-1': '{"a":"\u00e9"}\n',
    'a first line that is cut off': '{"a": [1, 2',
  };
  for (const [name, content] of Object.entries(jsonl)) {
    it(`takes ${name} for JSONL`, () => assert.equal(formatOf(content), 'jsonl'));
  }

  it('cannot know that an array is alone in the file before it has seen all of it', () => {
    assert.match(formatOf('[{"a":1},{"a":2}]\n'), /single JSON array/);
    assert.equal(formatOf('[{"a":1},{"a":2}]\n', { whole: false }), 'jsonl');
  });

  const refused: Record<string, [string | Uint8Array, RegExp]> = {
    'a JSON array over several lines': ['[\n  {"a": 1},\n  {"a": 2}\n]\n', /single JSON array.*jq -c/],
    'an array whose objects are lines': ['[{"a": 1},\n{"a": 2},\n{"a": 3}]', /single JSON array/],
    'an array that goes on beyond what was read': ['[\n{"a": 1},\n{"a": "so', /single JSON array/],
    'a pretty-printed object': ['{\n  "a": 1,\n  "b": {}\n}\n', /object spread over several lines/],
    'UTF-16 with a byte order mark': [Buffer.from('\ufeff{"a":1}', 'utf16le'), /UTF-16LE.*UTF-8/],
    'UTF-16 without': [Buffer.from('{"a":1}\n', 'utf16le'), /UTF-16LE/],
    'UTF-16BE': [Buffer.from('{"a":1}\n', 'utf16le').swap16(), /UTF-16BE/],
    'UTF-32': [Uint8Array.of(0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0), /UTF-32LE/],
    'a ZIP file': ['PK\u0003\u0004....', /ZIP file/],
    'a Git LFS pointer': ['version https://git-lfs.github.com/spec/v1\noid sha256:00\n', /git lfs pull/],
    'other binary data': [Uint8Array.from({ length: 64 }, (_, i) => (i * 7) % 23), /binary/],
  };
  for (const [name, [content, expected]] of Object.entries(refused)) {
    it(`refuses ${name}`, () => assert.match(formatOf(content), expected));
  }
});
