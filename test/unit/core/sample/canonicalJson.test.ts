import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import jcs from 'canonicalize';
import fc from 'fast-check';
import { ProvenanceError, type MalformedCode } from '../../../../src/core/errors.ts';
import {
  CanonicalScanner,
  canonicalBytes,
  canonicalize,
  describeMalformed,
  MAX_DEPTH,
  parseStrictJson,
} from '../../../../src/core/sample/canonicalJson.ts';
import { skipWithout, vectorsFolder } from '../../../support/vectors.ts';

const scanner = new CanonicalScanner();

/** JSON text, or raw bytes where text cannot say it. */
type Input = string | Uint8Array;

function bytesOf(input: Input): Uint8Array {
  return typeof input === 'string' ? new TextEncoder().encode(input) : input;
}

/** The canonical text, or `code@offset`. */
function outcome(input: Input): string {
  const malformed = scanner.scan(bytesOf(input));
  return malformed ? `${malformed.code}@${malformed.offset}` : new TextDecoder().decode(scanner.canonical());
}

/** A Latin-1 string as bytes: `raw('"\xff"')`. */
function raw(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}

function accepts(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/**
 * A second implementation of section 3 for the property tests, as plain as possible: on strings, by recursion, on text
 * that JSON.parse accepts. Gives every reason for which the text is malformed.
 */
function plainCanonical(text: string): { canonical: string; reasons: Set<MalformedCode> } {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gu) ?? [];
  const reasons = new Set<MalformedCode>();
  let at = 0;
  const string = (): string => {
    const value = JSON.parse(tokens[at++]!) as string;
    if (/\p{Surrogate}/u.test(value)) reasons.add('lone-surrogate');
    return value;
  };
  const value = (depth: number): string => {
    const token = tokens[at]!;
    if (token.startsWith('"')) return JSON.stringify(string());
    if (/^-?\d+$/.test(token)) {
      at++;
      if (!Number.isFinite(Number(token))) reasons.add('number-overflow');
      return BigInt(token).toString();
    }
    if (/^[-\d]/.test(token)) {
      at++;
      if (!Number.isFinite(Number(token))) reasons.add('number-overflow');
      return String(Number(token));
    }
    if (token !== '[' && token !== '{') return tokens[at++]!;
    if (depth === MAX_DEPTH) reasons.add('too-deep');
    const members = new Map<string, string>();
    const items: string[] = [];
    const close = token === '[' ? ']' : '}';
    at++;
    while (tokens[at] !== close) {
      if (tokens[at] === ',') at++;
      if (token === '[') {
        items.push(value(depth + 1));
        continue;
      }
      const key = string();
      at++;
      if (members.has(key)) reasons.add('duplicate-key');
      members.set(key, value(depth + 1));
    }
    at++;
    if (token === '[') return `[${items.join(',')}]`;
    const keys = [...members.keys()].sort();
    return `{${keys.map((key) => `${JSON.stringify(key)}:${members.get(key)!}`).join(',')}}`;
  };
  return { canonical: value(0), reasons };
}

/** Characters where escaping, ordering or encoding may go wrong, and some that are plain. */
const trickyCharacter = fc.constantFrom(
  ...[
    'a',
    'b',
    'B',
    '~',
    ' ',
    '!',
    '"',
    '\\',
    '/',
    '\b',
    '\t',
    '\n',
    '\f',
    '\r',
    '\0',
    '\x0b',
    '\x1f',
    '\x7f',
  ],
  ...[
    '\x80',
    'é',
    '߿',
    'ࠀ',
    '\u2028',
    '퟿',
    '\ue000',
    '\ufffd',
    '\ufeff',
    '\uffff',
    '\u{10000}',
    '😂',
    '\u{10ffff}',
  ],
);
const text = fc.oneof(fc.string({ unit: trickyCharacter, maxLength: 12 }), fc.string({ unit: 'binary' }));
const key = fc.oneof(
  fc.string({ unit: trickyCharacter, maxLength: 3 }),
  fc.string({ unit: trickyCharacter, maxLength: 3 }).map((end) => `common prefix ${end}`),
  fc.constantFrom('__proto__', 'constructor', 'toString'),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc
    .tuple(fc.integer({ min: -99999, max: 99999 }), fc.integer({ min: -30, max: 30 }))
    .map(([m, e]) => m * 10 ** e),
);
const jsonValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(fc.constantFrom(null, true, false), number, text),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 8 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

/** Small deterministic random numbers for spelling one value in many ways. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** JSON text of the value with members shuffled, characters escaped, numbers and white space varied. */
function respell(value: unknown, random: (below: number) => number): string {
  const space = (): string => [...Array<undefined>(random(3))].map(() => ' \t\n\r'[random(4)]).join('');
  const spellString = (content: string): string => {
    let spelled = '';
    for (let i = 0; i < content.length; i++) {
      const unit = content.charCodeAt(i);
      const hex = unit.toString(16).padStart(4, '0');
      if (content[i] === '/' && random(2)) spelled += '\\/';
      else if (random(4) === 0) spelled += `\\u${random(2) ? hex : hex.toUpperCase()}`;
      // A pair that is split by an escape of one half alone would still be a pair; raw, it cannot be split.
      else if (unit >= 0xd800 && unit <= 0xdbff) spelled += content[i]! + content[++i]!;
      else if (unit >= 0xdc00 && unit <= 0xdfff) spelled += `\\u${hex}`;
      else spelled += JSON.stringify(content[i]).slice(1, -1);
    }
    return `"${spelled}"`;
  };
  const spellNumber = (n: number): string => {
    const plain = JSON.stringify(n);
    switch (random(5)) {
      case 0:
        return n.toExponential();
      case 1:
        return n
          .toExponential()
          .replace('e', 'E')
          .replace('E+', random(2) ? 'E' : 'E+0');
      case 2:
        return /^-?\d+$/.test(plain) ? `${plain}.${'0'.repeat(1 + random(20))}` : plain;
      case 3:
        return /^-?\d+\.\d+$/.test(plain) ? plain + '0'.repeat(random(20)) : plain;
      default:
        return n === 0 ? '-0' : plain;
    }
  };
  const spell = (item: unknown): string => {
    if (typeof item === 'string') return spellString(item);
    if (typeof item === 'number') return spellNumber(item);
    if (item === null || typeof item !== 'object') return JSON.stringify(item);
    if (Array.isArray(item))
      return `[${space()}${item.map((child) => spell(child) + space()).join(`,${space()}`)}]`;
    const members = Object.entries(item);
    for (let i = members.length - 1; i > 0; i--) {
      const j = random(i + 1);
      [members[i], members[j]] = [members[j]!, members[i]!];
    }
    return `{${space()}${members
      .map(([name, child]) => spellString(name) + space() + ':' + space() + spell(child) + space())
      .join(`,${space()}`)}}`;
  };
  return space() + spell(value) + space();
}

describe('canonical form', () => {
  const cases: readonly (readonly [what: string, input: string, canonical: string])[] = [
    ['scalars', ' true ', 'true'],
    ['white space goes', ' \t\r\n{ "a" :\n[ 1 ,\t2 ] } \n', '{"a":[1,2]}'],
    ['empty array and object', '[ [ ] , { } ]', '[[],{}]'],
    ['members sorted', '{"b":1,"a":2,"":3}', '{"":3,"a":2,"b":1}'],
    [
      'nested members sorted',
      '{"b":{"d":[{"z":1,"y":{}}],"c":2},"a":0}',
      '{"a":0,"b":{"c":2,"d":[{"y":{},"z":1}]}}',
    ],
    [
      'nested unsorted in sorted',
      '{"a":{"b":1,"a":2},"b":[{"d":1,"c":2},3]}',
      '{"a":{"a":2,"b":1},"b":[{"c":2,"d":1},3]}',
    ],
    ['prefix before longer key', '{"aa":1,"a!":2,"a":3}', '{"a":3,"a!":2,"aa":1}'],
    ['short escapes', '"\\u0008\\u0009\\u000a\\u000c\\u000d\\u0022\\u005C\\/"', '"\\b\\t\\n\\f\\r\\"\\\\/"'],
    ['other controls in lower case', '"\\u0000\\u000B\\u001F\\u007f"', '"\\u0000\\u000b\\u001f\x7f"'],
    ['all else raw', '"\\u00e9\\u20AC\\ud83d\\ude02\\u2028\\ufeff"', '"é€😂\u2028\ufeff"'],
    ['no normalisation', '"e\\u0301é"', '"e\u0301é"'],
    ['a byte order mark in a string', '"\ufeff"', '"\ufeff"'],
    // RFC 8785 §3.2.3: by UTF-16 code units, so that U+1F600 (D83D DE00) comes before U+FB33.
    [
      'key order',
      '{"\\ufb33":1,"\\ud83d\\ude00":2,"€":3,"\\u0080":4,"1":5,"\\r":6,"ö":7}',
      '{"\\r":6,"1":5,"\x80":4,"ö":7,"€":3,"😀":2,"\ufb33":1}',
    ],
    [
      'key order around U+E000',
      '{"\uffff":1,"\ue000":2,"\u{10ffff}":3,"\u{10000}":4,"\ud7ff":5}',
      '{"\ud7ff":5,"\u{10000}":4,"\u{10ffff}":3,"\ue000":2,"\uffff":1}',
    ],
    // As written the escapes sort n < t and after most ASCII; what they stand for does not.
    [
      'escaped keys by what they stand for',
      '{"\\n":1,"\\t":2,"!":3,"\\u0000":4,"[":5,"\\\\":6,"]":7}',
      '{"\\u0000":4,"\\t":2,"\\n":1,"!":3,"[":5,"\\\\":6,"]":7}',
    ],
    [
      'escaped keys and surrogates',
      '{"\\"\ue000":1,"\\"\u{10000}":2,"\\"":3}',
      '{"\\"":3,"\\"\u{10000}":2,"\\"\ue000":1}',
    ],
    ['negative zero', '[-0,-0.0,-0e5,0.000,-1e-999]', '[0,0,0,0,0]'],
    ['number spellings', '[1e2,100.0,100,1E+2,1000e-1,0.1e3]', '[100,100,100,100,100,100]'],
    ['fractions', '[0.5,-0.50,10.250,1.0,0.1234567890123456789]', '[0.5,-0.5,10.25,1,0.12345678901234568]'],
    [
      'small numbers',
      '[0.000001,0.0000010,0.0000001,0.00000123,1e-7]',
      '[0.000001,0.000001,1e-7,0.00000123,1e-7]',
    ],
    [
      'large numbers',
      '[1e20,1e21,123456789e12,1.5e300,5e-324]',
      '[100000000000000000000,1e+21,123456789000000000000,1.5e+300,5e-324]',
    ],
    [
      'double limits',
      '[1.7976931348623157e308,-1.7976931348623157e308]',
      '[1.7976931348623157e+308,-1.7976931348623157e+308]',
    ],
    [
      'integers within doubles',
      '[9007199254740991,-9007199254740991]',
      '[9007199254740991,-9007199254740991]',
    ],
    [
      'integers beyond doubles',
      '[9007199254740993,-18446744073709551617]',
      '[9007199254740993,-18446744073709551617]',
    ],
    ['no integer literals', '[9007199254740993.0,9007199254740993e0]', '[9007199254740992,9007199254740992]'],
  ];
  for (const [what, input, canonical] of cases) {
    test(what, () => {
      assert.equal(outcome(input), canonical);
      assert.equal(outcome(canonical), canonical, 'a fixed point');
    });
  }

  test('integers of 309 digits: exact while they fit a double', () => {
    const largest = BigInt(Number.MAX_VALUE).toString();
    assert.equal(outcome(largest), largest);
    assert.equal(outcome(`-${largest}`), `-${largest}`);
    assert.equal(outcome('9'.repeat(309)), 'number-overflow@0');
    assert.equal(outcome('9'.repeat(308)), '9'.repeat(308));
  });

  test('a range of a larger buffer, with offsets from its start', () => {
    const bytes = bytesOf('xx{"b":1,"a":-}yy');
    assert.deepEqual(scanner.scan(bytes, 2, 15), { code: 'invalid-json', offset: 12 });
    assert.deepEqual(scanner.scan(bytes, 2, 14), { code: 'unexpected-end', offset: 12 });
    assert.equal(scanner.scan(bytes, 7, 8), undefined);
    assert.equal(new TextDecoder().decode(scanner.canonical()), '1');
    const offsetView = bytesOf('xx"abcdef\\n"').subarray(2);
    assert.equal(outcome(offsetView), '"abcdef\\n"');
  });

  test('an impossible range', () => {
    for (const [start, end] of [
      [-1, 2],
      [2, 1],
      [0, 9],
      [NaN, 2],
    ] as const) {
      assert.throws(() => scanner.scan(bytesOf('true'), start, end), { code: 'invalid-argument' });
    }
  });

  test('after a malformed sample there is no canonical form, and the next sample is fine', () => {
    assert.equal(outcome('{"b":{"z":1,"y":2},"a":1,"b":2}'), 'duplicate-key@25');
    assert.equal(scanner.canonical().length, 0);
    assert.equal(outcome('{"b":{"z":1,"y":2},"a":1}'), '{"a":1,"b":{"y":2,"z":1}}');
  });

  test('outputs larger than their inputs', () => {
    for (const [item, canonical] of [
      ['1e20', '100000000000000000000'],
      ['{"b":0,"a":0}', '{"a":0,"b":0}'],
    ] as const) {
      const fresh = new CanonicalScanner();
      assert.equal(fresh.scan(bytesOf(`[${Array(5000).fill(item).join()}]`)), undefined);
      const expected = `[${Array(5000).fill(canonical).join()}]`;
      assert.equal(new TextDecoder().decode(fresh.canonical()), expected);
    }
  });

  test('objects of 100,000 members, in any order', () => {
    const keys = Array.from({ length: 100_000 }, (_, i) => `k${(i * 7919) % 100_000}`);
    const sorted = [...keys].sort();
    const expected = `{${sorted.map((name) => `"${name}":0`).join()}}`;
    for (const order of [keys, [...sorted].reverse()]) {
      assert.equal(outcome(`{${order.map((name) => `"${name}":0`).join()}}`), expected);
    }
    const twice = `{${keys.map((name) => `"${name}":0`).join()},"k5":0,"k4":0}`;
    assert.equal(outcome(twice), `duplicate-key@${twice.lastIndexOf('"k5"')}`);
  });

  test('unsorted members at every level', () => {
    let input = '"x"';
    let expected = '"x"';
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      input = `{"c":1,"b":${input},"a":[2]}`.replace('[2]', depth ? '2' : '3');
      expected = `{"a":${depth ? 2 : 3},"b":${expected},"c":1}`;
    }
    assert.equal(outcome(input), expected);
  });
});

describe('malformed samples', () => {
  const cases: readonly (readonly [input: Input, code: MalformedCode, offset: number])[] = [
    ['', 'empty', 0],
    [' \t\r\n', 'empty', 4],

    ['[1', 'unexpected-end', 2],
    ['[1,', 'unexpected-end', 3],
    ['[', 'unexpected-end', 1],
    ['{', 'unexpected-end', 1],
    ['{"a"', 'unexpected-end', 4],
    ['{"a":', 'unexpected-end', 5],
    ['{"a":1', 'unexpected-end', 6],
    ['{"a":1,', 'unexpected-end', 7],
    ['"abc', 'unexpected-end', 4],
    ['"abcd', 'unexpected-end', 5],
    ['"\\', 'unexpected-end', 2],
    ['"\\u12', 'unexpected-end', 5],
    ['"\\ud800', 'unexpected-end', 7],
    ['"\\ud800\\', 'unexpected-end', 8],
    ['"\\ud800\\udc0', 'unexpected-end', 12],
    ['-', 'unexpected-end', 1],
    ['1.', 'unexpected-end', 2],
    ['1e', 'unexpected-end', 2],
    ['1e+', 'unexpected-end', 3],
    ['nul', 'unexpected-end', 3],
    ['t', 'unexpected-end', 1],

    ['1 2', 'trailing-data', 2],
    ['{} {}', 'trailing-data', 3],
    ['[]]', 'trailing-data', 2],
    ['truex', 'trailing-data', 4],
    ['1é', 'trailing-data', 1],

    ['{"a":1,"a":2}', 'duplicate-key', 7],
    ['{"a":1,"\\u0061":2}', 'duplicate-key', 7],
    ['{"\\n":1,"b":2,"\\u000A":3}', 'duplicate-key', 14],
    ['{"é":1,"\\u00e9":2}', 'duplicate-key', 8],
    ['{"😂":1,"\\ud83d\\ude02":2}', 'duplicate-key', 10],
    ['{"":1,"":1}', 'duplicate-key', 6],
    ['[{"x":{"b":1,"a":2,"b":3}}]', 'duplicate-key', 19],
    // The first key that repeats another, in the order of the text.
    ['{"a":1,"b":2,"b":3,"a":4}', 'duplicate-key', 13],
    ['{"a":1,"b":2,"a":3,"a":4}', 'duplicate-key', 13],

    ['"\\ud800"', 'lone-surrogate', 1],
    ['"ab\\udc00"', 'lone-surrogate', 3],
    ['"\\ud800\\ud800"', 'lone-surrogate', 1],
    ['"\\ud800\\u0041"', 'lone-surrogate', 1],
    ['"\\ud800\\n"', 'lone-surrogate', 1],
    ['"\\ud800x"', 'lone-surrogate', 1],
    ['"\\udc00\\ud800"', 'lone-surrogate', 1],
    ['{"\\udfff":1}', 'lone-surrogate', 2],

    ['[1e309]', 'number-overflow', 1],
    ['-1e309', 'number-overflow', 0],
    [`[${'1'.repeat(400)}]`, 'number-overflow', 1],
    [`[-${'1'.repeat(400)}]`, 'number-overflow', 1],
    [`[0,${'1'.repeat(400)}.5]`, 'number-overflow', 3],

    ['NaN', 'non-finite-number', 0],
    ['[1,NaN]', 'non-finite-number', 3],
    ['{"a":Infinity}', 'non-finite-number', 5],
    ['[-Infinity]', 'non-finite-number', 1],

    ['['.repeat(MAX_DEPTH + 1), 'too-deep', MAX_DEPTH],
    ['{"":'.repeat(MAX_DEPTH + 1), 'too-deep', MAX_DEPTH * 4],
    ['['.repeat(1_000_000), 'too-deep', MAX_DEPTH],

    ['\ufeff{}', 'invalid-json', 0],
    ['[1,]', 'invalid-json', 3],
    ['[,1]', 'invalid-json', 1],
    ['[1 2]', 'invalid-json', 3],
    ['[1}', 'invalid-json', 2],
    ['{"a":1]', 'invalid-json', 6],
    ['{"a":1,}', 'invalid-json', 7],
    ['{,}', 'invalid-json', 1],
    ['{a:1}', 'invalid-json', 1],
    ["{'a':1}", 'invalid-json', 1],
    ['{"a" 1}', 'invalid-json', 5],
    ['{"a":}', 'invalid-json', 5],
    ['}', 'invalid-json', 0],
    [']', 'invalid-json', 0],
    ['[01]', 'invalid-json', 2],
    ['-01', 'invalid-json', 2],
    ['+1', 'invalid-json', 0],
    ['-x', 'invalid-json', 1],
    ['-NaN', 'invalid-json', 1],
    ['-Inf', 'invalid-json', 1],
    ['.5', 'invalid-json', 0],
    ['1.e2', 'invalid-json', 2],
    ['1ex', 'invalid-json', 2],
    ['[0x1]', 'invalid-json', 2],
    ['tru ', 'invalid-json', 3],
    ['nulL', 'invalid-json', 3],
    ['Nan', 'invalid-json', 0],
    ['"a\nb"', 'invalid-json', 2],
    ['"abc\tdefgh"', 'invalid-json', 4],
    ['"\\x41"', 'invalid-json', 1],
    ['"\\u00g0"', 'invalid-json', 1],
    ['"\\U0041"', 'invalid-json', 1],
    ['// comment\n1', 'invalid-json', 0],
    ['[1,\x0b2]', 'invalid-json', 3],
    ['\u00a01', 'invalid-json', 0],
    ['\0', 'invalid-json', 0],

    [raw('"\xff"'), 'invalid-utf8', 1],
    [raw('"abcdef\x80"'), 'invalid-utf8', 7],
    [raw('"\xc0\x80"'), 'invalid-utf8', 1],
    [raw('"\xc1\xbf"'), 'invalid-utf8', 1],
    [raw('"\xe0\x9f\xbf"'), 'invalid-utf8', 1],
    [raw('"\xf0\x8f\xbf\xbf"'), 'invalid-utf8', 1],
    [raw('"\xed\xa0\x80"'), 'invalid-utf8', 1],
    [raw('"\xed\xbf\xbf"'), 'invalid-utf8', 1],
    [raw('"\xed\xa0\xbd\xed\xb8\x82"'), 'invalid-utf8', 1],
    [raw('"\xf4\x90\x80\x80"'), 'invalid-utf8', 1],
    [raw('"\xf5\x80\x80\x80"'), 'invalid-utf8', 1],
    [raw('"\xc3\xa9\xe2\x82"'), 'invalid-utf8', 3],
    [raw('"\xe2\x82'), 'invalid-utf8', 1],
    [raw('"\xf0\x9f\x98"'), 'invalid-utf8', 1],
    [raw('"\xc3'), 'invalid-utf8', 1],
    [raw('\xff'), 'invalid-utf8', 0],
    [raw('\xef\xbb{}'), 'invalid-utf8', 0],
    [raw('[1,\xff2]'), 'invalid-utf8', 3],
    [raw('[1\xff]'), 'invalid-utf8', 2],
    [raw('{"a"\xff:1}'), 'invalid-utf8', 4],
    [raw('{\xff"a":1}'), 'invalid-utf8', 1],
    [raw('1 \xff'), 'invalid-utf8', 2],
    [raw('1e\xe5'), 'invalid-utf8', 2],
    [raw('tr\xff'), 'invalid-utf8', 2],
    [raw('"\\\xff"'), 'invalid-utf8', 2],
    [raw('"\\u00\xff0"'), 'invalid-utf8', 5],
    [raw('{"a\xff":1}'), 'invalid-utf8', 3],
  ];
  for (const [input, code, offset] of cases) {
    const shown =
      typeof input === 'string' ? JSON.stringify(input) : `bytes ${Buffer.from(input).toString('hex')}`;
    test(`${code} at ${offset}: ${shown.length > 50 ? `${shown.slice(0, 50)}…` : shown}`, () => {
      assert.equal(outcome(input), `${code}@${offset}`);
    });
  }

  test('every code has a case', () => {
    const seen = new Set(cases.map(([, code]) => code));
    assert.deepEqual([...seen].sort(), [
      'duplicate-key',
      'empty',
      'invalid-json',
      'invalid-utf8',
      'lone-surrogate',
      'non-finite-number',
      'number-overflow',
      'too-deep',
      'trailing-data',
      'unexpected-end',
    ]);
  });

  test(`${MAX_DEPTH} levels are fine, one more is not`, () => {
    const deep = (open: string, inner: string, close: string, n: number): string =>
      open.repeat(n) + inner + close.repeat(n);
    assert.equal(outcome(deep('[', '', ']', MAX_DEPTH)), deep('[', '', ']', MAX_DEPTH));
    assert.equal(outcome(deep('{"a":', '{}', '}', MAX_DEPTH - 1)), deep('{"a":', '{}', '}', MAX_DEPTH - 1));
    assert.equal(outcome(deep('[', '', ']', MAX_DEPTH + 1)), `too-deep@${MAX_DEPTH}`);
    assert.equal(outcome(deep('{"a":', '{}', '}', MAX_DEPTH)), `too-deep@${MAX_DEPTH * 5}`);
    assert.equal(
      outcome(`[${deep('[', '', ']', MAX_DEPTH - 1)},${deep('[', '', ']', MAX_DEPTH - 1)}]`).length,
      4 * MAX_DEPTH - 1,
    );
  });

  test('messages name the byte and what to do', () => {
    const error = describeMalformed({ code: 'duplicate-key', offset: 41 });
    assert.ok(error instanceof ProvenanceError);
    assert.equal(error.code, 'duplicate-key');
    assert.equal(
      error.message,
      'Duplicate key at byte 41: the same object has it already, and readers disagree on which one counts. Remove one of them.',
    );
    for (const [, code] of cases)
      assert.match(describeMalformed({ code, offset: 7 }).message, /^[^{}]* byte 7: [^{}]*\.$/);
  });

  test('canonicalize throws them', () => {
    assert.throws(() => canonicalize(bytesOf('[1,NaN]')), {
      name: 'ProvenanceError',
      code: 'non-finite-number',
      message: /byte 3/,
    });
  });
});

describe('parseStrictJson', () => {
  test('parses what is well-formed', () => {
    assert.deepEqual(parseStrictJson(bytesOf('{"b":[1,null],"a":"\\u00e9"}')), { b: [1, null], a: 'é' });
    assert.equal(Object.hasOwn(parseStrictJson(bytesOf('{"__proto__":1}')) as object, '__proto__'), true);
  });

  test('refuses what JSON.parse would repair', () => {
    assert.throws(() => parseStrictJson(bytesOf('{"a":1,"a":2}')), { code: 'duplicate-key' });
    assert.throws(() => parseStrictJson(raw('"\xff"')), { code: 'invalid-utf8' });
    assert.throws(() => parseStrictJson(bytesOf('\ufeff{}')), { code: 'invalid-json' });
    assert.throws(() => parseStrictJson(bytesOf('1e999')), { code: 'number-overflow' });
  });
});

describe('canonicalBytes', () => {
  const write = (value: unknown): string => new TextDecoder().decode(canonicalBytes(value));

  test('plain values', () => {
    assert.equal(
      write({ b: [1.5, null, true, 'é\n'], a: { d: -0, c: undefined } }),
      '{"a":{"d":0},"b":[1.5,null,true,"é\\n"]}',
    );
    assert.equal(write(12345678901234567890n), '12345678901234567890');
    assert.equal(write(Object.assign(Object.create(null) as object, { a: 1 })), '{"a":1}');
  });

  test('refuses what JSON has no value for', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    for (const [value, code] of [
      [undefined, 'invalid-argument'],
      [[undefined], 'invalid-argument'],
      // A hole would otherwise come out as nothing between two commas.
      [[, 1], 'invalid-argument'], // eslint-disable-line no-sparse-arrays
      [() => 1, 'invalid-argument'],
      [new Date(0), 'invalid-argument'],
      [new Map(), 'invalid-argument'],
      [NaN, 'non-finite-number'],
      [{ a: -Infinity }, 'non-finite-number'],
      ['\ud800', 'lone-surrogate'],
      [{ '\udc00': 1 }, 'lone-surrogate'],
      [cycle, 'too-deep'],
      [10n ** 400n, 'number-overflow'],
    ] as const) {
      assert.throws(() => canonicalBytes(value), { name: 'ProvenanceError', code });
    }
  });

  test('equals the `canonicalize` package', () => {
    fc.assert(
      fc.property(jsonValue, (value) => assert.equal(write(value), jcs(value))),
      { numRuns: 300 },
    );
  });
});

describe('properties', () => {
  test('equals the `canonicalize` package, an independent RFC 8785 library', () => {
    fc.assert(
      fc.property(jsonValue, (value) => assert.equal(outcome(JSON.stringify(value)), jcs(value))),
      { numRuns: 2000 },
    );
  });

  test('does not depend on how a value is spelled', () => {
    fc.assert(
      fc.property(jsonValue, fc.integer(), (value, seed) => {
        assert.equal(outcome(respell(value, randomFrom(seed))), jcs(value));
      }),
      { numRuns: 2000 },
    );
  });

  test('decimals: as String(Number(text)) writes them', () => {
    const digits = (min: number, max: number): fc.Arbitrary<string> =>
      fc.string({
        unit: fc.constantFrom('0', '0', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '9'),
        minLength: min,
        maxLength: max,
      });
    const decimal = fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.oneof(fc.constant('0'), digits(1, 18)),
        digits(1, 20),
        fc.constantFrom('', 'e-5', 'E3', 'e+11'),
      )
      .map(
        ([sign, integer, fraction, exponent]) =>
          `${sign}${integer.replace(/^0+(?=.)/, '')}.${fraction}${exponent}`,
      );
    fc.assert(
      fc.property(decimal, (text) => assert.equal(outcome(text), String(Number(text)))),
      { numRuns: 5000 },
    );
    // In an array of many, so that numbers are cut out of a decoded window, also one that has wide characters.
    fc.assert(
      fc.property(
        fc.array(decimal, { minLength: 100, maxLength: 150 }),
        fc.constantFrom('', 'é', '😂'),
        (texts, wide) => {
          assert.equal(
            outcome(`["${wide}",${texts.join(` ,"${wide}", `)}]`),
            `["${wide}",${texts.map((t) => String(Number(t))).join(`,"${wide}",`)}]`,
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  test('integers that differ in one digit never share a form', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 60n), max: 10n ** 60n }), fc.nat(59), (n, place) => {
        assert.equal(outcome(`{"id":${n}}`), `{"id":${n}}`);
        assert.notEqual(outcome(String(n)), outcome(String(n + 10n ** BigInt(place))));
      }),
      { numRuns: 1000 },
    );
  });

  /** Mostly JSON, broken in a few places. */
  const nearlyJson = fc
    .tuple(
      fc
        .tuple(jsonValue, fc.integer())
        .map(([value, seed]) => [...bytesOf(respell(value, randomFrom(seed)))]),
      fc.array(
        fc.tuple(
          fc.nat(),
          fc.constantFrom('replace', 'insert', 'remove', 'repeat'),
          fc.oneof(
            fc.constantFrom(...bytesOf('{}[],:"\\ue0-1.E+ntf \t\n\0')),
            fc.integer({ min: 0, max: 255 }),
          ),
          fc.nat(12),
        ),
        { maxLength: 3 },
      ),
    )
    .map(([bytes, edits]) => {
      for (const [where, what, byte, length] of edits) {
        const at = where % (bytes.length + 1);
        if (what === 'repeat') bytes.splice(at, 0, ...bytes.slice(at, at + length));
        else bytes.splice(at, what === 'insert' ? 0 : 1, ...(what === 'remove' ? [] : [byte]));
      }
      return Uint8Array.from(bytes);
    });

  const STRICTER: readonly MalformedCode[] = [
    'duplicate-key',
    'lone-surrogate',
    'number-overflow',
    'too-deep',
  ];

  function checkAgainstPlain(bytes: Uint8Array): void {
    const malformed = scanner.scan(bytes);
    if (!accepts(bytes)) {
      assert.ok(malformed, 'what JSON.parse or UTF-8 refuses is malformed');
      assert.ok(malformed.offset >= 0 && malformed.offset <= bytes.length);
      return;
    }
    const { canonical, reasons } = plainCanonical(new TextDecoder().decode(bytes));
    if (malformed) {
      assert.ok(STRICTER.includes(malformed.code), `${malformed.code} is no rule beyond those of JSON.parse`);
      assert.ok(reasons.has(malformed.code), `${malformed.code}, but: ${[...reasons].join()}`);
      return;
    }
    assert.deepEqual([...reasons], []);
    const form = scanner.canonical().slice();
    assert.equal(new TextDecoder().decode(form), canonical);
    assert.equal(scanner.scan(form), undefined);
    assert.deepEqual(scanner.canonical(), form, 'a fixed point');
  }

  test('broken JSON: agrees with JSON.parse and a plain second implementation', () => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(nearlyJson, (bytes) => {
        checkAgainstPlain(bytes);
        if (scanner.scan(bytes)) refused++;
        else accepted++;
      }),
      { numRuns: 4000 },
    );
    assert.ok(
      accepted > 400 && refused > 400,
      `the generator is lopsided: ${accepted} accepted, ${refused} refused`,
    );
  });

  test('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), checkAgainstPlain), { numRuns: 2000 });
    const jsonish = fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '"',
          '"a"',
          '"\\u0061"',
          '1',
          '-',
          '0',
          '.5',
          'e9',
          'true',
          'null',
          ' ',
          '\\',
        ),
        { maxLength: 12 },
      )
      .map((parts) => bytesOf(parts.join('')));
    fc.assert(fc.property(jsonish, checkAgainstPlain), { numRuns: 6000 });
  });

  test('UTF-8 sequences of up to four bytes around all limits, as Node judges them', () => {
    const edges = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
    const last = [0x7f, 0x80, 0xbf, 0xc0];
    for (let lead = 0x80; lead < 0x100; lead++) {
      for (const b of edges) {
        for (const c of last) {
          for (const d of last) {
            for (const length of [1, 2, 3, 4]) {
              const bytes = Uint8Array.from([0x22, ...[lead, b, c, d].slice(0, length), 0x22]);
              const malformed = scanner.scan(bytes);
              if (isUtf8(bytes) !== (malformed === undefined))
                assert.fail(Buffer.from(bytes).toString('hex'));
              if (malformed && malformed.code !== 'invalid-utf8') assert.fail(malformed.code);
            }
          }
        }
      }
    }
  });
});

describe('RFC 8785 test data', skipWithout(vectorsFolder('jcs-rfc8785')), () => {
  const folder = vectorsFolder('jcs-rfc8785');
  const names = skipWithout(folder).skip ? [] : readdirSync(`${folder}/input`).sort();

  test('there are six', () => {
    assert.deepEqual(names, [
      'arrays.json',
      'french.json',
      'structures.json',
      'unicode.json',
      'values.json',
      'weird.json',
    ]);
  });

  for (const name of names) {
    test(name, () => {
      const canonical = canonicalize(readFileSync(`${folder}/input/${name}`));
      const hex = readFileSync(`${folder}/outhex/${name.replace('.json', '.txt')}`, 'utf8').replaceAll(
        /\s+/g,
        '',
      );
      assert.equal(Buffer.from(canonical).toString('hex'), hex);
      assert.equal(Buffer.from(canonical).toString(), readFileSync(`${folder}/output/${name}`, 'utf8'));
    });
  }
});

describe('ECMAScript numbers', skipWithout(vectorsFolder('jcs-es6-numbers')), () => {
  for (const [file, count] of [
    ['es6testfile10k.txt', 10_000],
    ['vectors.txt', 7],
  ] as const) {
    test(file, () => {
      const lines = readFileSync(vectorsFolder('jcs-es6-numbers', file), 'utf8').trim().split('\n');
      assert.equal(lines.length, count);
      for (const line of lines) {
        const [hex, expected] = line.trim().split(',') as [string, string];
        const value = Buffer.from(hex.padStart(16, '0'), 'hex').readDoubleBE();
        // 17 digits and an exponent: another spelling than the expected one, for exactly this double.
        assert.equal(outcome(value.toExponential(16)), expected, hex);
        assert.equal(outcome(expected), expected, hex);
      }
    });
  }
});

describe('JSONTestSuite', skipWithout(vectorsFolder('jsontestsuite')), () => {
  const folder = vectorsFolder('jsontestsuite/test_parsing');
  const names = skipWithout(folder).skip ? [] : readdirSync(folder).sort();
  const run = (name: string): string => outcome(readFileSync(`${folder}/${name}`));
  const MALFORMED = /^([a-z0-9-]+)@\d+$/;

  test('no n_* has a digest', () => {
    const mustFail = names.filter((name) => name.startsWith('n_'));
    assert.equal(mustFail.length, 188);
    assert.deepEqual(
      mustFail.filter((name) => !MALFORMED.test(run(name))),
      [],
    );
  });

  test('every y_* has a digest, but for those that section 3 refuses', () => {
    const mustParse = names.filter((name) => name.startsWith('y_'));
    assert.equal(mustParse.length, 95);
    const refused = mustParse
      .filter((name) => MALFORMED.test(run(name)))
      .map((name) => `${name} ${run(name)}`);
    // RFC 8259 leaves it open what a repeated name means; section 3 does not.
    assert.deepEqual(refused, [
      'y_object_duplicated_key.json duplicate-key@9',
      'y_object_duplicated_key_and_value.json duplicate-key@9',
    ]);
  });

  test('what the implementation-defined i_* give', () => {
    const actual = names
      .filter((name) => name.startsWith('i_'))
      .map((name) => `${name} ${run(name).slice(0, 60)}`);
    assert.deepEqual(actual, [
      'i_number_double_huge_neg_exp.json [0]',
      'i_number_huge_exp.json number-overflow@1',
      'i_number_neg_int_huge_exp.json number-overflow@1',
      'i_number_pos_double_huge_exp.json number-overflow@1',
      'i_number_real_neg_overflow.json number-overflow@1',
      'i_number_real_pos_overflow.json number-overflow@1',
      'i_number_real_underflow.json [0]',
      'i_number_too_big_neg_int.json [-123123123123123123123123123123]',
      'i_number_too_big_pos_int.json [100000000000000000000]',
      'i_number_very_big_negative_int.json [-237462374673276894279832749832423479823246327846]',
      'i_object_key_lone_2nd_surrogate.json lone-surrogate@2',
      'i_string_1st_surrogate_but_2nd_missing.json lone-surrogate@2',
      'i_string_1st_valid_surrogate_2nd_invalid.json lone-surrogate@2',
      'i_string_UTF-16LE_with_BOM.json invalid-utf8@0',
      'i_string_UTF-8_invalid_sequence.json invalid-utf8@7',
      'i_string_UTF8_surrogate_U+D800.json invalid-utf8@2',
      'i_string_incomplete_surrogate_and_escape_valid.json lone-surrogate@2',
      'i_string_incomplete_surrogate_pair.json lone-surrogate@2',
      'i_string_incomplete_surrogates_escape_valid.json lone-surrogate@2',
      'i_string_invalid_lonely_surrogate.json lone-surrogate@2',
      'i_string_invalid_surrogate.json lone-surrogate@2',
      'i_string_invalid_utf-8.json invalid-utf8@2',
      'i_string_inverted_surrogates_U+1D11E.json lone-surrogate@2',
      'i_string_iso_latin_1.json invalid-utf8@2',
      'i_string_lone_second_surrogate.json lone-surrogate@2',
      'i_string_lone_utf8_continuation_byte.json invalid-utf8@2',
      'i_string_not_in_unicode_range.json invalid-utf8@2',
      'i_string_overlong_sequence_2_bytes.json invalid-utf8@2',
      'i_string_overlong_sequence_6_bytes.json invalid-utf8@2',
      'i_string_overlong_sequence_6_bytes_null.json invalid-utf8@2',
      'i_string_truncated-utf-8.json invalid-utf8@2',
      'i_string_utf16BE_no_BOM.json invalid-json@0',
      'i_string_utf16LE_no_BOM.json invalid-json@1',
      'i_structure_500_nested_arrays.json [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[',
      'i_structure_UTF-8_BOM_empty_object.json invalid-json@0',
    ]);
  });

  test('what test_transform gives', () => {
    const transform = vectorsFolder('jsontestsuite/test_transform');
    const actual = readdirSync(transform)
      .sort()
      .map((name) => `${name} ${outcome(readFileSync(`${transform}/${name}`))}`);
    assert.deepEqual(actual, [
      'number_-9223372036854775808.json [-9223372036854775808]',
      'number_-9223372036854775809.json [-9223372036854775809]',
      'number_1.0.json [1]',
      'number_1.000000000000000005.json [1]',
      'number_1000000000000000.json [1000000000000000]',
      'number_10000000000000000999.json [10000000000000000999]',
      'number_1e-999.json [0]',
      'number_1e6.json [1000000]',
      'number_9223372036854775807.json [9223372036854775807]',
      'number_9223372036854775808.json [9223372036854775808]',
      'object_key_nfc_nfd.json {"é":"NFD","é":"NFC"}',
      'object_key_nfd_nfc.json {"é":"NFD","é":"NFC"}',
      'object_same_key_different_values.json duplicate-key@7',
      'object_same_key_same_value.json duplicate-key@7',
      'object_same_key_unclear_values.json duplicate-key@8',
      'string_1_escaped_invalid_codepoint.json lone-surrogate@2',
      'string_1_invalid_codepoint.json invalid-utf8@2',
      'string_2_escaped_invalid_codepoints.json lone-surrogate@2',
      'string_2_invalid_codepoints.json invalid-utf8@2',
      'string_3_escaped_invalid_codepoints.json lone-surrogate@2',
      'string_3_invalid_codepoints.json invalid-utf8@2',
      'string_with_escaped_NULL.json ["A\\u0000B"]',
    ]);
  });
});
