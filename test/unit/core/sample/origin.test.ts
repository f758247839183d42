import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  MAX_ORIGIN_LENGTH,
  parsePointer,
  recordOrigin,
  resolvePointer,
  type OriginFields,
} from '../../../../src/core/sample/origin.ts';

describe('JSON pointers', () => {
  // RFC 6901 §5.
  const document = {
    foo: ['bar', 'baz'],
    '': 0,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
  };
  const cases: readonly (readonly [pointer: string, value: unknown])[] = [
    ['', document],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/e^f', 3],
    ['/g|h', 4],
    ['/i\\j', 5],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
    // Nowhere:
    ['/foo/2', undefined],
    ['/foo/-', undefined],
    ['/foo/01', undefined],
    ['/foo/length', undefined],
    ['/foo/0/0', undefined],
    ['/constructor', undefined],
    ['/__proto__', undefined],
    ['/m~n', undefined],
    ['/m~2n', undefined],
    ['foo', undefined],
    ['#/foo', undefined],
  ];
  for (const [pointer, value] of cases) {
    test(JSON.stringify(pointer), () => assert.deepEqual(resolvePointer(document, pointer), value));
  }

  test('~01 is ~1, not /', () => assert.deepEqual(parsePointer('/~01/~10'), ['~1', '/0']));
});

describe('recordOrigin', () => {
  test('Dolma', () => {
    const record = {
      id: 'x',
      text: '…',
      source: 'common-crawl',
      added: '2023-04-11T09:57:03.044571+00:00',
      created: '2020-01-17T12:48:45Z',
      metadata: { url: 'http://example.org/a', license: 'CC-BY-4.0' },
    };
    assert.deepEqual(recordOrigin(record), {
      source: 'common-crawl',
      collectedAt: '2023-04-11T09:57:03.044571+00:00',
      createdAt: '2020-01-17T12:48:45Z',
      url: 'http://example.org/a',
      licence: 'CC-BY-4.0',
    });
  });

  test('other common layouts', () => {
    assert.deepEqual(recordOrigin({ url: 'http://a', timestamp: '2019-04-25T12:57:54Z', text: '' }), {
      url: 'http://a',
      collectedAt: '2019-04-25T12:57:54Z',
    });
    assert.deepEqual(
      recordOrigin({ meta: { url: 'http://a', source: 'wiki' }, licence: 'MIT', dataset: 'gsm8k' }),
      {
        source: 'wiki',
        title: 'gsm8k',
        url: 'http://a',
        licence: 'MIT',
      },
    );
    assert.deepEqual(recordOrigin({ timestamp: 1700000000 }), { collectedAt: '1700000000' });
  });

  test('a record without any', () => assert.deepEqual(recordOrigin({ question: 'x', answer: 'y' }), {}));

  test('a mapping replaces the defaults of its fields, and the first pointer that leads to a value counts', () => {
    const record = { source: 'a', origin: { site: 'b', how: 'synthetic', who: '' }, url: 'c' };
    const mapping: OriginFields = {
      source: ['/nowhere', '/origin/site', '/source'],
      generationMethod: '/origin/how',
      url: '/nowhere',
      issuer: ['/origin/who', '/source'],
    };
    assert.deepEqual(recordOrigin(record, mapping), {
      source: 'b',
      generationMethod: 'synthetic',
      issuer: 'a',
    });
  });

  test('only words of the vocabularies', () => {
    const mapping = { generationMethod: '/g', stage: '/s' };
    assert.deepEqual(recordOrigin({ g: 'magic', s: 'toString' }, mapping), {});
    assert.deepEqual(recordOrigin({ g: 'web-crawl', s: 'sft' }, mapping), {
      generationMethod: 'web-crawl',
      stage: 'sft',
    });
  });

  test('only short strings and numbers', () => {
    for (const url of [
      null,
      true,
      {},
      [],
      ['http://a'],
      '',
      'x'.repeat(MAX_ORIGIN_LENGTH + 1),
      NaN,
      Infinity,
    ]) {
      assert.deepEqual(recordOrigin({ url }), {});
    }
    assert.deepEqual(recordOrigin({ url: 'x'.repeat(MAX_ORIGIN_LENGTH) }), {
      url: 'x'.repeat(MAX_ORIGIN_LENGTH),
    });
  });

  test('hostile records and mappings never throw, and give bounded text only', () => {
    const fields = fc.constantFrom(
      'source',
      'url',
      'meta',
      'metadata',
      'license',
      'timestamp',
      '__proto__',
      'constructor',
    );
    const odd = fc.constantFrom<unknown>(
      null,
      undefined,
      true,
      0,
      -0,
      NaN,
      1n,
      '',
      'x',
      'y'.repeat(3000),
      Symbol('s'),
      new Map(),
      new Date(NaN),
      () => 1,
    );
    const record = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        odd,
        fc.dictionary(fields, tie('value')),
        fc.array(tie('value')),
      ),
    })).value;
    const mapping = fc.dictionary(
      fields,
      fc.oneof(fc.string(), fc.constantFrom('/meta/0', '/source'), fc.array(odd), odd),
    );
    fc.assert(
      fc.property(record, fc.option(mapping, { nil: undefined }), (value, map) => {
        for (const text of Object.values(recordOrigin(value, map as OriginFields | undefined))) {
          assert.equal(typeof text, 'string');
          assert.ok((text as string).length <= MAX_ORIGIN_LENGTH);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
