import { toHex } from '../bytes/hex.ts';
import { sha256 as portableSha256, type Sha256 } from '../bytes/sha256.ts';
import { ProvenanceError } from '../errors.ts';
import { bundleLines, MAX_BUNDLE_LINES } from '../evidence/bundle.ts';
import { inclusionProofOfLeafHashes, leafHash, TreeHasher } from '../merkle/tree.ts';
import { logOrigin, type Checkpoint } from './checkpoint.ts';

/**
 * A bundle as a log: the RFC 6962 tree over its lines, without their line ends. Blank lines are none. So a bundle whose
 * line ends were converted is the same log.
 */
export class EvidenceLog {
  private readonly roots = new Map<number, string>();

  private constructor(
    private readonly leaves: readonly Uint8Array[],
    /** Of each leaf, the number of its line in the bundle, from 1. */
    private readonly lineNumbers: readonly number[],
    private readonly sha256: Sha256,
  ) {}

  /**
   * @param bundle the file
   * @throws ProvenanceError `too-large` when it has more lines than are read of a bundle
   */
  static of(bundle: Uint8Array, sha256: Sha256 = portableSha256): EvidenceLog {
    const leaves: Uint8Array[] = [];
    const lineNumbers: number[] = [];
    for (const { line, start, end } of bundleLines(bundle)) {
      if (leaves.length === MAX_BUNDLE_LINES) {
        throw new ProvenanceError(
          'too-large',
          'The evidence has more than {limit} lines, so it cannot be checked as a log; move old statements into another bundle.',
          { limit: MAX_BUNDLE_LINES },
        );
      }
      leaves.push(leafHash(bundle.subarray(start, end), sha256));
      lineNumbers.push(line);
    }
    return new EvidenceLog(leaves, lineNumbers, sha256);
  }

  /** @param line the bytes of one more line, without its end */
  with(line: Uint8Array): EvidenceLog {
    const number = (this.lineNumbers.at(-1) ?? 0) + 1;
    return new EvidenceLog(
      [...this.leaves, leafHash(line, this.sha256)],
      [...this.lineNumbers, number],
      this.sha256,
    );
  }

  get size(): number {
    return this.leaves.length;
  }

  /** What the log is called; undefined while it has no line. */
  get origin(): string | undefined {
    const [first] = this.leaves;
    return first && logOrigin(first);
  }

  /** The number of a leaf's line in the bundle, from 1. @param index from 0 */
  lineOf(index: number): number | undefined {
    return this.lineNumbers[index];
  }

  /** The leaf of a line of the bundle, from 0; undefined where it is blank or not there. @param line from 1 */
  indexOf(line: number): number | undefined {
    const index = this.lineNumbers.indexOf(line);
    return index < 0 ? undefined : index;
  }

  /**
   * The root of the tree over the first lines: 64 hex digits.
   * @param size at most {@link size}, which it is by default
   */
  root(size: number = this.size): string {
    const known = this.roots.get(size);
    if (known !== undefined) return known;
    const hasher = new TreeHasher(this.sha256);
    for (let i = 0; i < size; i++) hasher.push(this.leaves[i]!);
    const root = toHex(hasher.root());
    this.roots.set(size, root);
    return root;
  }

  /** @throws ProvenanceError `invalid-argument` for a log without lines */
  checkpoint(): Checkpoint {
    const { origin, size } = this;
    if (origin === undefined) {
      throw new ProvenanceError('invalid-argument', 'A log without lines has no checkpoint.');
    }
    return { origin, size, root: this.root() };
  }

  /** Whether the log has all that it had in an earlier state, in the same order, at its start. */
  extends({ origin, size, root }: Checkpoint): boolean {
    return origin === this.origin && size <= this.size && this.root(size) === root;
  }

  /**
   * Proof that a line is in the tree over the first `size` lines. @param index from 0
   * @throws ProvenanceError `invalid-argument`
   */
  inclusionProof(index: number, size: number): Uint8Array[] {
    return inclusionProofOfLeafHashes(this.leaves.slice(0, size), index, this.sha256);
  }
}
