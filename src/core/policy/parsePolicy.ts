import {
  findNodeAtLocation,
  getNodeValue,
  parseTree,
  printParseErrorCode,
  type Node,
  type ParseError,
} from 'jsonc-parser';
import { ProvenanceError, type MessageArguments } from '../errors.ts';
import { EVIDENCE_FOLDER } from '../evidence/layout.ts';
import { ORIGIN_FIELDS, parsePointer, type OriginFields } from '../sample/origin.ts';
import type { Policy } from './policy.ts';
import { roleShape, rolesShape } from './policyShape.ts';
import { ANYONE, Roles, STRANGERS, type Role } from './roles.ts';
import { isRuleName, RULES, type ParsedRule } from './rules.ts';
import type { RuleKind } from './ruleKind.ts';
import { isObject, Misfit } from './shape.ts';

/** A policy is read up to this many bytes. */
export const MAX_POLICY_BYTES = 1 << 20;

const MEMBERS = ['$schema', 'originFields', 'roles', 'rules'];

/**
 * Reads `policy.jsonc` (docs/formats.md, "Policy"): JSON with comments and trailing commas. What is wrong in it is
 * reported and does not count, and what is not known is wrong: a policy with a problem lets nothing pass.
 *
 * @param path of the file, absolute, with `/`; the folder that paths in it are below is the one whose `.provenance` it
 *   stands in, or else its own
 * @returns always a policy, whatever the text is
 */
export function parsePolicy(text: string, path: string): Policy {
  const reader = new PolicyReader(text, path);
  return reader.read();
}

class PolicyReader {
  private readonly problems: ProvenanceError[] = [];
  private root: Node | undefined;

  constructor(
    private readonly text: string,
    private readonly path: string,
  ) {}

  read(): Policy {
    const policy = this.parse();
    const found = this.readMembers(policy);
    // As a reader goes through the file.
    this.problems.sort((a, b) => Number(a.args['line'] ?? 0) - Number(b.args['line'] ?? 0));
    return found;
  }

  private readMembers(policy: unknown): Policy {
    const nothing = { originFields: {}, roles: undefined, rules: [], problems: this.problems };
    if (policy === undefined) return nothing;
    if (!isObject(policy)) {
      this.problem('{path}: a policy is a JSON object, such as {"originFields": {"source": "/meta/site"}}.');
      return nothing;
    }
    for (const name of Object.keys(policy)) {
      if (!MEMBERS.includes(name)) {
        this.problemAt('{path}:{line}: a policy has no member "{name}"; it has {members}.', [name], {
          name: name.slice(0, 100),
          members: MEMBERS.slice(1).join(', '),
        });
      }
    }
    const originFields = this.originFields(policy['originFields']);
    const roles = policy['roles'] === undefined ? undefined : this.roles(policy['roles']);
    const rules = policy['rules'] === undefined ? [] : this.rules(policy['rules'], roles);
    return { originFields, roles, rules, problems: this.problems };
  }

  private parse(): unknown {
    const errors: ParseError[] = [];
    try {
      this.root = parseTree(this.text, errors, { allowTrailingComma: true, allowEmptyContent: true });
      const [first] = errors;
      if (first) {
        this.problem(
          '{path}:{line}: not JSON with comments ({reason}), so that what follows may not count; correct it there.',
          { line: this.lineAt(first.offset), reason: wordsOf(printParseErrorCode(first.error)) },
        );
      }
      if (!this.root) return undefined;
      this.findDuplicates(this.root);
      return getNodeValue(this.root);
    } catch (cause) {
      // The parser recurses.
      this.problem('{path}: nested too deeply; a policy is a flat object.', {}, cause);
      return undefined;
    }
  }

  /** Of two members with one name the parser keeps the last: what stands first would look as if it held. */
  private findDuplicates(root: Node): void {
    const waiting = [root];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      const names = new Set<string>();
      for (const child of node.children ?? []) {
        waiting.push(child);
        const name = child.type === 'property' ? child.children?.[0] : undefined;
        if (!name) continue;
        const text = String(name.value);
        if (names.has(text)) {
          this.problem('{path}:{line}: "{name}" stands there a second time; remove one of them.', {
            line: this.lineAt(name.offset),
            name: text.slice(0, 100),
          });
        }
        names.add(text);
      }
    }
  }

  private originFields(value: unknown): OriginFields {
    const known: OriginFields = {};
    const fields = value ?? {};
    if (value === null || !isObject(fields)) {
      this.problemAt(
        '{path}:{line}: "originFields" must be an object of JSON pointers, such as {"source": "/meta/site"}.',
        ['originFields'],
        {},
      );
      return known;
    }
    for (const field of ORIGIN_FIELDS) {
      const pointer = fields[field];
      if (pointer === undefined) continue;
      if (isPointer(pointer) || (Array.isArray(pointer) && pointer.every(isPointer))) known[field] = pointer;
      else {
        this.problemAt(
          '{path}:{line}: "{field}" in "originFields" must be a JSON pointer such as "/meta/site", or a list of them.',
          ['originFields', field],
          { field },
        );
      }
    }
    const unknown = Object.keys(fields).find((name) => !ORIGIN_FIELDS.some((field) => field === name));
    if (unknown !== undefined) {
      this.problemAt(
        '{path}:{line}: "originFields" has no field "{field}"; it has {fields}.',
        ['originFields', unknown],
        { field: unknown.slice(0, 100), fields: ORIGIN_FIELDS.join(', ') },
      );
    }
    return known;
  }

  /** A role that is wrong gives nobody any right. */
  private roles(value: unknown): Roles {
    const roles: Role[] = [];
    const named = isObject(value) ? value : {};
    const each = Object.entries(named).map(([name, role]) => ({ [name]: role }));
    for (const part of each.length > 0 ? each : [value]) {
      const whole = rolesShape.read(part, '/roles');
      if (whole instanceof Misfit) this.misfit(whole);
    }
    for (const [name, role] of Object.entries(named)) {
      const read = roleShape.read(role, '');
      if (read instanceof Misfit) continue;
      const { signers = [], mayVouch = false, mayReview = false, mayClear = [] } = read;
      const unknown = mayClear.find(
        (other) => other !== STRANGERS && other !== ANYONE && !Object.hasOwn(named, other),
      );
      if (unknown !== undefined) this.unknownRole(unknown, ['roles', name, 'mayClear']);
      roles.push({ name, signers, mayVouch, mayReview, mayClear });
    }
    return new Roles(roles, folderOf(this.path));
  }

  private rules(value: unknown, roles: Roles | undefined): ParsedRule[] {
    const rules: ParsedRule[] = [];
    if (!isObject(value)) {
      this.misfit(new Misfit('/rules', `must be an object with ${Object.keys(RULES).join(', ')}`));
      return rules;
    }
    for (const [name, wanted] of Object.entries(value)) {
      if (!isRuleName(name)) {
        this.problemAt('{path}:{line}: there is no rule "{name}"; there are {rules}.', ['rules', name], {
          name: name.slice(0, 100),
          rules: Object.keys(RULES).join(', '),
        });
        continue;
      }
      const kind: RuleKind<unknown> = RULES[name] as RuleKind<unknown>;
      const read = kind.shape.read(wanted, `/rules/${name}`);
      if (read instanceof Misfit) {
        this.misfit(read);
        continue;
      }
      const unknown = kind.roles?.(read).find((role) => !roles?.list.some((known) => known.name === role));
      if (unknown !== undefined) this.unknownRole(unknown, ['rules', name]);
      rules.push({ name, wanted: read } as ParsedRule);
    }
    return rules;
  }

  private unknownRole(role: string, place: readonly string[]): void {
    this.problemAt(
      '{path}:{line}: the policy has no role "{role}"; add it to "roles", or name another.',
      place,
      {
        role,
      },
    );
  }

  private misfit({ pointer, reason }: Misfit): void {
    this.problemAt('{path}:{line}: {pointer} {reason}.', parsePointer(pointer) ?? [], {
      pointer,
      reason,
    });
  }

  private problemAt(template: string, place: readonly string[], args: MessageArguments): void {
    this.problems.push(
      new ProvenanceError('invalid-policy', template, { path: this.path, line: this.lineOf(place), ...args }),
    );
  }

  private problem(template: string, args: MessageArguments = {}, cause?: unknown): void {
    this.problems.push(
      new ProvenanceError('invalid-policy', template, { path: this.path, ...args }, { cause }),
    );
  }

  /** Of the member that the place leads to, or the nearest around it. */
  private lineOf(place: readonly string[]): number {
    for (let length = place.length; this.root && length > 0; length--) {
      let node: Node | undefined = this.root;
      for (const name of place.slice(0, length)) {
        node = node && findNodeAtLocation(node, [node.type === 'array' ? Number(name) : name]);
      }
      if (node) return this.lineAt((node.parent?.type === 'property' ? node.parent : node).offset);
    }
    return this.lineAt(this.root?.offset ?? 0);
  }

  private lineAt(offset: number): number {
    return this.text.slice(0, offset).split('\n').length;
  }
}

/** `CloseBraceExpected` becomes `close brace expected`. */
function wordsOf(code: string): string {
  return code.replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}

function folderOf(path: string): string {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  return folder.endsWith(`/${EVIDENCE_FOLDER}`) ? folder.slice(0, -EVIDENCE_FOLDER.length - 1) : folder;
}

function isPointer(value: unknown): value is string {
  return parsePointer(value) !== undefined;
}
