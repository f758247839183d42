import * as vscode from 'vscode';
import { asProvenanceError, ProvenanceError } from '../core/errors.ts';
import { EVIDENCE_FOLDER, POLICY } from '../core/evidence/layout.ts';
import { recordHistory, type ClaimedEvent } from '../core/lineage/claims/recordHistory.ts';
import { recordOrigin, type OriginFields, type RecordOrigin } from '../core/sample/origin.ts';
import { MAX_POLICY_BYTES, parsePolicy } from '../core/policy/parsePolicy.ts';
import { log } from './messages.ts';
import type { WorkspaceEvidence } from './workspaceEvidence.ts';

/** Lines longer than this are not parsed on the editor's thread for their origin. */
const MAX_RECORD_LENGTH = 1_000_000;

/** What a record says of itself. */
export interface RecordClaims {
  readonly origin: RecordOrigin;
  /** The oldest first. */
  readonly history: readonly ClaimedEvent[];
}

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
    return recordOrigin(recordOf(line), await this.mapping(uri));
  }

  /** As {@link originOf}, with what the record says of its own past. */
  async claimsOf(uri: vscode.Uri, line: string): Promise<RecordClaims> {
    const record = recordOf(line);
    const mapping = await this.mapping(uri);
    return { origin: recordOrigin(record, mapping), history: recordHistory(record, mapping) };
  }

  private mapping(uri: vscode.Uri): Promise<OriginFields> {
    const folder = vscode.workspace.isTrusted ? vscode.workspace.getWorkspaceFolder(uri) : undefined;
    if (!folder) return Promise.resolve({});
    const key = folder.uri.toString();
    let mapping = this.mappings.get(key);
    if (!mapping) {
      mapping = readMapping(vscode.Uri.joinPath(folder.uri, EVIDENCE_FOLDER, POLICY));
      this.mappings.set(key, mapping);
    }
    return mapping;
  }
}

function recordOf(line: string): unknown {
  if (line.length > MAX_RECORD_LENGTH) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** A policy that is not there says nothing; what is wrong with one is logged. */
async function readMapping(uri: vscode.Uri): Promise<OriginFields> {
  const path = uri.fsPath;
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    if (size > MAX_POLICY_BYTES) {
      const template = '{path} has {size} bytes, more than the {limit} that are read.';
      throw new ProvenanceError('too-large', template, { path, size, limit: MAX_POLICY_BYTES });
    }
    const bytes = await vscode.workspace.fs.readFile(uri);
    const { originFields, problems } = parsePolicy(new TextDecoder().decode(bytes), path);
    for (const { message } of problems) log.warn(message);
    return originFields;
  } catch (error) {
    if (!(error instanceof vscode.FileSystemError && error.code === 'FileNotFound')) {
      log.warn(asProvenanceError(error).message);
    }
    return {};
  }
}
