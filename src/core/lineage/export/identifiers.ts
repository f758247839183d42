import { toBase64 } from '../../bytes/base64.ts';
import { fromHex, isSha256Hex, toHex } from '../../bytes/hex.ts';
import { sha256 } from '../../bytes/sha256.ts';
import type { StepNode } from '../graph.ts';
import { wellFormed } from './jsonText.ts';

/**
 * Identifiers in exports. They follow from what they name, so that exports of one graph at different times and places
 * agree, and from nothing that a claim could choose: a claimed dataset never gets the identifier of another one.
 */

/** Of a dataset by its bytes, RFC 6920; of what is only claimed, a URN of its own. @param id of a DatasetNode */
export function datasetIri(id: string): string {
  if (!isSha256Hex(id)) return `urn:dataset-provenance:claimed:${digestOf('dataset', id)}`;
  const base64url = toBase64(fromHex(id)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return `ni:///sha-256;${base64url}`;
}

/** Of a step: its envelope and its output; of a claim, what it says and who says it. */
export function stepIri(step: StepNode): string {
  return `urn:dataset-provenance:step:${stepKey(step)}`;
}

export function signerIri(keyId: string): string {
  return `urn:dataset-provenance:key:${encodeURIComponent(wellFormed(keyId))}`;
}

export function toolIri(id: string): string {
  return `urn:dataset-provenance:tool:${digestOf('tool', id)}`;
}

/** Of something that was used beside datasets, by one of its digests. */
export function materialIri(algorithm: string, value: string): string {
  return `urn:dataset-provenance:material:${digestOf('material', algorithm, value)}`;
}

/** A UUID (version 8, RFC 9562) that names the run of a step. */
export function runId(step: StepNode): string {
  const hex = digestOf('run', stepKey(step)).slice(0, 32);
  const variant = ((parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  const fields = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20),
  ];
  return fields.join('-');
}

/** Stable across exports: the ids of claimed steps in a graph count. */
export function stepKey(step: StepNode): string {
  if (step.standing !== 'claimed') return step.id.replace('/', ':');
  const { signer, inputs, output, step: says } = step;
  return `claimed:${digestOf('step', signer, says.kind, says.command?.join('\0') ?? '', output, ...inputs)}`;
}

/** SHA-256 (hex) over parts that cannot run into each other. */
export function digestOf(...parts: readonly string[]): string {
  return toHex(sha256(new TextEncoder().encode(JSON.stringify(parts))));
}

/** `file:` URI of an absolute path with `/`. */
export function fileUri(path: string): string {
  const segments = path
    .split('/')
    .map((segment) => encodeURIComponent(wellFormed(segment)).replaceAll('%3A', ':'));
  return `file://${path.startsWith('/') ? '' : '/'}${segments.join('/')}`;
}
