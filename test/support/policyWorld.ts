import { toHex } from '../../src/core/bytes/hex.ts';
import { sha256 } from '../../src/core/bytes/sha256.ts';
import { formatMessage } from '../../src/core/errors.ts';
import { serializeEnvelope, signEnvelope } from '../../src/core/evidence/dsse.ts';
import { EvidenceStore } from '../../src/core/evidence/evidenceStore.ts';
import { datasetOfBundle, evidencePaths } from '../../src/core/evidence/layout.ts';
import {
  CANONICALIZATION,
  PAYLOAD_TYPE,
  type Origin,
  type Severity,
} from '../../src/core/evidence/predicates.ts';
import {
  verifySignature,
  type SignatureCheck,
  type VerifySignature,
} from '../../src/core/evidence/sshKey.ts';
import {
  advisoryStatement,
  datasetStatement,
  reviewStatement,
  revocationStatement,
  sampleName,
  sampleStatement,
  statementBytes,
  stepStatement,
  type Statement,
} from '../../src/core/evidence/statement.ts';
import { buildGraph } from '../../src/core/lineage/buildGraph.ts';
import { serializeDerivationMap } from '../../src/core/lineage/derivationMap.ts';
import { stepPredicate } from '../../src/core/lineage/step.ts';
import type { DatasetFacts, PolicyFacts } from '../../src/core/policy/facts.ts';
import { originTally } from '../../src/core/policy/needs.ts';
import { parsePolicy } from '../../src/core/policy/parsePolicy.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { evaluatePolicy } from '../../src/core/policy/policyCheck.ts';
import type { PolicyVerdict, RuleResult } from '../../src/core/policy/verdict.ts';
import { lineOf } from '../../src/core/sample/digest.ts';
import { formatAllowedSigner, parseAllowedSigners } from '../../src/core/trust/allowedSigners.ts';
import { assess } from '../../src/core/trust/assess.ts';
import { keyDigestOf } from '../../src/core/trust/revocations.ts';
import { ScopeLoader, type Scope } from '../../src/core/trust/scope.ts';
import { statusOf } from '../../src/core/trust/status.ts';
import { digest, signer } from './judged.ts';
import { MemoryFiles } from './memoryFiles.ts';
import { SeenLogs } from './seenLogs.ts';

const encoder = new TextEncoder();
const ADVISORIES = '/w/.provenance/advisories/';
const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

interface SignOptions {
  readonly origin?: Origin;
  /** Days since the start; the next minute without it. */
  readonly day?: number;
}

/**
 * A workspace in memory whose datasets are checked against a policy: evidence is written as the product writes it and read
 * by the product's loader, and what was once seen of a log is remembered. Datasets are called by their path below `/w/`.
 */
export class PolicyWorld {
  readonly files = new MemoryFiles();
  /** What the user has seen; deleting evidence does not reach it. */
  readonly memory = new SeenLogs();
  private readonly store = new EvidenceStore(this.files);
  private loader = this.newLoader();
  private readonly trust: string[] = [];
  private readonly texts = new Map<string, string>();
  private minute = 0;
  /** Days since the start: when the policy is checked. */
  today = 1;

  trusted(...names: string[]): this {
    for (const name of names) {
      this.trust.push(formatAllowedSigner({ principal: name, key: signer(name).publicKey }));
    }
    return this;
  }

  /** Trusts one whose key was valid until then: what they sign later is by an expired signer. */
  trustedUntil(name: string, day: number): this {
    const [date] = new Date(START + day * DAY).toISOString().split('T');
    const line = formatAllowedSigner({ principal: name, key: signer(name).publicKey });
    this.trust.push(line.replace(' ', ` valid-before="${date!.replaceAll('-', '')}Z" `));
    return this;
  }

  /** Sets the samples of a dataset: words, or JSON texts. */
  data(name: string, ...samples: string[]): this {
    const lines = samples.map((word) => `${word.startsWith('{') ? word : JSON.stringify({ text: word })}\n`);
    this.texts.set(name, lines.join(''));
    return this;
  }

  datasets(): string[] {
    return [...this.texts.keys()];
  }

  /** All evidence on disk: bundles, checkpoints, leaves, maps, advisories. */
  evidence(): string[] {
    return [...this.files.files.keys()];
  }

  async sign(by: string, name: string, { origin, day }: SignOptions = {}): Promise<string> {
    const { digests, sha256: bytes, count } = this.digest(name);
    const root = await this.store.writeLeaves(`/w/${name}`, digests);
    return await this.add(
      by,
      name,
      datasetStatement(
        { name, sha256: bytes },
        {
          samples: { count, root, canonicalization: CANONICALIZATION },
          mediaType: 'application/jsonl',
          timeCreated: this.time(day),
          ...(origin && { origin }),
        },
      ),
    );
  }

  async vouch(by: string, name: string, lines: number[], { origin, day }: SignOptions = {}): Promise<string> {
    const predicate = { dataset: name, timeCreated: this.time(day), ...(origin && { origin }) };
    return await this.add(by, name, sampleStatement(this.subjects(name, lines), predicate));
  }

  async review(
    by: string,
    name: string,
    lines: number[],
    verdict: 'flagged' | 'cleared',
    { severity = 'high', supersedes }: { severity?: Severity; supersedes?: string } = {},
  ): Promise<string> {
    return await this.add(
      by,
      name,
      reviewStatement(this.subjects(name, lines), {
        verdict,
        category: 'poisoning',
        severity,
        reason: 'a test',
        timeCreated: this.time(),
        ...(supersedes !== undefined && { supersedes }),
      }),
    );
  }

  /** Takes back an envelope, signed in the evidence of a dataset. @returns the digest of the revocation */
  async revoke(by: string, name: string, target: string): Promise<string> {
    const subjects = [{ name: 'revoked', sha256: target }];
    return await this.add(
      by,
      name,
      revocationStatement(subjects, { reason: 'a test', timeCreated: this.time() }),
    );
  }

  /** Takes back a key. @param since the day from which on what it signed does not count; all of it without */
  async revokeKey(by: string, name: string, whose: string, since?: number): Promise<string> {
    const subjects = [{ name: whose, sha256: keyDigestOf(signer(whose).keyId)! }];
    return await this.add(
      by,
      name,
      revocationStatement(subjects, {
        reason: 'a test',
        timeCreated: this.time(),
        ...(since !== undefined && { since: this.time(since) }),
      }),
    );
  }

  /** Records that a dataset was made of others. @param map pairs of lines, output and (of the first input) input */
  async step(
    by: string,
    output: string,
    inputs: string[],
    { kind = 'filter', map = [] }: { kind?: string; map?: [output: number, input: number][] } = {},
  ): Promise<string> {
    const reference = async (name: string) => {
      const { digests, sha256: bytes, count } = this.digest(name);
      return {
        name,
        sha256: bytes,
        samples: { count, root: await this.store.writeLeaves(`/w/${output}`, digests) },
      };
    };
    const pairs = map.map(([made, from]) => ({
      output: this.subjects(output, [made])[0]!.sha256,
      input: this.subjects(inputs[0]!, [from])[0]!.sha256,
    }));
    const mapSha256 =
      pairs.length > 0 ? await this.store.writeMap(`/w/${output}`, serializeDerivationMap(pairs)) : '';
    const made = await reference(output);
    const step = {
      output: made,
      inputs: await Promise.all(inputs.map(reference)),
      kind,
      parameters: {},
      materials: [],
      tool: { id: 'urn:test' },
      finishedOn: this.time(),
      counts: { in: 0, out: 0, unchanged: 0, changed: pairs.length, added: 0, dropped: 0 },
      ...(pairs.length > 0 && { map: { sha256: mapSha256, pairs: pairs.length, pairing: 'key' as const } }),
    };
    const leaves = toHex(sha256(this.digest(output).digests));
    return await this.add(by, output, stepStatement([made], stepPredicate(step, leaves)));
  }

  /** An advisory in one of the workspace's lists. @returns the digest of its envelope */
  async advise(
    by: string,
    name: string,
    lines: number[],
    severity: Severity = 'high',
    list = 'list',
  ): Promise<string> {
    const statement = advisoryStatement(this.subjects(name, lines), {
      id: `A-${String(this.minute)}`,
      title: 'A test',
      category: 'poisoning',
      severity,
      timeCreated: this.time(),
    });
    const envelope = await signEnvelope(statementBytes(statement), PAYLOAD_TYPE, signer(by));
    const line = serializeEnvelope(envelope);
    await this.files.appendLine(`${ADVISORIES}${list}.intoto.jsonl`, line);
    return toHex(sha256(line));
  }

  /** Copies the evidence of a dataset to where advisories stand, as reviews from elsewhere come. */
  adviseFrom(name: string, list = 'other'): void {
    const { bundle } = evidencePaths(`/w/${name}`);
    const bytes = this.files.files.get(bundle);
    if (bytes) this.files.files.set(`${ADVISORIES}${list}.intoto.jsonl`, bytes);
  }

  /** Cuts a file off in the middle. */
  async cut(path: string, bytes: number): Promise<void> {
    await this.files.write(path, this.files.files.get(path)!.slice(0, bytes));
  }

  /** Removes lines of a bundle, by their numbers from 0; all of them, and the file is gone. */
  async removeLines(path: string, lines: ReadonlySet<number>): Promise<void> {
    const left = new TextDecoder()
      .decode(this.files.files.get(path))
      .split('\n')
      .filter((line, index) => line !== '' && !lines.has(index));
    if (left.length === 0) this.remove(path);
    else await this.files.write(path, encoder.encode(`${left.join('\n')}\n`));
  }

  remove(path: string): void {
    this.files.files.delete(path);
  }

  /** How many samples a dataset has. */
  count(name: string): number {
    return this.lines(name).length;
  }

  byteCount(path: string): number {
    return this.files.files.get(path)!.length;
  }

  /** How many lines a bundle has. */
  lineCount(path: string): number {
    return new TextDecoder().decode(this.files.files.get(path)).split('\n').length - 1;
  }

  /** All evidence, for {@link restore}. */
  snapshot(): ReadonlyMap<string, Uint8Array> {
    return new Map(this.files.files);
  }

  restore(files: ReadonlyMap<string, Uint8Array>): void {
    this.files.files.clear();
    for (const [path, bytes] of files) this.files.files.set(path, bytes);
  }

  /** What the user has seen of the logs, for {@link lookAnew}. */
  seen(): SeenLogs {
    const copy = new SeenLogs();
    copyInto(this.memory, copy);
    return copy;
  }

  /** Looks with nothing kept from before, but with what a user has seen. */
  lookAnew(seen: SeenLogs | undefined): void {
    copyInto(seen ?? new SeenLogs(), this.memory);
    this.loader = this.newLoader();
  }

  /** As on a machine that has never seen the evidence. */
  forget(): void {
    this.lookAnew(undefined);
  }

  /** What a policy says of all datasets, or of those that are named. */
  async check(policy: object | string, names: string[] = this.datasets()): Promise<PolicyVerdict> {
    const text = typeof policy === 'string' ? policy : JSON.stringify(policy);
    const path = '/w/.provenance/policy.jsonc';
    const parsed = parsePolicy(text, path);
    const facts = await this.facts(parsed, names);
    return evaluatePolicy(parsed, { path, sha256: toHex(sha256(encoder.encode(text))) }, facts);
  }

  async scope(policy: Policy, name: string): Promise<Scope> {
    return await this.loader.load({
      dataset: `/w/${name}`,
      bundles: this.bundles(),
      advisories: this.evidence().filter((path) => path.startsWith(ADVISORIES)),
      signers: this.signers(),
      roles: policy.roles,
      rememberedIn: ['/w'],
    });
  }

  async facts(policy: Policy, names: string[]): Promise<PolicyFacts> {
    const datasets: DatasetFacts[] = [];
    for (const name of names) {
      const scope = await this.scope(policy, name);
      const samples = this.digest(name);
      const assessment = assess({ ...scope, rows: samples, sha256: samples.sha256 });
      const origins = originTally(policy);
      this.lines(name).forEach((line, row) => {
        origins?.add(
          lineOf(samples, row),
          JSON.parse(line),
          statusOf(assessment.statuses[row]),
          scope.statements[assessment.coveredBy[row]!],
        );
      });
      const { bundle } = evidencePaths(`/w/${name}`);
      datasets.push({
        path: name,
        bundle,
        samples,
        scope,
        assessment,
        logs: scope.logs,
        ...(origins && { origins }),
      });
    }
    const { statements, logs } = await this.loader.loadStatements({
      dataset: undefined,
      bundles: this.bundles(),
      advisories: [],
      signers: this.signers(),
      roles: policy.roles,
      rememberedIn: ['/w'],
    });
    const graph = buildGraph({ statements, folders: ['/w'] });
    return { now: START + this.today * DAY, lineage: { graph, statements, logs }, datasets };
  }

  private newLoader(): ScopeLoader {
    return new ScopeLoader(this.files, sha256, undefined, verifyOnce, undefined, this.memory);
  }

  private bundles(): string[] {
    return this.evidence().filter((path) => datasetOfBundle(path) !== undefined);
  }

  private signers() {
    return parseAllowedSigners(this.trust.join('\n'), 'allowed_signers').entries;
  }

  private async add(by: string, name: string, statement: Statement): Promise<string> {
    return (await this.store.append(`/w/${name}`, statement, signer(by))).envelopeDigest;
  }

  private lines(name: string): string[] {
    return (this.texts.get(name) ?? '').split('\n').slice(0, -1);
  }

  private digest(name: string) {
    return digest(this.texts.get(name) ?? '');
  }

  private subjects(name: string, lines: number[]) {
    const { digests } = this.digest(name);
    return lines.map((line) => ({
      name: sampleName(name, line),
      sha256: toHex(digests.subarray((line - 1) * 32, line * 32)),
    }));
  }

  private time(day?: number): string {
    const time = day === undefined ? START + this.minute++ * 60_000 : START + day * DAY;
    return new Date(time).toISOString().replace('.000Z', 'Z');
  }
}

const verified = new Map<string, SignatureCheck>();

/** Signatures take most of the time, and nothing here changes what they are over. */
const verifyOnce: VerifySignature = (key, signature, ...message) => {
  const name = `${toHex(key.blob)} ${toHex(signature)}`;
  const known = verified.get(name) ?? verifySignature(key, signature, ...message);
  verified.set(name, known);
  return known;
};

function copyInto(from: SeenLogs, to: SeenLogs): void {
  for (const name of ['datasets', 'logs'] as const) {
    to[name].clear();
    for (const [key, state] of from[name]) to[name].set(key, state);
  }
}

/** The rules that did not pass, in order. */
export function failures({ rules }: PolicyVerdict): string[] {
  return rules.filter(({ passed }) => !passed).map(({ rule }) => rule);
}

/** A result as a reader sees it: summary, then `DATASET:LINE sentence` for each finding. */
export function picture({ summary, findings, more }: RuleResult): string[] {
  return [
    formatMessage(summary.template, summary.args),
    ...findings.map(
      ({ dataset, line, sentence: { template, args } }) =>
        `${dataset}${line === undefined ? '' : `:${String(line)}`} ${formatMessage(template, args)}`,
    ),
    ...(more > 0 ? [`and ${String(more)} more`] : []),
  ];
}
