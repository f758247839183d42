import { X509Certificate, type KeyObject } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import type { SignedEntity, TrustMaterial, Verifier } from '@sigstore/verify';
import { toHex } from '../core/bytes/hex.ts';
import { ProvenanceError, type MessageArguments } from '../core/errors.ts';
import { readIdentity, type SigstoreIdentity } from '../core/trust/sigstoreIdentities.ts';

/** Bounds of what is handed to the library: more than any signer writes. */
const MAX_LOG_ENTRIES = 16;
const MAX_TIMESTAMPS = 16;
const MAX_PROOF_HASHES = 64;
const MAX_CERTIFICATE_BYTES = 64 * 1024;
const MAX_TIMESTAMP_BYTES = 256 * 1024;
const MAX_CHECKPOINT_LENGTH = 64 * 1024;

const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle';

/** What a bundle signs: a DSSE payload, or a file of which it has the SHA-256. */
export type SignedContent =
  | { readonly kind: 'payload'; readonly payloadType: string; readonly payload: Uint8Array }
  | { readonly kind: 'file'; readonly sha256: string };

/** A bundle that was read and not checked yet. */
export interface SigstoreBundle {
  readonly content: SignedContent;
  /** Whether it was made with a bare key: no trusted root says whose it is. */
  readonly byBareKey: boolean;
  readonly bundle: Bundle;
}

/** Who signed, and when, once everything was checked. */
export interface SigstoreCheck {
  readonly identity: SigstoreIdentity;
  /** The earliest time of a log or timestamp authority: RFC 3339, whole seconds. */
  readonly signedAt: string;
}

/** A trusted root, ready to check with. */
export interface SigstoreRoot {
  readonly verifier: Verifier;
}

/** Whether a JSON value says that it is a Sigstore bundle, of any version. */
export function isSigstoreBundle(value: unknown): value is { readonly mediaType: string } {
  const { mediaType } = (value ?? {}) as { mediaType?: unknown };
  return typeof mediaType === 'string' && mediaType.startsWith(BUNDLE_TYPE);
}

/**
 * Reads a Sigstore bundle, versions 0.1 to 0.3. Nothing is checked but its form.
 * @throws ProvenanceError `invalid-sigstore`
 */
export async function readSigstoreBundle(value: unknown): Promise<SigstoreBundle> {
  const { bundleFromJSON } = await import('./sigstorePackages.node.ts');
  let bundle: Bundle;
  try {
    bundle = bundleFromJSON(value);
  } catch (cause) {
    throw invalid('it is not a Sigstore bundle of version 0.1 to 0.3', {}, cause);
  }
  checkBounds(bundle);
  return {
    content: await contentOf(bundle),
    byBareKey: bundle.verificationMaterial.content.$case === 'publicKey',
    bundle,
  };
}

/**
 * Reads a trusted root: Sigstore's `trusted_root.json`, as `cosign trusted-root create` writes it.
 * @throws ProvenanceError `invalid-sigstore` about the file at `path`
 */
export async function readTrustedRoot(text: string, path: string): Promise<SigstoreRoot> {
  const { TrustedRoot, toTrustMaterial, Verifier } = await import('./sigstorePackages.node.ts');
  let material: TrustMaterial;
  try {
    material = toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(text)));
  } catch (cause) {
    throw notARoot(path, cause);
  }
  const { certificateAuthorities, tlogs, ctlogs, timestampAuthorities } = material;
  if (certificateAuthorities.length === 0 || (tlogs.length === 0 && timestampAuthorities.length === 0)) {
    throw notARoot(path);
  }
  // An instance without a log (a private one, with a timestamp authority) cannot be asked for entries in it.
  const verifier = new Verifier(material, {
    tlogThreshold: Math.min(tlogs.length, 1),
    ctlogThreshold: Math.min(ctlogs.length, 1),
    timestampThreshold: 1,
  });
  return { verifier };
}

/**
 * Checks everything about a bundle that does not depend on the file that it is about: the certificate's way to the trusted
 * root, that it was valid when a log or timestamp authority saw the signature, the log's inclusion proof, and the
 * signature over the content. Offline.
 *
 * @throws ProvenanceError `invalid-sigstore` with what is wrong
 */
export async function checkSigstoreBundle(
  { bundle, content }: SigstoreBundle,
  { verifier }: SigstoreRoot,
): Promise<SigstoreCheck> {
  const { toSignedEntity } = await import('./sigstorePackages.node.ts');
  let entity: SignedEntity;
  let found: ReturnType<Verifier['verify']>;
  try {
    entity = toSignedEntity(bundle);
    if (content.kind === 'file') entity = { ...entity, signature: await overDigest(bundle) };
    found = verifier.verify(entity);
  } catch (cause) {
    throw cause instanceof ProvenanceError ? cause : invalid(reasonOf(cause), {}, cause);
  }
  const { extensions, subjectAlternativeName } = found.identity ?? {};
  const identity = readIdentity(extensions?.issuer, subjectAlternativeName);
  if (!identity) throw invalid('its certificate does not say who signed');
  return { identity, signedAt: signedAt(entity) };
}

/** By the library's codes (`@sigstore/verify`, error.ts). */
const REASONS: Readonly<Record<string, string>> = {
  CERTIFICATE_ERROR:
    'its certificate does not lead to the trusted root, or was not valid when a log or timestamp authority saw it',
  PUBLIC_KEY_ERROR: 'its key is not one of the trusted root',
  SIGNATURE_ERROR: 'the signature is not of what stands there',
  TIMESTAMP_ERROR:
    'no log or timestamp authority of the trusted root says when it was made, so its certificate may have expired before',
  TLOG_ERROR: 'it has no entry in a transparency log',
  TLOG_BODY_ERROR: 'its entry in the transparency log is of something else',
  TLOG_INCLUSION_PROMISE_ERROR: 'no log of the trusted root signed its entry',
  TLOG_INCLUSION_PROOF_ERROR: 'the proof that it stands in the transparency log is wrong',
  TLOG_MISSING_INCLUSION_ERROR: 'nothing proves that it stands in the transparency log',
};

function reasonOf(cause: unknown): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return (typeof code === 'string' ? REASONS[code] : undefined) ?? 'a part of it cannot be read';
}

async function contentOf({ content }: Bundle): Promise<SignedContent> {
  if (content.$case === 'dsseEnvelope') {
    const { payload, payloadType } = content.dsseEnvelope;
    return { kind: 'payload', payloadType, payload: new Uint8Array(payload) };
  }
  const { digest, algorithm } = content.messageSignature.messageDigest;
  const { HashAlgorithm } = await import('./sigstorePackages.node.ts');
  if (algorithm !== HashAlgorithm.SHA2_256 || digest.length !== 32) {
    throw invalid('it has hashed the file otherwise than with SHA-256; sign again with SHA-256');
  }
  return { kind: 'file', sha256: toHex(new Uint8Array(digest)) };
}

/**
 * The content of a bundle that signs a file, without the file: ECDSA signs the SHA-256, and whether that is the file's is
 * compared later. So files of any size are read once only.
 */
async function overDigest({ content }: Bundle): Promise<SignedEntity['signature']> {
  if (content.$case !== 'messageSignature') throw invalid('it does not sign a file');
  const { signature, messageDigest } = content.messageSignature;
  const { verifyEcdsaDigest } = await import('./ecdsaDigest.node.ts');
  const equals = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
  return {
    signature,
    compareSignature: (other) => equals(other, signature),
    compareDigest: (digest) => equals(digest, messageDigest.digest),
    verifySignature: (key: KeyObject) => {
      const isValid = verifyEcdsaDigest(key, new Uint8Array(messageDigest.digest), new Uint8Array(signature));
      if (isValid === undefined) throw invalid('its key is not an ECDSA key; sign again with one');
      return isValid;
    },
  };
}

function signedAt({ timestamps }: SignedEntity): string {
  const times = timestamps.map((timestamp) =>
    timestamp.$case === 'timestamp-authority'
      ? timestamp.timestamp.signingTime.getTime()
      : Number(timestamp.tlogEntry.integratedTime) * 1000,
  );
  return new Date(Math.min(...times)).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** What the library does not bound itself: work grows with the square of some of these. */
function checkBounds({ verificationMaterial }: Bundle): void {
  const { tlogEntries, timestampVerificationData, content } = verificationMaterial;
  const timestamps = timestampVerificationData?.rfc3161Timestamps ?? [];
  const certificates =
    content.$case === 'x509CertificateChain'
      ? content.x509CertificateChain.certificates
      : content.$case === 'certificate'
        ? [content.certificate]
        : [];
  const isBounded =
    tlogEntries.length <= MAX_LOG_ENTRIES &&
    timestamps.length <= MAX_TIMESTAMPS &&
    timestamps.every(({ signedTimestamp }) => signedTimestamp.length <= MAX_TIMESTAMP_BYTES) &&
    certificates.every(({ rawBytes }) => rawBytes.length <= MAX_CERTIFICATE_BYTES) &&
    tlogEntries.every(
      ({ inclusionProof }) =>
        inclusionProof === undefined ||
        (inclusionProof.hashes.length <= MAX_PROOF_HASHES &&
          isPlainCheckpoint(inclusionProof.checkpoint?.envelope ?? '')),
    );
  if (!isBounded) throw invalid('it is larger than a signature can be, or has odd names in it');
  if (!certificates.every(({ rawBytes }) => isCertificate(rawBytes)))
    throw invalid('its certificate cannot be read');
}

/** The library reads certificates loosely, OpenSSL does not. */
function isCertificate(bytes: Uint8Array): boolean {
  try {
    return new X509Certificate(bytes).raw.equals(bytes);
  } catch {
    return false;
  }
}

/** The library uses the names of who signed a checkpoint as regular expressions: they may hold nothing special. */
function isPlainCheckpoint(envelope: string): boolean {
  if (envelope.length > MAX_CHECKPOINT_LENGTH) return false;
  return [...envelope.matchAll(/\u2014 (\S+)/g)].every(([, name = '']) => /^[\w.:/-]{1,255}$/.test(name));
}

function notARoot(path: string, cause?: unknown): ProvenanceError {
  return new ProvenanceError(
    'invalid-sigstore',
    '{path} is not a trusted root of Sigstore; make one with “cosign trusted-root create”, or take the trusted_root.json of your instance.',
    { path },
    { cause },
  );
}

function invalid(reason: string, args: MessageArguments = {}, cause?: unknown): ProvenanceError {
  return new ProvenanceError('invalid-sigstore', `The signature does not count: ${reason}.`, args, { cause });
}
