import { ecdsa, weierstrass, type ECDSA, type WeierstrassOpts } from '@noble/curves/abstract/weierstrass.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import { joinBytes } from '../sshWire.ts';

/** The curves of FIPS 186-5, by the names of RFC 5656 §10.1, each with its hash (§6.2.1). */
export type EcdsaCurve = 'nistp256' | 'nistp384' | 'nistp521';

interface Curve {
  /** Bytes of a coordinate. */
  readonly size: number;
  readonly hash: typeof sha256 | typeof sha384 | typeof sha512;
  /** SP 800-186 §3.2.1; `a` is −3. */
  readonly parameters: Readonly<Record<'p' | 'n' | 'b' | 'Gx' | 'Gy', string>>;
}

// Not the curves that the library makes: it makes all of them, with more around them, when it is loaded, which took
// 7 ms at every start.
const CURVES: Readonly<Record<EcdsaCurve, Curve>> = {
  nistp256: {
    size: 32,
    hash: sha256,
    parameters: {
      p: 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff',
      n: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
      b: '5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b',
      Gx: '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296',
      Gy: '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
    },
  },
  nistp384: {
    size: 48,
    hash: sha384,
    parameters: {
      p: 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff',
      n: 'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
      b: 'b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef',
      Gx: 'aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7',
      Gy: '3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f',
    },
  },
  nistp521: {
    size: 66,
    hash: sha512,
    parameters: {
      p: `1${'f'.repeat(130)}`,
      n: '1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
      b: '51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00',
      Gx: 'c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66',
      Gy: '11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650',
    },
  },
};

export function isEcdsaCurve(name: string): name is EcdsaCurve {
  return Object.hasOwn(CURVES, name);
}

/** Whether bytes have the form of an uncompressed point (SEC 1 §2.3.3); the curve is looked at when verifying. */
export function isEcdsaPoint(curve: EcdsaCurve, point: Uint8Array): boolean {
  return point.length === 1 + 2 * CURVES[curve].size && point[0] === 0x04;
}

/**
 * Verifies an ECDSA signature (FIPS 186-5 §6.4.2). Both `s` and `n − s` are accepted, as the standard does. Never
 * throws.
 *
 * @param point the public key, uncompressed (SEC 1 §2.3.3)
 * @param signature `r` and `s`: in ASN.1 DER (RFC 3279 §2.2.3), or as the magnitudes of both
 */
export function verifyEcdsa(
  curve: EcdsaCurve,
  point: Uint8Array,
  signature: Uint8Array | { readonly r: Uint8Array; readonly s: Uint8Array },
  ...message: readonly Uint8Array[]
): boolean {
  const { hash: create, size } = CURVES[curve];
  const hash = create.create();
  for (const part of message) hash.update(part);
  const der = signature instanceof Uint8Array;
  const bytes = der ? signature : compact(signature.r, signature.s, size);
  if (bytes === undefined || !isEcdsaPoint(curve, point)) return false;
  try {
    const options = { format: der ? 'der' : 'compact', lowS: false, prehash: false } as const;
    return schemeOf(curve).verify(bytes, hash.digest(), point, options);
  } catch {
    return false;
  }
}

/** Both numbers, filled up to the size of a coordinate; undefined when one is longer. */
function compact(r: Uint8Array, s: Uint8Array, size: number): Uint8Array | undefined {
  if (r.length > size || s.length > size) return undefined;
  return joinBytes(new Uint8Array(size - r.length), r, new Uint8Array(size - s.length), s);
}

const schemes = new Map<EcdsaCurve, ECDSA>();

function schemeOf(curve: EcdsaCurve): ECDSA {
  let scheme = schemes.get(curve);
  if (!scheme) {
    const { parameters, hash } = CURVES[curve];
    const number = (name: keyof typeof parameters) => BigInt(`0x${parameters[name]}`);
    const p = number('p');
    const options: WeierstrassOpts<bigint> = {
      p,
      n: number('n'),
      h: 1n,
      a: p - 3n,
      b: number('b'),
      Gx: number('Gx'),
      Gy: number('Gy'),
    };
    scheme = ecdsa(weierstrass(options), hash);
    schemes.set(curve, scheme);
  }
  return scheme;
}
