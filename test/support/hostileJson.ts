/**
 * JSON as no library writes it, and JSON that is broken in some way, for tests that compare two readers. Everything
 * follows from a seed.
 */

/** @returns a number in [0, limit) */
export type Random = (limit: number) => number;

/** Mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** A whole text: some lines, with all that may stand between them. Nearly all lines are well-formed. */
export function hostileText(random: Random): string {
  let text = '';
  for (let lines = random(12); lines >= 0; lines--) {
    if (random(8) === 0) text += pick(random, ['', ' ', '\t \r', '\r\r', ' '.repeat(40)]);
    else text += hostileLine(random);
    text += pick(random, ['\n', '\n', '\n', '\r\n', ' \r\n', '\r\r\n', lines === 0 ? '' : '\n']);
  }
  return text;
}

/** One JSON text without a line feed. */
export function hostileLine(random: Random): string {
  const value = random(50) === 0 ? deepValue(random) : anyValue(random, 0);
  return space(random) + value + space(random);
}

/** Changes some bytes: at random, to what matters in JSON and UTF-8, by moving a piece, or by cutting one out. */
export function mutated(random: Random, bytes: Uint8Array): Uint8Array {
  let result = Array.from(bytes);
  for (let changes = 1 + random(3); changes > 0; changes--) {
    const at = random(result.length + 1);
    const length = random(4) === 0 ? random(20) : random(3);
    switch (random(6)) {
      case 0:
        result.splice(at, 1, random(256));
        break;
      case 1:
        result.splice(at, 1, pick(random, INTERESTING_BYTES));
        break;
      case 2:
        result.splice(at, 0, pick(random, INTERESTING_BYTES));
        break;
      case 3:
        result.splice(at, length);
        break;
      case 4:
        result.splice(at, 0, ...result.slice(random(result.length), random(result.length)).slice(0, length));
        break;
      default:
        if (at < result.length) result[at] = result[at]! ^ (1 << random(8));
        if (random(20) === 0) result = result.slice(0, at);
    }
  }
  return Uint8Array.from(result);
}

const INTERESTING_BYTES = [
  ...Buffer.from('{}[]:,"\\/ \t\r\n-+.0123456789eEtfnulaINyb'),
  ...[0x00, 0x1f, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xee, 0xef, 0xf0, 0xf4, 0xf5, 0xff],
];

const NUMBERS = [
  ...[
    '0',
    '-0',
    '0.0',
    '-0.00',
    '1.0',
    '10',
    '100.50',
    '-7',
    '1e0',
    '1E+2',
    '1e-7',
    '1.5e300',
    '9e-324',
    '1e308',
  ],
  ...[
    '0.000001',
    '0.0000001',
    '0.00000100',
    '0.00000010',
    '123456789012345.5',
    '999999999999999',
    '1e21',
    '1e20',
  ],
  ...[
    '9007199254740991',
    '9007199254740993',
    '-9223372036854775808',
    '18446744073709551616',
    '1.0000000000000000',
  ],
  ...[
    '0.1',
    '0.30000000000000004',
    '0.1000000000000000055511151231257827',
    '5e-324',
    '2.2250738585072014e-308',
  ],
  ...['4.35', '0.000001234567890123456', '1024.0000000000001', '1.9999999999999998', '2.0000000000000004'],
  ...['123456789012345678.5', '99999999999999995.0', '9999999999999999.5', '0.99999999999999994', '1e-400'],
];

const CHARACTERS = [
  ...Array.from('abcdefgABC0129 .,:{}[]/-_~\x7f'),
  ...['"', '\\', '\b', '\t', '\n', '\f', '\r', '\0', '\x0b', '\x1b', '\x1f'],
  ...[
    '\x80',
    'é',
    'ÿ',
    '\u07ff',
    '\u0800',
    '中',
    '€',
    '\u2028',
    '\ud7ff',
    '\ue000',
    '\ufb33',
    '\ufeff',
    '\uffff',
  ],
  ...['😀', '\u{10000}', '\u{1f600}', '\u{10ffff}'],
];

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

function anyValue(random: Random, depth: number): string {
  const kind = random(depth > 4 ? 6 : 10);
  if (kind < 2) return anyNumber(random);
  if (kind < 5) return anyString(random);
  if (kind === 5) return pick(random, ['true', 'false', 'null']);
  return kind < 8 ? anyObject(random, depth) : anyArray(random, depth);
}

function anyArray(random: Random, depth: number): string {
  const items = Array.from({ length: random(5) }, () => space(random) + anyValue(random, depth + 1));
  return `[${items.map((item) => item + space(random)).join(',')}${items.length === 0 ? space(random) : ''}]`;
}

function anyObject(random: Random, depth: number): string {
  const names = new Set<string>();
  const count = random(30) === 0 ? random(300) : random(7);
  // Long names that begin alike, and short ones of which each begins the next.
  const stem = pick(random, ['', '', 'a', 'metadata.', 'metadata.author.name', '中', 'é']);
  for (let i = 0; i < count; i++) names.add(stem + plainText(random, count > 7 ? 4 : 1 + random(4)));
  const members = Array.from(names, (name) => {
    const value = count > 7 ? anyNumber(random) : anyValue(random, depth + 1);
    return `${space(random)}${written(random, name)}${space(random)}:${space(random)}${value}${space(random)}`;
  });
  if (members.length > 0 && random(40) === 0) members.push(pick(random, members));
  if (random(4) === 0) members.sort();
  return `{${members.join(',')}${members.length === 0 ? space(random) : ''}}`;
}

/** Nested about as deep as readers allow. */
function deepValue(random: Random): string {
  const depth = pick(random, [1, 63, 64, 65, 66, 511, 512, 513, 2000]);
  const [open, close] = pick(random, [
    ['[', ']'],
    ['{"b":0,"a":', '}'],
    ['{"a":[', ',1]}'],
  ] as const);
  return open.repeat(depth) + '0' + close.repeat(depth);
}

function anyNumber(random: Random): string {
  switch (random(6)) {
    case 0:
      return pick(random, NUMBERS);
    case 1:
      return sign(random) + digits(random, 1 + random(random(30) === 0 ? 330 : 22)).replace(/^0+(?=.)/, '');
    case 2: {
      const integer = random(2) === 0 ? '0' : digits(random, 1 + random(12)).replace(/^0+(?=.)/, '');
      return `${sign(random)}${integer}.${'0'.repeat(random(3) * random(5))}${digits(random, 1 + random(20))}`;
    }
    case 3:
      return `${sign(random)}${random(10)}.${digits(random, 1 + random(18))}e${pick(random, ['', '+', '-'])}${random(330)}`;
    default:
      return nearDouble(random);
  }
}

/** The decimal of a double, or one that differs from it in its last digits. */
function nearDouble(random: Random): string {
  const view = new DataView(new ArrayBuffer(8));
  const exponent = random(4) === 0 ? random(2047) : 1023 - 24 + random(78);
  const mantissa = random(4) === 0 ? pick(random, [0, 1, 2, 0xfffff, 0xffffe]) : random(2 ** 20);
  view.setUint32(0, (random(2) << 31) | (exponent << 20) | mantissa);
  view.setUint32(4, random(4) === 0 ? pick(random, [0, 1, 2, 0xffffffff, 0xfffffffe]) : random(2 ** 32));
  const value = view.getFloat64(0);
  if (!Number.isFinite(value)) return '0';
  switch (random(5)) {
    case 0:
      return value.toPrecision(16 + random(4)).replace(/e\+/, 'e');
    case 1: {
      const text = String(value);
      return text.includes('e') ? text : text.replace(/\d$/, String(random(10)));
    }
    case 2:
      return String(value).includes('.')
        ? `${value}${digits(random, 1 + random(3))}`.replace(/(e.*?)\d*$/, '$1')
        : '1.25';
    default:
      return String(value);
  }
}

function anyString(random: Random): string {
  const text =
    random(3) === 0 ? plainText(random, random(80)) : 'lorem ipsum '.repeat(random(12)).slice(random(9));
  return written(random, text + plainText(random, random(6)));
}

function plainText(random: Random, length: number): string {
  let text = '';
  const ascii = random(2) === 0;
  for (let i = 0; i < length; i++) text += ascii ? CHARACTERS[random(24)]! : pick(random, CHARACTERS);
  return text;
}

/** The text as a JSON string, each character in one of the ways in which it may be written. */
function written(random: Random, text: string): string {
  const rate = pick(random, [3, 40, 1000]);
  let json = '"';
  for (const character of text) {
    const short = SHORT_ESCAPES[character];
    const mustEscape = character === '"' || character === '\\' || character < ' ';
    if (short !== undefined && (random(3) > 0 || (!mustEscape && random(rate) === 0))) json += short;
    else if (mustEscape || random(rate) === 0) json += unicodeEscapes(random, character);
    else json += character;
  }
  if (random(200) === 0)
    json += pick(random, ['\\ud800', '\\udc00', '\\ud83dx', '\\ud83d\\u0041', '\\ud83d\\ud83d']);
  return json + '"';
}

function unicodeEscapes(random: Random, character: string): string {
  let escapes = '';
  for (let i = 0; i < character.length; i++) {
    const hex = character.charCodeAt(i).toString(16).padStart(4, '0');
    escapes += `\\u${random(2) === 0 ? hex : hex.toUpperCase()}`;
  }
  return escapes;
}

function space(random: Random): string {
  return pick(random, ['', '', '', '', ' ', '  ', '\t', ' \r ', random(20) === 0 ? ' '.repeat(40) : ' ']);
}

function sign(random: Random): string {
  return random(3) === 0 ? '-' : '';
}

function digits(random: Random, count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) text += String(random(10));
  return text;
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)]!;
}
