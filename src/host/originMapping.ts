import { parse, type ParseError } from 'jsonc-parser';
import * as vscode from 'vscode';
import type { Origin } from '../core/evidence/predicates.ts';
import { recordOrigin, type OriginFields, type RecordOrigin } from '../core/sample/origin.ts';
import { log } from './messages.ts';
import type { WorkspaceEvidence } from './workspaceEvidence.ts';

/** Lines longer than this are not parsed on the editor's thread for their origin. */
const MAX_RECORD_LENGTH = 1_000_000;

/** Which fields of records carry their origin: `originFields` of `.provenance/policy.jsonc` in trusted workspaces. */
export class OriginMapping {
  private readonly mappings = new Map<string, Promise<OriginFields>>();

  constructor(evidence: WorkspaceEvidence) {
    evidence.onDidChange(() => {
      this.mappings.clear();
    });
  }

  /** The origin that a line carries in itself; empty where it is no JSON object. */
  async originOf(uri: vscode.Uri, line: string): Promise<RecordOrigin> {
    if (line.length > MAX_RECORD_LENGTH) return {};
    let record: unknown;
    try {
      record = JSON.parse(line);
    } catch {
      return {};
    }
    return recordOrigin(record, await this.mapping(uri));
  }

  private mapping(uri: vscode.Uri): Promise<OriginFields> {
    const folder = vscode.workspace.isTrusted ? vscode.workspace.getWorkspaceFolder(uri) : undefined;
    if (!folder) return Promise.resolve({});
    const key = folder.uri.toString();
    let mapping = this.mappings.get(key);
    if (!mapping) {
      mapping = readMapping(vscode.Uri.joinPath(folder.uri, '.provenance', 'policy.jsonc'));
      this.mappings.set(key, mapping);
    }
    return mapping;
  }
}

async function readMapping(uri: vscode.Uri): Promise<OriginFields> {
  let text: string;
  try {
    text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return {};
  }
  const errors: ParseError[] = [];
  const policy: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0)
    log.warn(`${uri.fsPath}: not valid JSON with comments; its originFields may be incomplete.`);
  if (typeof policy !== 'object' || policy === null || !('originFields' in policy)) return {};
  const { originFields } = policy;
  if (typeof originFields !== 'object' || originFields === null) return {};
  return Object.fromEntries(
    Object.entries(originFields).filter(
      ([, pointer]) =>
        typeof pointer === 'string' ||
        (Array.isArray(pointer) && pointer.every((p) => typeof p === 'string')),
    ),
  );
}

/** What a statement says of the origin, completed and overridden by what the record itself carries. */
export function mergedOrigin(record: RecordOrigin, stated: Origin | undefined): RecordOrigin {
  return { ...stated, ...record };
}
