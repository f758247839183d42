import { MalformedSamples } from '../core/sample/malformedSamples.ts';
import { assess, type Assessment } from '../core/trust/assess.ts';
import { baselineOf, intactBaseline, settledBy } from '../core/trust/baseline.ts';
import { ROW } from '../core/trust/match.ts';
import type { Scope, StatementScope } from '../core/trust/scope.ts';
import { datasetPath, readDataset, type DatasetFile } from './dataset.ts';
import { judged, type Judge, type Judged } from './judge.ts';
import type { Io } from './terminal.ts';
import { isSignedSince } from './threads.ts';

/**
 * Reads a dataset and judges it. A file that evidence knows by its bytes, where no more is needed, is not digested.
 *
 * @param judging gives the judge, always the same one; asked when threads read the file, which goes on while it is made
 * @throws ProvenanceError as `digestFile`, and what the judge could not be made for
 */
export async function judgeFile(given: string, io: Io, judging: () => Promise<Judge>): Promise<Judged> {
  const { path } = await datasetPath(given);
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  let made: Promise<FileEvidence> | undefined;
  const evidence = (): Promise<FileEvidence> => {
    if (made) return made;
    made = judging().then((judge) => new FileEvidence(judge, path, io));
    made.catch(() => {
      stop.abort();
    });
    return made;
  };
  const options = {
    expected: async () => await (await evidence()).expected(),
    recognise: async (sha256: string) => await (await evidence()).recognise(sha256),
    hashFirst: await isSignedSince(path),
  };
  try {
    const dataset = await readDataset(given, { ...io, signal }, options);
    return await (await evidence()).judgeDataset(dataset);
  } catch (error) {
    // Which may be why the file was not read.
    await made;
    throw error;
  }
}

/** The evidence about a file, read while the file is. Files are told apart by the SHA-256 of their bytes, in hex. */
class FileEvidence {
  private readonly statements: Promise<StatementScope>;
  private readonly scopeOf: (sha256: string) => Promise<Scope>;
  private readonly isConcerned: (sha256: string) => Promise<boolean>;
  private likely: LikelyJudgement | undefined;

  constructor(
    private readonly judge: Judge,
    path: string,
    private readonly io: Io,
  ) {
    this.statements = judge.statementsAbout(path);
    this.scopeOf = forLast(async (sha256) => await judge.scopeOf(await this.statements, sha256));
    this.isConcerned = forLast(async (sha256) => await this.findConcern(await this.scopeOf(sha256), sha256));
    // Whoever is told of the file's failure does not wait for this one.
    this.statements.catch(() => undefined);
  }

  /** Of which file the digests are going to be needed, if the file is as evidence expects it. */
  async expected(): Promise<string | undefined> {
    const { statements } = await this.statements;
    const sha256 = baselineOf(statements)?.statement.subjects[0]?.sha256;
    if (sha256 === undefined) return undefined;
    if (!settledBy(statements, sha256) && (await this.isConcerned(sha256))) return sha256;
    this.likely = likelyJudgement(await this.scopeOf(sha256), sha256);
    return undefined;
  }

  /** How many samples a file has, if nobody is going to look at their digests. */
  async recognise(sha256: string): Promise<number | undefined> {
    const { statements } = await this.statements;
    void this.scopeOf(sha256);
    const baseline = intactBaseline(statements, sha256);
    if (!baseline) return undefined;
    const isSettled = settledBy(statements, sha256) !== undefined || !(await this.isConcerned(sha256));
    return isSettled ? baseline.statement.predicate.samples.count : undefined;
  }

  async judgeDataset(dataset: DatasetFile): Promise<Judged> {
    const { sha256, count, digests } = dataset.samples;
    const scope = await this.scopeOf(sha256);
    const { likely } = this;
    const isLikely = likely?.scope === scope && likely.count === count && digests.length === 0;
    const found = judged(dataset, scope, isLikely ? likely.assessment : undefined);
    if (isSettled(found)) return found;
    return judged(dataset, await this.judge.wholeScope(await this.statements));
  }

  /** Whether reviews may be about samples of a file; the cache says of some files that none is. */
  private async findConcern({ reviews, taint }: Scope, sha256: string): Promise<boolean> {
    if (taint || reviews.stateOfHex(sha256)) return true;
    const isReviewed = (digests: Uint8Array, index: number) => reviews.stateOf(digests, index) !== undefined;
    return (await this.io.cache?.holdsNone(sha256, isReviewed)) !== true;
  }
}

/**
 * Whether each row is as the statement has it that the file is compared with, so that no other one says more of it; or all
 * of them were asked already.
 */
function isSettled({ dataset, scope, assessment }: Judged): boolean {
  const { baseline, match, verdict, counts, moved } = assessment;
  if (baseline === undefined || scope.statements[baseline]?.standing !== 'trusted') return true;
  if (verdict === 'intact') return true;
  const asSigned = (match?.count(ROW.inPlace) ?? 0) + moved;
  return match !== undefined && asSigned + counts.malformed === dataset.samples.count;
}

/** What a file is going to be judged to be, if it is as a trusted signer signed it and nobody looks at its digests. */
interface LikelyJudgement {
  readonly scope: Scope;
  readonly count: number;
  readonly assessment: Assessment;
}

function likelyJudgement(scope: Scope, sha256: string): LikelyJudgement | undefined {
  const count = intactBaseline(scope.statements, sha256)?.statement.predicate.samples.count;
  if (count === undefined) return undefined;
  const rows = { count, digests: new Uint8Array(0), malformed: MalformedSamples.NONE };
  return { scope, count, assessment: assess({ ...scope, rows, sha256 }) };
}

/** Keeps what was found for the argument of the last call. */
function forLast<T>(find: (argument: string) => Promise<T>): (argument: string) => Promise<T> {
  let last: { readonly argument: string; readonly found: Promise<T> } | undefined;
  return (argument) => {
    if (last?.argument === argument) return last.found;
    const found = find(argument);
    found.catch(() => undefined);
    last = { argument, found };
    return found;
  };
}
