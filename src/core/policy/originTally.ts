import { recordOrigin, type OriginFields } from '../sample/origin.ts';
import { originOf } from '../trust/origin.ts';
import type { StatementInScope } from '../trust/scope.ts';
import type { Status } from '../trust/status.ts';
import { allowsSource, allowsWord } from './patterns.ts';

/** Which origins a policy allows; a field that it does not name may be anything. */
export interface AllowedOrigins {
  readonly sources?: readonly string[];
  readonly licences?: readonly string[];
  readonly stages?: readonly string[];
  readonly generationMethods?: readonly string[];
}

/** A sample whose origin is not allowed. */
export interface RefusedOrigin {
  readonly line: number;
  /** What refused it: the sample is not verified, so that its origin is only claimed; or a field of its origin. */
  readonly field: 'unverified' | 'source' | 'licence' | 'stage' | 'generationMethod';
  /** The field's value; undefined where the origin has none. */
  readonly value: string | undefined;
}

/** How many samples that are refused are kept as examples, and for how many values it is known whether they are allowed. */
const MAX_EXAMPLES = 100;
const MAX_KNOWN = 10_000;

type Field = Exclude<RefusedOrigin['field'], 'unverified'>;

/**
 * Compares the origin of each sample of a dataset with what a policy allows, as the samples are read; in memory that does
 * not grow with them.
 */
export class OriginTally {
  /** How many samples were looked at, and how many of them are refused. */
  samples = 0;
  refused = 0;
  /** The first of those that are refused. */
  readonly examples: RefusedOrigin[] = [];
  private readonly known = new Map<string, boolean>();
  private readonly checks: readonly (readonly [field: Field, isAllowed: (value: string) => boolean])[];

  /** @param fields `originFields` of the policy */
  constructor(
    { sources, licences, stages, generationMethods }: AllowedOrigins,
    private readonly fields: OriginFields,
  ) {
    const checks: [Field, (value: string) => boolean][] = [];
    if (sources) checks.push(['source', (value) => allowsSource(sources, value)]);
    if (licences) checks.push(['licence', (value) => allowsWord(licences, value)]);
    if (stages) checks.push(['stage', (value) => stages.includes(value)]);
    if (generationMethods) checks.push(['generationMethod', (value) => generationMethods.includes(value)]);
    this.checks = checks;
  }

  /**
   * @param record the parsed sample; undefined where it is malformed
   * @param deciding the statement that decides its status
   */
  add(line: number, record: unknown, status: Status, deciding: StatementInScope | undefined): void {
    this.samples++;
    const refused = this.refusalOf(record, status, deciding);
    if (!refused) return;
    this.refused++;
    if (this.examples.length < MAX_EXAMPLES) this.examples.push({ line, ...refused });
  }

  private refusalOf(
    record: unknown,
    status: Status,
    deciding: StatementInScope | undefined,
  ): Omit<RefusedOrigin, 'line'> | undefined {
    // What nobody trusted vouches for is only claimed, by the record and by whoever signed it.
    if (status !== 'verified' || record === undefined) return { field: 'unverified', value: undefined };
    const stated = deciding && statedOrigin(deciding);
    const origin = originOf(recordOrigin(record, this.fields), status, stated);
    for (const [field, isAllowed] of this.checks) {
      const value = origin[field];
      if (value === undefined || !this.isAllowed(field, value, isAllowed)) return { field, value };
    }
    return undefined;
  }

  private isAllowed(field: Field, value: string, isAllowed: (value: string) => boolean): boolean {
    const key = `${field} ${value}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.known.size === MAX_KNOWN) this.known.clear();
    const allowed = isAllowed(value);
    this.known.set(key, allowed);
    return allowed;
  }
}

function statedOrigin({ statement }: StatementInScope) {
  if (statement.kind !== 'dataset' && statement.kind !== 'sample') return undefined;
  const { origin } = statement.predicate;
  return origin && { origin };
}
