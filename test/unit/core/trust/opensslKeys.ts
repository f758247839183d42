import type { KeyObject } from 'node:crypto';
import { readSshKeyBlob, type SshPublicKey } from '../../../../src/core/evidence/sshKey.ts';
import { joinBytes, wireString } from '../../../../src/core/evidence/sshWire.ts';

/**
 * The public half of a key of node:crypto in OpenSSH's form: RSA, ECDSA P-256 or Ed25519.
 * @param application as if it were in a FIDO device
 */
export function sshKeyOf(key: KeyObject, application?: string): SshPublicKey {
  const { kty, x, y, n, e } = key.export({ format: 'jwk' });
  const part = (text: string | undefined) => new Uint8Array(Buffer.from(text!, 'base64url'));
  const plain: readonly [string, ...Uint8Array[]] =
    kty === 'RSA'
      ? ['ssh-rsa', wireMpint(part(e)), wireMpint(part(n))]
      : kty === 'OKP'
        ? ['ssh-ed25519', wireString(part(x))]
        : [
            'ecdsa-sha2-nistp256',
            wireString('nistp256'),
            wireString(joinBytes(Uint8Array.of(4), part(x), part(y))),
          ];
  const [type, ...parts] = plain;
  const blob =
    application === undefined
      ? joinBytes(wireString(type), ...parts)
      : joinBytes(wireString(`sk-${type}@openssh.com`), ...parts, wireString(application));
  const read = readSshKeyBlob(blob);
  if (!read) throw new Error(`No key: ${type}`);
  return read;
}

/** A positive number of RFC 4251 §5. @param magnitude big-endian */
export function wireMpint(magnitude: Uint8Array): Uint8Array {
  const bytes = magnitude.subarray(magnitude.findIndex((byte) => byte !== 0));
  return wireString(bytes[0]! < 0x80 ? bytes : joinBytes(Uint8Array.of(0), bytes));
}
