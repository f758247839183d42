import { toBase64 } from '../bytes/base64.ts';
import { sha256 } from '../bytes/sha256.ts';
import { verifyEcdsa } from './algorithms/ecdsa.ts';
import { verifyEd25519, type VerifyEd25519 } from './algorithms/ed25519.ts';
import { isUsableRsaKey, verifyRsaPkcs1 } from './algorithms/rsa.ts';
import { keyMaterial, type KeyMaterial, type SignatureCheck, type SshPublicKey } from './sshKey.ts';
import { equalBytes, joinBytes, readWire, wireString, wireUint32, type WireReader } from './sshWire.ts';

/** Signature algorithms of RSA keys (RFC 8332 §3). `ssh-rsa`, which is with SHA-1, is not accepted. */
const RSA_HASHES = new Map([
  ['rsa-sha2-256', 'sha256'],
  ['rsa-sha2-512', 'sha512'],
] as const);

const WEBAUTHN = 'webauthn-sk-ecdsa-sha2-nistp256@openssh.com';

/**
 * Verifies a signature as SSH encodes it: its algorithm, and what RFC 8709 §6, RFC 5656 §3.1.2, RFC 8332 §3 and, for
 * FIDO authenticators, PROTOCOL.u2f say of it. Never throws, whatever the bytes are.
 *
 * @param key of a certificate, the key in it
 * @returns `unsupported` also when it is with SHA-1
 */
export function verifySshSignature(
  key: SshPublicKey,
  signature: Uint8Array,
  message: Uint8Array,
  ed25519: VerifyEd25519 = verifyEd25519,
): SignatureCheck {
  const material = keyMaterial(key);
  if (!material || (material.algorithm === 'rsa' && !isUsableRsaKey(material.key))) return 'unsupported';
  const { type } = key.certified ?? key;
  return (
    readWire(signature, (reader): SignatureCheck => {
      const algorithm = reader.text();
      if (material.algorithm === 'rsa') {
        const signed = reader.string();
        const hash = RSA_HASHES.get(algorithm as 'rsa-sha2-256');
        if (hash === undefined) return algorithm === type ? 'unsupported' : 'invalid';
        return checked(
          verifyRsaPkcs1(material.key, filledUp(signed, material.key.modulus.length), hash, message),
        );
      }
      if (algorithm !== type && !(algorithm === WEBAUTHN && isWebauthnKey(material))) return 'invalid';
      const raw = reader.string();
      const signed =
        material.application === undefined
          ? message
          : signedByAuthenticator(material.application, algorithm, message, reader);
      if (signed === undefined) return 'invalid';
      return checked(
        material.algorithm === 'ed25519'
          ? ed25519(material.publicKey, raw, signed)
          : verifyEcdsaNumbers(material, raw, signed),
      );
    }) ?? 'invalid'
  );
}

function checked(valid: boolean): SignatureCheck {
  return valid ? 'valid' : 'invalid';
}

/** RFC 8017 has signatures as long as the modulus; OpenSSH takes shorter ones, which some old agents made. */
function filledUp(signature: Uint8Array, length: number): Uint8Array {
  return signature.length < length
    ? joinBytes(new Uint8Array(length - signature.length), signature)
    : signature;
}

type EcdsaMaterial = Extract<KeyMaterial, { readonly algorithm: 'ecdsa' }>;

function verifyEcdsaNumbers({ curve, point }: EcdsaMaterial, raw: Uint8Array, message: Uint8Array): boolean {
  const numbers = readWire(raw, (reader) => ({ r: reader.unsigned(), s: reader.unsigned() }));
  return numbers !== undefined && verifyEcdsa(curve, point, numbers, message);
}

function isWebauthnKey(material: KeyMaterial): boolean {
  return material.algorithm === 'ecdsa' && material.application !== undefined;
}

/** User data of the authenticator's flags (WebAuthn §6.1): attested credential data, and extensions. */
const ATTESTED = 0x40;
const EXTENSIONS = 0x80;

/**
 * What an authenticator signs for a message (PROTOCOL.u2f, "SSH U2F signatures"). Whether a user was present is in the
 * flags; ssh-keygen does not ask for it either.
 *
 * @returns undefined when the signature's additions do not fit the message
 */
function signedByAuthenticator(
  application: Uint8Array,
  algorithm: string,
  message: Uint8Array,
  reader: WireReader,
): Uint8Array | undefined {
  const flags = reader.uint8();
  const counter = wireUint32(reader.uint32());
  const head = [sha256(application), Uint8Array.of(flags), counter];
  if (algorithm !== WEBAUTHN) return joinBytes(...head, sha256(message));
  const origin = reader.text();
  const clientData = reader.string();
  const extensions = reader.string();
  if (origin.includes('"') || (flags & ATTESTED) !== 0) return undefined;
  if (((flags & EXTENSIONS) !== 0) !== extensions.length > 0) return undefined;
  const challenge = toBase64(message).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  const expected = new TextEncoder().encode(
    `{"type":"webauthn.get","challenge":"${challenge}","origin":"${origin}"`,
  );
  if (!equalBytes(clientData.subarray(0, expected.length), expected)) return undefined;
  return joinBytes(...head, extensions, sha256(clientData));
}

/** An Ed25519 signature as SSH encodes it (RFC 8709 §6). @param raw the 64 bytes of RFC 8032 */
export function ed25519SshSignature(raw: Uint8Array): Uint8Array {
  return joinBytes(wireString('ssh-ed25519'), wireString(raw));
}
