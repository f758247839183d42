import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { ProvenanceError } from '../errors.ts';
import { ORIGIN_FIELDS, parsePointer, type OriginFields } from '../sample/origin.ts';

/** A policy is read up to this many bytes. */
export const MAX_POLICY_BYTES = 1 << 20;

/** What a workspace's policy says (docs/formats.md, "Origin of a sample"). */
export interface Policy {
  /** Which fields of records carry their origin. */
  readonly originFields: OriginFields;
  /** What in it does not count, and why. */
  readonly problems: readonly ProvenanceError[];
}

/**
 * Reads `policy.jsonc`: JSON with comments and trailing commas. What is wrong in it is reported and does not count; the
 * rest does. Members that are not known are left alone: a later version may know them.
 *
 * @param path of the file, for the problems
 * @returns always a policy, whatever the text is
 */
export function parsePolicy(text: string, path: string): Policy {
  const problems: ProvenanceError[] = [];
  const originFields: OriginFields = {};
  const policy = parseJsonc(text, path, problems);
  if (policy === undefined) return { originFields, problems };
  if (!isObject(policy)) {
    problems.push(
      new ProvenanceError(
        'invalid-policy',
        '{path}: a policy is a JSON object, such as {"originFields": {"source": "/meta/site"}}.',
        { path },
      ),
    );
    return { originFields, problems };
  }
  const fields = own(policy, 'originFields') ?? {};
  if (!isObject(fields)) {
    problems.push(
      new ProvenanceError(
        'invalid-policy',
        '{path}: "originFields" must be an object of JSON pointers, such as {"source": "/meta/site"}.',
        { path },
      ),
    );
    return { originFields, problems };
  }
  for (const field of ORIGIN_FIELDS) {
    const value = own(fields, field);
    if (value === undefined) continue;
    if (isPointer(value) || (Array.isArray(value) && value.every(isPointer))) originFields[field] = value;
    else {
      problems.push(
        new ProvenanceError(
          'invalid-policy',
          '{path}: "{field}" in "originFields" must be a JSON pointer such as "/meta/site", or a list of them.',
          { path, field },
        ),
      );
    }
  }
  const unknown = Object.keys(fields).find((name) => !ORIGIN_FIELDS.some((field) => field === name));
  if (unknown !== undefined) {
    problems.push(
      new ProvenanceError(
        'invalid-policy',
        '{path}: "originFields" has no field "{field}"; it has {fields}.',
        {
          path,
          field: unknown.slice(0, 100),
          fields: ORIGIN_FIELDS.join(', '),
        },
      ),
    );
  }
  return { originFields, problems };
}

function parseJsonc(text: string, path: string, problems: ProvenanceError[]): unknown {
  const errors: ParseError[] = [];
  let value: unknown;
  try {
    value = parse(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  } catch (cause) {
    // The parser recurses.
    const template = '{path}: nested too deeply; a policy is a flat object.';
    problems.push(new ProvenanceError('invalid-policy', template, { path }, { cause }));
    return undefined;
  }
  const [first] = errors;
  if (first) {
    problems.push(
      new ProvenanceError(
        'invalid-policy',
        '{path}:{line}: not JSON with comments ({reason}), so that what follows may not count; correct it there.',
        {
          path,
          line: text.slice(0, first.offset).split('\n').length,
          reason: printParseErrorCode(first.error),
        },
      ),
    );
  }
  return value;
}

function isPointer(value: unknown): value is string {
  return parsePointer(value) !== undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Members are data: what `Object.prototype` has is not one. */
function own(members: object, name: string): unknown {
  return Object.hasOwn(members, name) ? (members as Record<string, unknown>)[name] : undefined;
}
