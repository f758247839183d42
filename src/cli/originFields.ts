import { parse } from 'jsonc-parser';
import { EVIDENCE_FOLDER } from '../core/evidence/layout.ts';
import type { OriginFields } from '../core/sample/origin.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';

const MAX_POLICY_BYTES = 1 << 20;

/**
 * Which fields of records carry their origin: `originFields` of the workspace's `.provenance/policy.jsonc`; empty when
 * there is none that says it.
 * @throws ProvenanceError `permission-denied`, `too-large`, `io`
 */
export async function originFields(workspace: string): Promise<OriginFields> {
  const bytes = await nodeFileStore().read(`${workspace}/${EVIDENCE_FOLDER}/policy.jsonc`, MAX_POLICY_BYTES);
  const policy: unknown = bytes && parse(new TextDecoder().decode(bytes), [], { allowTrailingComma: true });
  const fields: unknown = (policy as { originFields?: unknown } | null | undefined)?.originFields;
  if (typeof fields !== 'object' || fields === null) return {};
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, pointer]) =>
        typeof pointer === 'string' ||
        (Array.isArray(pointer) && pointer.every((item) => typeof item === 'string')),
    ),
  );
}
