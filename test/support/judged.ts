import { sha256 } from '../../src/core/bytes/sha256.ts';
import { EvidenceStore } from '../../src/core/evidence/evidenceStore.ts';
import { CANONICALIZATION, type Category, type Severity } from '../../src/core/evidence/predicates.ts';
import { ed25519Signer, type Signer } from '../../src/core/evidence/signer.ts';
import {
  datasetStatement,
  reviewStatement,
  revocationStatement,
  sampleName,
  sampleStatement,
} from '../../src/core/evidence/statement.ts';
import { toHex } from '../../src/core/bytes/hex.ts';
import type { SampleDigests } from '../../src/core/sample/digest.ts';
import { SampleDigester } from '../../src/core/sample/sampleDigester.ts';
import { formatAllowedSigner, parseAllowedSigners } from '../../src/core/trust/allowedSigners.ts';
import { assess, type Assessment } from '../../src/core/trust/assess.ts';
import { ScopeLoader, type Scope } from '../../src/core/trust/scope.ts';
import { statusOf } from '../../src/core/trust/status.ts';
import { MemoryFiles } from './memoryFiles.ts';

const encoder = new TextEncoder();

/** A signer made from a name: the same key each time. */
export function signer(name: string): Signer {
  return ed25519Signer(sha256(encoder.encode(name)), name);
}

/** A JSONL text of samples: each word becomes `{"text": word}`; a word in `{…}` stands as it is. */
export function jsonl(words: string): string {
  return words
    .split(' ')
    .map((word) => `${word.startsWith('{') ? word : JSON.stringify({ text: word })}\n`)
    .join('');
}

export function digest(text: string): SampleDigests {
  const digester = new SampleDigester();
  digester.push(encoder.encode(text));
  return digester.finish();
}

/** A workspace in memory: datasets are texts, evidence is written as the product writes it. */
export class World {
  readonly files = new MemoryFiles();
  readonly store = new EvidenceStore(this.files);
  readonly loader = new ScopeLoader(this.files);
  private readonly trust: string[] = [];
  private readonly texts = new Map<string, string>();
  /** Minutes since the start; each statement is a minute later than the one before. */
  private minute = 0;

  constructor(private readonly dataset = '/w/train.jsonl') {}

  trusted(name: string, options = ''): this {
    const line = formatAllowedSigner({ principal: name, key: signer(name).publicKey });
    this.trust.push(options === '' ? line : line.replace(' ', ` ${options} `));
    return this;
  }

  /** Sets the text of a dataset. */
  text(words: string, dataset = this.dataset): this {
    this.texts.set(dataset, jsonl(words));
    return this;
  }

  raw(text: string, dataset = this.dataset): this {
    this.texts.set(dataset, text);
    return this;
  }

  async signDataset(name: string, dataset = this.dataset): Promise<string> {
    const samples = digest(this.texts.get(dataset) ?? '');
    const digests = samples.digests;
    const root = await this.store.writeLeaves(dataset, digests);
    const statement = datasetStatement(
      { name: dataset.slice(dataset.lastIndexOf('/') + 1), sha256: samples.sha256 },
      {
        samples: { count: samples.count, root, canonicalization: CANONICALIZATION },
        mediaType: 'application/jsonl',
        timeCreated: this.now(),
      },
    );
    return (await this.store.append(dataset, statement, signer(name))).envelopeDigest;
  }

  async signLines(name: string, lines: number[], dataset = this.dataset): Promise<string> {
    const statement = sampleStatement(this.subjects(lines, dataset), {
      dataset: 'train.jsonl',
      timeCreated: this.now(),
    });
    return (await this.store.append(dataset, statement, signer(name))).envelopeDigest;
  }

  async review(
    name: string,
    lines: number[],
    verdict: 'flagged' | 'cleared',
    options: { supersedes?: string; severity?: Severity; category?: Category; dataset?: string } = {},
  ): Promise<string> {
    const { supersedes, severity = 'high', category = 'poisoning', dataset = this.dataset } = options;
    const statement = reviewStatement(this.subjects(lines, this.dataset), {
      verdict,
      category,
      severity,
      reason: `${verdict} by ${name}`,
      timeCreated: this.now(),
      ...(supersedes !== undefined && { supersedes }),
    });
    return (await this.store.append(dataset, statement, signer(name))).envelopeDigest;
  }

  async revoke(name: string, target: string, since?: string): Promise<void> {
    const statement = revocationStatement([{ name: 'revoked', sha256: target }], {
      reason: 'test',
      timeCreated: this.now(),
      ...(since !== undefined && { since }),
    });
    await this.store.append(this.dataset, statement, signer(name));
  }

  async judge(
    options: { bundles?: string[]; advisories?: string[]; saved?: boolean } = {},
  ): Promise<{ assessment: Assessment; scope: Scope; samples: SampleDigests }> {
    const { entries } = parseAllowedSigners(this.trust.join('\n'), 'allowed_signers');
    const scope = await this.loader.load({
      dataset: this.dataset,
      bundles: options.bundles ?? [],
      advisories: options.advisories ?? [],
      signers: entries,
    });
    const samples = digest(this.texts.get(this.dataset) ?? '');
    const assessment = assess({
      ...scope,
      rows: samples,
      sha256: options.saved === false ? undefined : samples.sha256,
    });
    return { assessment, scope, samples };
  }

  /** "changed: verified verified modified" — what a user would see, in one line. */
  async picture(options: Parameters<World['judge']>[0] = {}): Promise<string> {
    const { assessment } = await this.judge(options);
    const rows = [...assessment.statuses].map((code, row) => {
      const review = assessment.reviews.get(row);
      return `${statusOf(code)}${review ? `(${review.state}${review.trusted ? '' : '?'})` : ''}`;
    });
    return `${assessment.verdict}: ${rows.join(' ')}`;
  }

  private subjects(lines: number[], dataset: string) {
    const { digests } = digest(this.texts.get(dataset) ?? '');
    return lines.map((line) => ({
      name: sampleName('train.jsonl', line),
      sha256: toHex(digests.subarray((line - 1) * 32, line * 32)),
    }));
  }

  private now(): string {
    const time = new Date(Date.UTC(2026, 0, 1, 0, this.minute++));
    return time.toISOString().replace('.000Z', 'Z');
  }
}
