import { tooLarge } from './failure.ts';

/** Bytes of decoded pages that may be held at one time. What would exceed them fails instead of taking the machine down. */
export class MemoryBudget {
  private used = 0;

  constructor(private readonly limit: number) {}

  /** @throws ParquetFailure `too-large` */
  reserve(bytes: number): void {
    if (this.used + bytes > this.limit) {
      throw tooLarge(
        `the pages of its columns that have to be read together take ${this.used + bytes} bytes, and ${this.limit} are allowed`,
      );
    }
    this.used += bytes;
  }

  release(bytes: number): void {
    this.used -= bytes;
  }
}

/**
 * Values by key with their sizes, `limit` bytes at most. Calls that read the same values again and again, more of them than
 * fit, still find those that did fit: what was used since {@link nextCall} is not given up for what comes after it.
 */
export class SizedCache<Value> {
  private readonly entries = new Map<string, { value: Value; bytes: number; call: number }>();
  private bytes = 0;
  private call = 0;

  constructor(private readonly limit: number) {}

  nextCall(): void {
    this.call++;
  }

  get(key: string): Value | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    entry.call = this.call;
    // The map's order is that of use.
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, bytes: number): void {
    if (this.entries.has(key)) return;
    for (const [oldest, entry] of this.entries) {
      if (this.bytes + bytes <= this.limit || entry.call === this.call) break;
      this.entries.delete(oldest);
      this.bytes -= entry.bytes;
    }
    if (this.bytes + bytes > this.limit) return;
    this.entries.set(key, { value, bytes, call: this.call });
    this.bytes += bytes;
  }
}
