import { readdir } from 'node:fs/promises';
import type { FileStat, FileStore } from '../core/bytes/fileStore.ts';
import { toHex } from '../core/bytes/hex.ts';
import {
  asProvenanceError,
  throwIfCancelled,
  type CancelSignal,
  type ProvenanceError,
} from '../core/errors.ts';
import { EVIDENCE_FOLDER } from '../core/evidence/layout.ts';
import type { LineageClaim } from '../core/lineage/claims/claim.ts';
import { folderOf } from '../core/lineage/claims/claimedPath.ts';
import { claimFormat, maxClaimBytes, readClaims } from '../core/lineage/claims/readClaims.ts';
import type { ClaimReading } from '../core/lineage/claims/source.ts';
import { datasetFormatOfName } from '../core/table/datasetFormat.ts';
import { SKIPPED_FOLDERS } from './evidenceFinder.node.ts';
import { toSlashes } from './paths.node.ts';
import { fastSha256 } from './sha256.node.ts';

export interface FoundClaims {
  readonly claims: readonly LineageClaim[];
  /** What could not be read, or not all of it. */
  readonly problems: readonly { readonly path: string; readonly error: ProvenanceError }[];
}

const MAX_DEPTH = 16;
const MAX_FOLDERS = 50_000;
const MAX_FILES = 5000;
const MAX_DATASETS = 100_000;

/** What a walk through a workspace folder finds. Paths are absolute, with `/`. */
interface Surroundings {
  readonly root: string;
  readonly claiming: readonly string[];
  readonly datasets: readonly string[];
}

interface Kept {
  readonly version: string;
  readonly reading: ClaimReading;
}

/**
 * Finds the files below workspace folders that claim lineage (docs/formats.md, "Claimed lineage") and reads them. What was
 * read is kept by size and time: asked again, it costs what changed. Symbolic links are not followed.
 */
export class ClaimFinder {
  private kept = new Map<string, Kept>();
  private readonly readmes = new Map<string, { readonly version: string; readonly isCard: boolean }>();

  constructor(private readonly files: FileStore) {}

  /** @param folders workspace folders, absolute, with `/`. @throws ProvenanceError `cancelled` only */
  async find(folders: readonly string[], signal?: CancelSignal): Promise<FoundClaims> {
    const kept = new Map<string, Kept>();
    for (const folder of folders) {
      const around = await lookAround(folder, signal);
      const cards = await this.cards(around.claiming);
      for (const file of around.claiming) {
        throwIfCancelled(signal);
        if (kept.has(file)) continue;
        const found = await this.read(file, around, cards);
        if (found) kept.set(file, found);
      }
    }
    this.kept = kept;
    const readings = [...kept];
    return {
      claims: readings.flatMap(([, { reading }]) => reading.claims),
      problems: readings.flatMap(
        ([
          path,
          {
            reading: { problem },
          },
        ]) => (problem ? [{ path, error: problem }] : []),
      ),
    };
  }

  private async read(
    file: string,
    { root, datasets }: Surroundings,
    cards: ReadonlySet<string>,
  ): Promise<Kept | undefined> {
    const folder = folderOf(file);
    const isLock = file.endsWith('/dvc.lock');
    try {
      const found = await this.files.stat(file);
      if (!found) return undefined;
      const pipelineFile = `${folder}/dvc.yaml`;
      const pipelineStat = isLock ? await this.files.stat(pipelineFile) : undefined;
      const near = below(datasets, folder, claimFormat(file) === 'dataset-card' ? cards : new Set());
      const version = [versionOf(found), versionOf(pipelineStat), namesDigest(near)].join(' ');
      const kept = this.kept.get(file);
      if (kept?.version === version) return kept;
      const bytes = await this.files.read(file, maxClaimBytes(file));
      if (!bytes) return undefined;
      const pipeline = pipelineStat && (await this.files.read(pipelineFile, maxClaimBytes(file)));
      return {
        version,
        reading: readClaims({ file, root, bytes, datasets: near, ...(pipeline && { pipeline }) }),
      };
    } catch (error) {
      return { version: '', reading: { claims: [], problem: asProvenanceError(error) } };
    }
  }

  /** Folders with a dataset card: a README that has a front matter. */
  private async cards(claiming: readonly string[]): Promise<ReadonlySet<string>> {
    const folders = new Set<string>();
    for (const file of claiming) {
      if (claimFormat(file) === 'dataset-card' && (await this.isCard(file))) folders.add(folderOf(file));
    }
    return folders;
  }

  private async isCard(file: string): Promise<boolean> {
    try {
      const version = versionOf(await this.files.stat(file));
      const known = this.readmes.get(file);
      if (known?.version === version) return known.isCard;
      const bytes = await this.files.read(file, maxClaimBytes(file));
      const isCard = new TextDecoder().decode(bytes?.subarray(0, 8)).startsWith('---');
      this.readmes.set(file, { version, isCard });
      return isCard;
    } catch {
      // What is wrong with it is said when its claims are read.
      return false;
    }
  }
}

/** Names of the datasets in a folder and below, relative to it, without those that a card further down is about. */
function below(datasets: readonly string[], folder: string, cards: ReadonlySet<string>): string[] {
  const start = `${folder}/`;
  return datasets.flatMap((path) => {
    if (!path.startsWith(start)) return [];
    for (let at = folderOf(path); at.length > folder.length; at = folderOf(at)) if (cards.has(at)) return [];
    return [path.slice(start.length)];
  });
}

function versionOf(found: FileStat | undefined): string {
  return found ? `${found.size}:${found.mtime}` : '-';
}

function namesDigest(names: readonly string[]): string {
  return toHex(fastSha256(new TextEncoder().encode(names.join('\0'))));
}

async function lookAround(folder: string, signal: CancelSignal | undefined): Promise<Surroundings> {
  const root = toSlashes(folder).replace(/(?<=.)\/$/, '');
  const claiming: string[] = [];
  const datasets: string[] = [];
  const queue = [{ path: root, depth: 0 }];
  for (let next = 0; next < queue.length && next < MAX_FOLDERS; next++) {
    throwIfCancelled(signal);
    const { path, depth } = queue[next]!;
    for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
      const found = `${path}/${entry.name}`;
      if (entry.isFile()) {
        if (claimFormat(found)) claiming.push(found);
        else if (datasetFormatOfName(entry.name)) datasets.push(found);
      } else if (entry.isDirectory() && depth < MAX_DEPTH && !isSkipped(entry.name)) {
        queue.push({ path: found, depth: depth + 1 });
      }
    }
  }
  return {
    root,
    claiming: claiming.sort().slice(0, MAX_FILES),
    datasets: datasets.sort().slice(0, MAX_DATASETS),
  };
}

function isSkipped(name: string): boolean {
  return SKIPPED_FOLDERS.has(name) || name === '.dvc' || name === EVIDENCE_FOLDER;
}
