import { basename } from 'node:path';
import { isSha256Hex } from '../../core/bytes/hex.ts';
import { ProvenanceError } from '../../core/errors.ts';
import { serializeEnvelope, signEnvelope } from '../../core/evidence/dsse.ts';
import { PAYLOAD_TYPE, STATEMENT_TYPE } from '../../core/evidence/predicates.ts';
import type { Signer } from '../../core/evidence/signer.ts';
import { canonicalBytes } from '../../core/sample/canonicalJson.ts';
import type { ShownVerdict } from './shownVerdict.ts';

/** Simple Verification Result (https://github.com/in-toto/attestation/blob/main/spec/predicates/svr.md). */
export const SVR_TYPE = 'https://in-toto.io/attestation/svr/v0.2';
/** What checks: another one, should rules come to mean something else. */
const VERIFIER = 'urn:dataset-provenance:policy-check:v1';
const PREFIX = 'DATASET_PROVENANCE_';

/**
 * The verdict as an in-toto statement: the datasets, by the SHA-256 of their bytes, were checked against the policy, by
 * its SHA-256, and have these properties: `DATASET_PROVENANCE_RULE_…` for each rule that passed, and only where all did,
 * `DATASET_PROVENANCE_POLICY_PASSED`.
 *
 * @param time RFC 3339, UTC
 * @throws ProvenanceError `nothing-to-sign` where a dataset could not be read, so that it has no digest
 */
export function svrStatement({ passed, policy, datasets, rules }: ShownVerdict, time: string): object {
  return {
    _type: STATEMENT_TYPE,
    subject: datasets.map(({ path, sha256 }) => {
      if (sha256 !== undefined) return { name: path, digest: { sha256 } };
      const template = '{path} could not be read, so nothing was signed about it; see what the report says.';
      throw new ProvenanceError('nothing-to-sign', template, { path });
    }),
    predicateType: SVR_TYPE,
    predicate: {
      verifier: {
        id: VERIFIER,
        policies: isSha256Hex(policy.sha256)
          ? [{ name: basename(policy.path), digest: { sha256: policy.sha256 } }]
          : [],
      },
      timeCreated: time,
      properties: [
        ...(passed ? [`${PREFIX}POLICY_PASSED`] : []),
        ...new Set(rules.filter((rule) => rule.passed).map(({ rule }) => propertyOf(rule))),
      ],
    },
  };
}

/** Signs it. @returns a DSSE envelope: one line of JSON with a line end. @throws ProvenanceError as `signEnvelope` */
export async function signedVerdict(
  verdict: ShownVerdict,
  time: string,
  signer: Signer,
): Promise<Uint8Array> {
  const payload = canonicalBytes(svrStatement(verdict, time));
  const line = serializeEnvelope(await signEnvelope(payload, PAYLOAD_TYPE, signer));
  return Buffer.concat([line, Buffer.from('\n')]);
}

/** `noOpenFlags` becomes `DATASET_PROVENANCE_RULE_NO_OPEN_FLAGS`. */
function propertyOf(rule: string): string {
  const words = rule.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/[^A-Za-z0-9]+/g, '_');
  return `${PREFIX}RULE_${words.toUpperCase()}`;
}
