import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { initializeCA, initializeCTLog, type CA, type CTLog } from '@sigstore/mock/dist/fulcio/index.js';
import { initializeTLog, type TLog } from '@sigstore/mock/dist/rekor/index.js';

/** A Sigstore of a test's own: certificate authority, certificate log and transparency log, all in memory. */
export class SigstoreInstance {
  private constructor(
    private readonly ca: CA,
    private readonly ctLog: CTLog,
    private readonly tLog: TLog,
  ) {}

  /** @param logTime what the transparency log's clock says; now without it */
  static async create(logTime?: Date): Promise<SigstoreInstance> {
    const keys = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const ctLog = await initializeCTLog(keys());
    const ca = await initializeCA(keys(), ctLog);
    return new SigstoreInstance(ca, ctLog, await initializeTLog(LOG_URL, keys(), logTime));
  }

  /** Its trusted root, as `cosign trusted-root create` writes it. */
  trustedRoot() {
    const log = (baseUrl: string, publicKey: Buffer, keyId: Buffer) => ({
      baseUrl,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: publicKey.toString('base64'),
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        validFor: { start: '2020-01-01T00:00:00Z' },
      },
      logId: { keyId: keyId.toString('base64') },
    });
    const root = Buffer.from(this.ca.rootCertificate.buffer).toString('base64');
    return {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [log(LOG_URL, this.tLog.publicKey, sha256(this.tLog.publicKey))],
      certificateAuthorities: [
        {
          subject: { organization: 'sigstore.mock', commonName: 'sigstore' },
          uri: 'https://fulcio.sigstore.example',
          certChain: { certificates: [{ rawBytes: root }] },
          validFor: { start: '2020-01-01T00:00:00Z' },
        },
      ],
      ctlogs: [
        log('https://ctfe.sigstore.example', this.ctLog.publicKey, Buffer.from(this.ctLog.logID.buffer)),
      ],
      timestampAuthorities: [],
    };
  }

  /** A bundle over a DSSE payload, such as `cosign attest-blob` and `model_signing` make it. */
  async signPayload(payload: string, who: Who = ALICE, payloadType = 'application/vnd.in-toto+json') {
    const { certificate, privateKey } = await this.certify(who);
    const bytes = Buffer.from(payload);
    const head = `DSSEv1 ${String(payloadType.length)} ${payloadType} ${String(bytes.length)} `;
    const signature = sign('sha256', Buffer.concat([Buffer.from(head), bytes]), privateKey).toString(
      'base64',
    );
    const tlogEntries = await this.log('dsse', {
      payloadHash: { algorithm: 'sha256', value: sha256(bytes).toString('hex') },
      signatures: [{ signature, verifier: certificate }],
    });
    return {
      ...withMaterial(certificate, tlogEntries),
      dsseEnvelope: {
        payload: bytes.toString('base64'),
        payloadType,
        signatures: [{ sig: signature, keyid: '' }],
      },
    };
  }

  /** A bundle over a file, such as `cosign sign-blob` makes it. */
  async signFile(content: string, who: Who = ALICE) {
    const { certificate, privateKey } = await this.certify(who);
    const digest = sha256(Buffer.from(content));
    const signature = sign('sha256', Buffer.from(content), privateKey).toString('base64');
    const tlogEntries = await this.log('hashedrekord', {
      signature: { content: signature, publicKey: { content: certificate } },
      data: { hash: { algorithm: 'sha256', value: digest.toString('hex') } },
    });
    return {
      ...withMaterial(certificate, tlogEntries),
      messageSignature: {
        messageDigest: { algorithm: 'SHA2_256', digest: digest.toString('base64') },
        signature,
      },
    };
  }

  private async certify({ issuer, subject }: Who): Promise<{ certificate: string; privateKey: KeyObject }> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const certificate = await this.ca.issueCertificate({
      publicKey: publicKey.export({ format: 'der', type: 'spki' }),
      subjectAltName: subject,
      extensions: [{ oid: '1.3.6.1.4.1.57264.1.8', value: issuer }],
    });
    return { certificate: Buffer.from(certificate as Uint8Array).toString('base64'), privateKey };
  }

  private async log(kind: string, spec: object) {
    const response: unknown = await this.tLog.log({ kind, apiVersion: '0.0.1', spec });
    const [entry] = Object.values(response as Record<string, LogEntry>) as [LogEntry];
    const { inclusionProof, signedEntryTimestamp } = entry.verification;
    return [
      {
        logIndex: String(entry.logIndex),
        logId: { keyId: Buffer.from(entry.logID, 'hex').toString('base64') },
        kindVersion: { kind, version: '0.0.1' },
        integratedTime: String(entry.integratedTime),
        inclusionPromise: { signedEntryTimestamp },
        inclusionProof: {
          logIndex: String(inclusionProof.logIndex),
          rootHash: Buffer.from(inclusionProof.rootHash, 'hex').toString('base64'),
          treeSize: String(inclusionProof.treeSize),
          hashes: inclusionProof.hashes,
          checkpoint: { envelope: inclusionProof.checkpoint },
        },
        canonicalizedBody: entry.body,
      },
    ];
  }
}

export interface Who {
  readonly issuer: string;
  readonly subject: string;
}

export const ALICE: Who = { issuer: 'https://accounts.example.com', subject: 'alice@example.org' };

/** A Model Signing v1 statement over files, as `model_signing sign` writes it. */
export function modelStatement(files: Readonly<Record<string, string>>): string {
  const resources = Object.keys(files)
    .sort()
    .map((name) => ({
      name,
      algorithm: 'sha256',
      digest: sha256(Buffer.from(files[name]!)).toString('hex'),
    }));
  const all = Buffer.concat(resources.map(({ digest }) => Buffer.from(digest, 'hex')));
  return JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'data', digest: { sha256: sha256(all).toString('hex') } }],
    predicateType: 'https://model_signing/signature/v1.0',
    predicate: {
      serialization: {
        method: 'files',
        hash_type: 'sha256',
        allow_symlinks: false,
        ignore_paths: ['model.sig'],
      },
      resources,
    },
  });
}

const LOG_URL = 'https://rekor.sigstore.example';

interface LogEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
      readonly hashes: string[];
      readonly checkpoint: string;
    };
  };
}

function withMaterial<Entries>(certificate: string, tlogEntries: Entries) {
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { certificate: { rawBytes: certificate }, tlogEntries },
  };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
