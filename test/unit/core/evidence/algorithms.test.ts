import assert from 'node:assert/strict';
import {
  constants,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  generatePrimeSync,
  sign,
  verify as opensslVerify,
  type JsonWebKey,
  type KeyObject,
  type SignKeyObjectInput,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../../src/core/bytes/hex.ts';
import { verifyEcdsa, type EcdsaCurve } from '../../../../src/core/evidence/algorithms/ecdsa.ts';
import { isEd25519Key, verifyEd25519 } from '../../../../src/core/evidence/algorithms/ed25519.ts';
import {
  isUsableRsaKey,
  rsaBits,
  verifyRsa,
  verifyRsaPkcs1,
  type RsaPublicKey,
} from '../../../../src/core/evidence/algorithms/rsa.ts';
import { nativeVerifyEd25519 } from '../../../../src/platform/ed25519.node.ts';
import { skipWithout, vectorsFolder } from '../../../support/vectors.ts';
import { bytesOf } from './support.ts';

const MESSAGE = bytesOf('the message');
const PARTS = [MESSAGE.subarray(0, 4), MESSAGE.subarray(4, 4), MESSAGE.subarray(4)];

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
}

describe('Ed25519: the native verifier decides as the portable one', () => {
  const secret = new Uint8Array(32).fill(7);
  const publicKey = ed25519.getPublicKey(secret);
  const both = (key: Uint8Array, signature: Uint8Array, ...message: Uint8Array[]): boolean => {
    const portable = verifyEd25519(key, signature, ...message);
    assert.equal(nativeVerifyEd25519(key, signature, ...message), portable, toHex(signature));
    return portable;
  };

  const wycheproof = vectorsFolder('wycheproof', 'testvectors_v1', 'ed25519_test.json');
  test('Wycheproof', skipWithout(wycheproof), () => {
    const { testGroups, numberOfTests } = JSON.parse(readFileSync(wycheproof, 'utf8')) as {
      numberOfTests: number;
      testGroups: { publicKey: { pk: string }; tests: { msg: string; sig: string; result: string }[] }[];
    };
    let checked = 0;
    for (const group of testGroups) {
      for (const { msg, sig, result } of group.tests) {
        assert.equal(both(fromHex(group.publicKey.pk), fromHex(sig), fromHex(msg)), result === 'valid', sig);
        checked++;
      }
    }
    assert.equal(checked, numberOfTests);
  });

  test('any message, in one part or several', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (message, cut) => {
        const signature = ed25519.sign(message, secret);
        assert.ok(both(publicKey, signature, message));
        assert.ok(both(publicKey, signature, message.subarray(0, cut), message.subarray(cut)));
        assert.ok(!both(publicKey, signature, message, Uint8Array.of(0)));
      }),
      { numRuns: 30 },
    );
  });

  test('a key in a Buffer stays as it is', () => {
    const key = Buffer.from(publicKey);
    key[31]! |= 0x80;
    both(key, ed25519.sign(MESSAGE, secret), MESSAGE);
    assert.equal(key[31]! & 0x80, 0x80);
  });

  test('no flipped bit of a signature or a key passes', () => {
    const signature = ed25519.sign(MESSAGE, secret);
    for (let bit = 0; bit < 512; bit++) assert.ok(!both(publicKey, flipped(signature, bit), MESSAGE));
    for (let bit = 0; bit < 256; bit++) assert.ok(!both(flipped(publicKey, bit), signature, MESSAGE));
  });

  test('any bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 70 });
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.oneof(key, bytes), bytes, bytes, (a, b, c) => !both(a, b, c)),
      { numRuns: 100 },
    );
  });

  test('s is below the group order', () => {
    const signature = ed25519.sign(MESSAGE, secret);
    const s = BigInt(`0x${toHex(signature.slice(32).reverse())}`) + ed25519.Point.Fn.ORDER;
    const malleated = signature.slice();
    malleated.set(fromHex(s.toString(16).padStart(64, '0')).reverse(), 32);
    assert.ok(!both(publicKey, malleated, MESSAGE));
  });

  test('keys of small order and of a second encoding are none', () => {
    // The neutral element and s = 0 verify every message by the bare equation.
    const neutral = fromHex(`01${'00'.repeat(31)}`);
    const anything = Uint8Array.of(...neutral, ...new Uint8Array(32));
    assert.ok(!both(neutral, anything, MESSAGE));
    const { Point } = ed25519;
    const torsion = Point.fromBytes(
      fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
    );
    let point = Point.ZERO;
    for (let i = 0; i < 8; i++) {
      assert.ok(!isEd25519Key(point.toBytes()), `${i} times the point of order 8`);
      point = point.add(torsion);
    }
    assert.ok(point.equals(Point.ZERO));
    for (let low = 0xed; low <= 0xff; low++) {
      for (const high of [0x7f, 0xff]) {
        const key = fromHex(`${low.toString(16)}${'ff'.repeat(30)}${high.toString(16)}`);
        assert.ok(!both(key, anything, MESSAGE), toHex(key));
        assert.ok(!isEd25519Key(key));
      }
    }
  });

  test('a component of small order in R or in the key is not forgiven', () => {
    // What holds with the cofactor only: libraries disagree about it, OpenSSH and OpenSSL refuse.
    const { Point } = ed25519;
    const torsion = Point.fromBytes(
      fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'),
    );
    const order = Point.Fn.ORDER;
    const a = 123_456_789n;
    const r = 987_654_321n;
    const little = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes.slice().reverse())}`);
    let refused = 0;
    for (const [keyTorsion, rTorsion] of [
      [0n, 1n],
      [1n, 0n],
      [3n, 2n],
    ] as const) {
      const add = (base: InstanceType<typeof Point>, times: bigint) =>
        times === 0n ? base : base.add(torsion.multiplyUnsafe(times));
      const key = add(Point.BASE.multiply(a), keyTorsion).toBytes();
      const R = add(Point.BASE.multiply(r), rTorsion).toBytes();
      for (let i = 0; i < 8; i++) {
        const message = Uint8Array.of(i);
        const h = little(sha512(R, key, message)) % order;
        const s = (r + h * a) % order;
        const signature = Uint8Array.of(...R, ...fromHex(s.toString(16).padStart(64, '0')).reverse());
        assert.ok(ed25519.verify(signature, message, key), 'holds with the cofactor');
        if (!both(key, signature, message)) refused++;
      }
    }
    assert.ok(refused >= 16, String(refused));
  });
});

function sha512(...parts: Uint8Array[]): Uint8Array {
  return createHash('sha512').update(Buffer.concat(parts)).digest();
}

const CURVES = [
  ['nistp256', 'P-256', 'sha256'],
  ['nistp384', 'P-384', 'sha384'],
  ['nistp521', 'P-521', 'sha512'],
] as const;
for (const [curve, namedCurve, hash] of CURVES) {
  describe(`ECDSA with ${namedCurve} decides as OpenSSL`, () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    const point = ecPoint(publicKey);

    test('signatures in DER, of messages in one part or several', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
          const signature = sign(hash, message, privateKey);
          assert.ok(verifyEcdsa(curve, point, signature, message));
          assert.ok(!verifyEcdsa(curve, point, signature, message, Uint8Array.of(0)));
        }),
        { numRuns: 10 },
      );
      assert.ok(verifyEcdsa(curve, point, sign(hash, MESSAGE, privateKey), ...PARTS));
    });

    test('signatures as two numbers', () => {
      const raw = sign(hash, MESSAGE, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      const [r, s] = [raw.subarray(0, raw.length / 2), raw.subarray(raw.length / 2)];
      assert.ok(verifyEcdsa(curve, point, { r, s }, MESSAGE));
      assert.ok(!verifyEcdsa(curve, point, { r: s, s: r }, MESSAGE));
      assert.ok(!verifyEcdsa(curve, point, { r: new Uint8Array(), s }, MESSAGE));
      assert.ok(!verifyEcdsa(curve, point, { r, s: new Uint8Array(s.length) }, MESSAGE));
      assert.ok(!verifyEcdsa(curve, point, { r, s: Uint8Array.of(1, ...s) }, MESSAGE));
    });

    test('changed signatures and keys', () => {
      const signature = sign(hash, MESSAGE, privateKey);
      const bit = fc.nat(signature.length * 8 - 1);
      fc.assert(
        fc.property(bit, (at) => !verifyEcdsa(curve, point, flipped(signature, at), MESSAGE)),
        { numRuns: 60 },
      );
      fc.assert(
        fc.property(
          fc.nat(point.length * 8 - 1),
          (at) => !verifyEcdsa(curve, flipped(point, at), signature, MESSAGE),
        ),
        { numRuns: 20 },
      );
      assert.ok(!verifyEcdsa(curve, new Uint8Array(point.length), signature, MESSAGE));
    });

    test('hostile DER', () => {
      const signature = sign(hash, MESSAGE, privateKey);
      const cases = [
        new Uint8Array(),
        Uint8Array.of(0x30, 0),
        Uint8Array.of(...signature, 0),
        signature.subarray(0, -1),
        // Longer lengths than needed are BER.
        Uint8Array.of(0x30, 0x82, 0, ...signature.subarray(signature[1] === 0x81 ? 2 : 1)),
        fromHex('3006020100020100'),
        fromHex('300602010102017f'),
      ];
      for (const bytes of cases) {
        assert.equal(verifyEcdsa(curve, point, bytes, MESSAGE), false, toHex(bytes));
      }
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 160 }), (bytes) => !verifyEcdsa(curve, point, bytes, MESSAGE)),
        { numRuns: 50 },
      );
    });
  });
}

function ecPoint(key: KeyObject): Uint8Array {
  const { x, y } = key.export({ format: 'jwk' });
  return Buffer.concat([Uint8Array.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]);
}

test('a point of another curve is no key', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signature = sign('sha256', MESSAGE, privateKey);
  for (const curve of ['nistp384', 'nistp521'] satisfies EcdsaCurve[]) {
    assert.equal(verifyEcdsa(curve, ecPoint(publicKey), signature, MESSAGE), false);
  }
});

describe('RSA decides as OpenSSL', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 3072 });
  const key = rsaKey(publicKey);
  const PSS = constants.RSA_PKCS1_PSS_PADDING;
  const SCHEMES: readonly [name: string, hash: string, options: Partial<SignKeyObjectInput>][] = [
    ['PKCS #1 v1.5, SHA-256', 'sha256', {}],
    ['PKCS #1 v1.5, SHA-512', 'sha512', {}],
    ['PSS, SHA-256, salt as long as the hash', 'sha256', { padding: PSS, saltLength: 32 }],
    ['PSS, SHA-512, salt as long as the hash', 'sha512', { padding: PSS, saltLength: 64 }],
    [
      'PSS, SHA-256, the longest salt',
      'sha256',
      { padding: PSS, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN },
    ],
    ['PSS, SHA-512, no salt', 'sha512', { padding: PSS, saltLength: 0 }],
  ];
  for (const [name, hash, options] of SCHEMES) {
    test(name, () => {
      const signature = sign(hash, MESSAGE, { key: privateKey, ...options });
      assert.ok(verifyRsa(key, signature, MESSAGE));
      assert.ok(verifyRsa(key, signature, ...PARTS));
      assert.ok(!verifyRsa(key, signature, MESSAGE, Uint8Array.of(0)));
      for (const pkcs1 of ['sha256', 'sha512'] as const) {
        assert.equal(
          verifyRsaPkcs1(key, signature, pkcs1, MESSAGE),
          options.padding === undefined && hash === pkcs1,
        );
      }
      fc.assert(
        fc.property(fc.nat(3071), (bit) => !verifyRsa(key, flipped(signature, bit), MESSAGE)),
        { numRuns: 50 },
      );
    });
  }

  test('other hashes are not accepted', () => {
    for (const hash of ['sha1', 'sha384']) {
      assert.ok(!verifyRsa(key, sign(hash, MESSAGE, privateKey), MESSAGE));
      assert.ok(
        !verifyRsa(key, sign(hash, MESSAGE, { key: privateKey, padding: PSS, saltLength: 20 }), MESSAGE),
      );
    }
  });

  test('lengths of keys that do not fill their bytes', () => {
    for (const bits of [3073, 3079]) {
      const pair = rsaPair(bits);
      const odd = rsaKey(pair);
      assert.equal(rsaBits(odd), bits);
      for (const [name, hash, options] of SCHEMES) {
        const signature = sign(hash, MESSAGE, { key: pair, ...options });
        assert.equal(verifyRsa(odd, signature, MESSAGE), true, `${bits}: ${name}`);
        assert.equal(verifyRsa(odd, signature, bytesOf('another')), false, `${bits}: ${name}`);
      }
    }
  });

  test('signatures of another length, or not below the modulus', () => {
    const signature = sign('sha256', MESSAGE, privateKey);
    const number = BigInt(`0x${toHex(signature)}`) + BigInt(`0x${toHex(key.modulus)}`);
    const above = number.toString(16);
    const cases = [
      new Uint8Array(),
      signature.subarray(1),
      Uint8Array.of(0, ...signature),
      key.modulus,
      new Uint8Array(384),
      fromHex(above.padStart(above.length + (above.length % 2), '0')),
    ];
    for (const bytes of cases) assert.equal(verifyRsa(key, bytes, MESSAGE), false);
  });

  // What lenient readers of padding were fooled with (Bleichenbacher 2006, CVE-2014-1568): the key's exponent is 3, so
  // that a cube root forges whatever need not be exact to the last byte.
  test('forged padding with the exponent 3', () => {
    const modulus = fromHex('ff'.repeat(384));
    const cubes: RsaPublicKey = { modulus, exponent: Uint8Array.of(3) };
    assert.ok(isUsableRsaKey(cubes));
    const prefix = '3031300d060960864801650304020105000420';
    const digest = createHash('sha256').update(MESSAGE).digest('hex');
    const short = `0001ffffffffffffffff00${prefix}${digest}`;
    const target = BigInt(`0x${short.padEnd(768, '0')}`);
    const root = cubeRoot(target) + 1n;
    const cube = (root ** 3n).toString(16).padStart(768, '0');
    assert.ok(cube.startsWith(short), 'the forgery has the digest where a lenient reader finds it');
    const forged = fromHex(root.toString(16).padStart(768, '0'));
    assert.equal(verifyRsa(cubes, forged, MESSAGE), false);
  });

  test('weak and absurd keys are not used', () => {
    const { modulus } = key;
    const long = (bytes: number) => Uint8Array.of(...new Uint8Array(bytes - 1).fill(0xff), 0xff);
    const exponent = Uint8Array.of(1, 0, 1);
    const unusable: RsaPublicKey[] = [
      { modulus: long(256), exponent },
      { modulus: Uint8Array.of(0x7f, ...long(383)), exponent },
      { modulus: long(2049), exponent },
      { modulus: flipped(modulus, 383 * 8), exponent },
      { modulus, exponent: Uint8Array.of(1) },
      { modulus, exponent: Uint8Array.of(2) },
      { modulus, exponent: new Uint8Array() },
      { modulus, exponent: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1) },
      { modulus: new Uint8Array(), exponent },
    ];
    for (const [index, weak] of unusable.entries()) {
      assert.equal(isUsableRsaKey(weak), false, String(index));
      assert.equal(verifyRsa(weak, weak.modulus.slice().fill(1), MESSAGE), false, String(index));
    }
    assert.ok(isUsableRsaKey(key));
  });

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 384, maxLength: 384 }), (bytes) => {
        const theirs = opensslVerify('sha256', MESSAGE, publicKey, bytes);
        return verifyRsa(key, bytes, MESSAGE) === theirs;
      }),
      { numRuns: 30 },
    );
  });
});

/** A key of exactly so many bits: OpenSSL's generator rounds to an even number. */
function rsaPair(bits: number): KeyObject {
  const e = 65_537n;
  const prime = (size: number): bigint => {
    for (;;) {
      const found = generatePrimeSync(size, { bigint: true });
      if (found % e !== 1n) return found;
    }
  };
  for (;;) {
    const p = prime(Math.ceil(bits / 2));
    const q = prime(Math.floor(bits / 2));
    const n = p * q;
    if (n.toString(2).length !== bits) continue;
    const d = inverse(e, (p - 1n) * (q - 1n));
    const numbers = { n, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
    const members = Object.entries(numbers).map(([name, value]) => [name, base64Url(value)] as const);
    const key: JsonWebKey = { kty: 'RSA', ...Object.fromEntries(members) };
    return createPrivateKey({ key, format: 'jwk' });
  }
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (a > 1n) [a, b, x, y] = [b % a, a, y - (b / a) * x, x];
  return ((x % modulus) + modulus) % modulus;
}

function base64Url(value: bigint): string {
  const digits = value.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex').toString('base64url');
}

function rsaKey(key: KeyObject): RsaPublicKey {
  const { n, e } = key.export({ format: 'jwk' });
  const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'base64url'));
  return { modulus: bytes(n!), exponent: bytes(e!) };
}

function cubeRoot(value: bigint): bigint {
  let low = 0n;
  let high = 1n << BigInt(Math.ceil(value.toString(2).length / 3) + 1);
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** 3n <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}
