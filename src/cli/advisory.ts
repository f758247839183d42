import { readFile, stat } from 'node:fs/promises';
import { ProvenanceError, throwIfCancelled } from '../core/errors.ts';
import { isSha256Hex, toHex } from '../core/bytes/hex.ts';
import { ADVISORIES, BUNDLE_SUFFIX, EVIDENCE_FOLDER } from '../core/evidence/layout.ts';
import { CATEGORIES, FOLDED_TEXT, SEVERITIES, type AdvisoryPredicate } from '../core/evidence/predicates.ts';
import { advisoryStatement, sampleName, type Subject } from '../core/evidence/statement.ts';
import { foldedDigest } from '../core/lineage/foldedText.ts';
import { lineOf } from '../core/sample/digest.ts';
import { advisoriesInEffect, type AdvisoryInScope } from '../core/trust/advisories.ts';
import { standingWord } from '../language/words.ts';
import { appendAdvisory, checkAdvisories } from '../platform/advisories.node.ts';
import { fileError } from '../platform/fileErrors.node.ts';
import { nodeFileStore } from '../platform/fileStore.node.ts';
import { advisoryFiles, importAdvisories } from '../platform/importAdvisories.node.ts';
import { eachSampleText } from '../platform/sampleTexts.node.ts';
import { fastSha256 } from '../platform/sha256.node.ts';
import type { AdvisedSample } from '../protocol/lineageWorker.ts';
import { untrustedText } from '../protocol/untrustedText.ts';
import { toSlashes } from '../platform/paths.node.ts';
import { usageError, type Arguments } from './arguments.ts';
import { defineCommand, oneOf } from './command.ts';
import { datasetPath, readDataset, subjectsOfLines, type DatasetFile } from './dataset.ts';
import { Judge } from './judge.ts';
import { countOf, parseLines, toRanges, type LineRange } from './lines.ts';
import { lineList, shownPath } from './report.ts';
import { KEY_HELP, KEY_OPTION, signingKey, timeNow } from './signingKey.ts';
import { complain, say, sayJson, sayRows, warn, type Io, type Row } from './terminal.ts';
import { judgeOptions, SCOPE_HELP, SCOPE_OPTIONS } from './verify.ts';

const OPTIONS = {
  id: { type: 'string' },
  title: { type: 'string' },
  severity: { type: 'string' },
  category: { type: 'string' },
  reference: { type: 'string', multiple: true },
  details: { type: 'string' },
  from: { type: 'string' },
  lines: { type: 'string' },
  digests: { type: 'string' },
  similar: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  ...KEY_OPTION,
  ...SCOPE_OPTIONS,
} as const;

type Options = Arguments<typeof OPTIONS>['options'];
type OptionName = keyof typeof OPTIONS;

interface Action {
  /** The options that it takes. */
  readonly options: readonly OptionName[];
  run(operands: readonly string[], options: Options, io: Io): Promise<number>;
}

const SCOPE: readonly OptionName[] = ['allowed-signers', 'evidence', 'json'];

const ACTIONS: Readonly<Record<string, Action>> = {
  create: {
    options: [
      'id',
      'title',
      'severity',
      'category',
      'reference',
      'details',
      'from',
      'lines',
      'digests',
      'similar',
      'output',
      'key',
    ],
    run: create,
  },
  withdraw: { options: ['key', 'output'], run: withdraw },
  import: { options: ['allowed-signers'], run: importFiles },
  list: { options: SCOPE, run: list },
  check: { options: [...SCOPE, 'similar'], run: check },
};

const EXIT = { fine: 0, findings: 1 } as const;

export const advisory = defineCommand({
  summary: 'Warn others of samples, and check datasets against such warnings',
  help: `Usage: provenance advisory create --id ID --title TEXT --severity SEVERITY --category CATEGORY
                                  (--from FILE [--lines LINES] | --digests FILE) [OPTIONS]
       provenance advisory withdraw ID
       provenance advisory import FILE|FOLDER…
       provenance advisory list
       provenance advisory check DATASET… [--similar]

An advisory is a signed list of sample digests with an id and a title. Those in the workspace's
.provenance/advisories apply to every dataset: "provenance verify" shows their samples as flagged,
and what was made of them as flagged upstream. Its file can be handed on: it holds no text.

create    signs one, and adds it to the workspace's advisories. With an id that you used before, it
          replaces that one.
withdraw  says, as its signer, that it does not hold any more. Others clear it for themselves, with
          "provenance flag --clear".
import    adds the advisories in files to the workspace's, and says who signed them.
list      the advisories that hold here.
check     the samples of datasets that advisories warn of. With --similar also those whose text is
          the same but for case and white space: they are similar, not equal.

Options of create:
  --id ID                  Such as ACME-2026-004
  --title TEXT             One line
  --severity SEVERITY      ${SEVERITIES.join(', ')}
  --category CATEGORY      ${CATEGORIES.slice(0, 5).join(', ')},
                           ${CATEGORIES.slice(5).join(', ')}
  --reference URI          Where more is said; may be repeated
  --details TEXT           More about it
  --from FILE              The samples of this file; with --lines, those on these lines
  --lines LINES            Such as 4,9 or 7-9
  --digests FILE           Samples by digest: 64 hex digits a line
  --similar                Also name what finds similar samples, as digests of their folded text
  -o, --output FILE        Add it to this file instead
${KEY_HELP.replaceAll('\n  ', '\n     ').replace('--key PEM  ', '--key PEM       ')}

Options of list and check:
${SCOPE_HELP}

Exit code: 0; 1 when check found something; 2 when a file could not be read.

Examples:
  provenance advisory create --id ACME-2026-004 --title "Planted trigger phrase" --severity high \\
      --category backdoor-trigger --from crawl.jsonl --lines 4,9 --similar
  provenance advisory import ~/feeds/acme
  provenance advisory check train.jsonl --similar
`,
  options: OPTIONS,
  async run({ options, operands }, io) {
    const [name, ...rest] = operands;
    const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (!action) {
      const list = Object.keys(ACTIONS).join(', ');
      throw name === undefined
        ? usageError('Say what to do: one of {list}.', { list })
        : usageError('There is no "advisory {name}"; it is one of {list}.', { name, list });
    }
    const foreign = (Object.keys(options) as OptionName[]).find((option) => !action.options.includes(option));
    if (foreign !== undefined) {
      throw usageError('"advisory {name}" takes no --{option}.', { name: name ?? '', option: foreign });
    }
    return await action.run(rest, options, io);
  },
});

async function create(operands: readonly string[], options: Options, io: Io): Promise<number> {
  if (operands.length > 0) throw usageError('"{text}" is too much.', { text: operands[0]! });
  const { id, title, details, reference } = options;
  if (id === undefined || title === undefined) throw usageError('Give --id and --title.');
  if ((options.from === undefined) === (options.digests === undefined)) {
    throw usageError('Give --from FILE, or --digests FILE.');
  }
  if (options.lines !== undefined && options.from === undefined)
    throw usageError('--lines needs --from FILE.');
  if (options.similar && options.from === undefined) {
    throw usageError('--similar needs --from FILE: digests have no text.');
  }
  const predicate: AdvisoryPredicate = {
    id,
    title,
    severity: oneOf('--severity', options.severity, SEVERITIES),
    category: oneOf('--category', options.category, CATEGORIES),
    ...(details !== undefined && { details }),
    ...(reference !== undefined && { references: reference }),
    timeCreated: timeNow(),
  };
  // Before a long read: what a statement cannot say.
  advisoryStatement([{ name: 'x', sha256: '0'.repeat(64) }], predicate);
  const ranges = options.lines === undefined ? undefined : parseLines(options.lines);
  const signer = await signingKey(options.key, io);
  let subjects: readonly Subject[];
  let similar: string[] | undefined;
  if (options.from === undefined) subjects = await readDigests(options.digests!, id);
  else {
    const dataset = await readDataset(options.from, io);
    const chosen = subjectsOfLines(dataset, ranges ?? wellFormed(dataset));
    subjects = chosen.map(({ name, sha256 }) => ({ name, sha256 }));
    if (options.similar) similar = await foldedDigests(dataset, new Set(chosen.map(({ line }) => line)), io);
  }
  const statement = advisoryStatement(subjects, {
    ...predicate,
    ...(similar && similar.length > 0 && { similar: { normalization: FOLDED_TEXT, digests: similar } }),
  });
  const path = await pathFor(id, options.output, io);
  throwIfCancelled(io.signal);
  await appendAdvisory(nodeFileStore(), path, statement, signer);
  const texts = similar ? `, and ${countOf(similar.length, 'text')} to find similar ones` : '';
  say(io, `Signed the advisory ${id}: ${countOf(subjects.length, 'sample')}${texts}.`);
  sayRows(io, [{ label: 'file', text: shownPath(path) }]);
  return EXIT.fine;
}

async function withdraw(operands: readonly string[], options: Options, io: Io): Promise<number> {
  const [id] = operands;
  if (id === undefined || operands.length > 1) throw usageError('Give the id of one advisory.');
  const signer = await signingKey(options.key, io);
  const { holding } = await advisoriesHere(await Judge.create(io));
  const named = holding.filter(({ statement }) => statement.predicate.id === id);
  const mine = named.find(({ keyId }) => keyId === signer.keyId);
  if (!mine) {
    const args = { id, keyId: named[0]?.keyId ?? '' };
    throw new ProvenanceError(
      'review-not-found',
      named.length === 0
        ? 'There is no advisory {id} here; "provenance advisory list" says which there are.'
        : 'The advisory {id} was signed with {keyId}, and only that key can withdraw it; to clear its samples here: provenance flag FILE --clear --lines LINES --reason TEXT.',
      args,
    );
  }
  const time = timeNow();
  const { subjects, predicate } = mine.statement;
  const statement = advisoryStatement(subjects, { ...predicate, timeCreated: time, withdrawn: time });
  const path = options.output === undefined ? mine.bundle : await pathFor(id, options.output, io);
  await appendAdvisory(nodeFileStore(), path, statement, signer);
  say(io, `Withdrew the advisory ${id}.`);
  sayRows(io, [{ label: 'file', text: shownPath(path) }]);
  return EXIT.fine;
}

async function importFiles(operands: readonly string[], options: Options, io: Io): Promise<number> {
  if (operands.length === 0) throw usageError('Say which files or folders to import.');
  const judge = await Judge.create(io, { allowedSigners: options['allowed-signers'] ?? [] });
  const files = nodeFileStore();
  const paths: string[] = [];
  for (const given of operands) {
    const { path } = await datasetPath(given);
    const found = await stat(path).catch((error: unknown) => {
      throw fileError(error, given);
    });
    paths.push(...(found.isDirectory() ? await advisoryFiles(files, path) : [path]));
  }
  const graded = await judge.advisoriesIn(paths);
  const wrong = new Set(
    graded.filter(({ standing }) => standing === 'invalid').map(({ envelopeDigest }) => envelopeDigest),
  );
  const imported = await importAdvisories(files, paths, judge.workspace, {
    accept: (envelope) => !wrong.has(envelope),
    signal: io.signal,
  });
  for (const { path, line, error } of imported.problems) {
    warn(
      io,
      `${shownPath(path)}:${line ?? 1}: ${new ProvenanceError(error.code, error.template, error.args).message}`,
    );
  }
  const byDigest = new Map(graded.map((scoped) => [scoped.envelopeDigest, scoped]));
  for (const { id, title, samples, added, withdrawn, envelopeDigest } of imported.advisories) {
    const scoped = byDigest.get(envelopeDigest);
    const signer = scoped ? `${signerOf(scoped)}, ${standingWord(scoped.standing)}` : '';
    const what = withdrawn === undefined ? countOf(samples, 'sample') : 'withdrawn';
    say(
      io,
      `${added ? 'Imported' : 'Already here:'} ${id}, ${untrustedText(title, 200)} (${signer}): ${what}.`,
    );
  }
  if (wrong.size > 0) {
    complain(
      io,
      `${countOf(wrong.size, 'advisory', 'advisories')} left out: the signature is wrong; get the file again.`,
    );
    return EXIT.findings;
  }
  return EXIT.fine;
}

/** What `advisory list --json` prints. */
export interface AdvisoryListJson {
  readonly version: 1;
  readonly advisories: readonly AdvisoryJson[];
}

export interface AdvisoryJson extends Omit<AdvisoryPredicate, 'similar'> {
  /** How many samples it names, and how many texts that find similar ones. */
  readonly samples: number;
  readonly similar: number;
  readonly keyId: string;
  readonly principal?: string;
  readonly standing: string;
  readonly file: string;
  readonly envelope: string;
}

async function list(operands: readonly string[], options: Options, io: Io): Promise<number> {
  if (operands.length > 0) throw usageError('"{text}" is too much.', { text: operands[0]! });
  const judge = await judgeOf(options, io);
  const { holding, problems } = await advisoriesHere(judge);
  if (options.json) {
    const json: AdvisoryListJson = { version: 1, advisories: holding.map(advisoryJson) };
    sayJson(io, json);
  } else {
    if (holding.length === 0) say(io, 'No advisory applies here; see "provenance help advisory".');
    for (const scoped of holding) sayAdvisory(io, scoped);
  }
  for (const problem of problems) warn(io, problem.error.message);
  return EXIT.fine;
}

function advisoryJson(scoped: AdvisoryInScope): AdvisoryJson {
  const { similar, ...predicate } = scoped.statement.predicate;
  return {
    ...predicate,
    samples: scoped.statement.subjects.length,
    similar: similar?.digests.length ?? 0,
    keyId: scoped.keyId,
    ...(scoped.principal !== undefined && { principal: scoped.principal }),
    standing: scoped.standing,
    file: scoped.bundle,
    envelope: scoped.envelopeDigest,
  };
}

function sayAdvisory(io: Io, scoped: AdvisoryInScope): void {
  const {
    id,
    title,
    severity,
    category,
    references = [],
    details,
    withdrawn,
    timeCreated,
  } = scoped.statement.predicate;
  const samples = scoped.statement.subjects.length;
  say(io, { text: id, tone: 'strong' }, `: ${untrustedText(title, 200)}`);
  const rows: Row[] = [
    { label: 'samples', text: `${samples}, ${category}, ${severity}` },
    { label: 'signer', text: `${signerOf(scoped)} (${standingWord(scoped.standing)}), ${timeCreated}` },
    ...(withdrawn === undefined ? [] : [{ label: 'withdrawn', text: withdrawn }]),
    ...(details === undefined ? [] : [{ label: 'details', text: untrustedText(details, 500) }]),
    ...references.slice(0, 10).map((uri) => ({ label: 'reference', text: untrustedText(uri, 300) })),
    { label: 'file', text: shownPath(scoped.bundle) },
  ];
  sayRows(io, rows);
}

/** What `advisory check --json` prints. Lists are complete. */
export interface AdvisoryCheckJson {
  readonly version: 1;
  readonly datasets: readonly {
    readonly path: string;
    /** How many advisories it was checked against. */
    readonly advisories: number;
    readonly samples: readonly AdvisedSample[];
  }[];
}

async function check(operands: readonly string[], options: Options, io: Io): Promise<number> {
  if (operands.length === 0) throw usageError('Say which datasets to check.');
  const judge = await judgeOf(options, io);
  const datasets: AdvisoryCheckJson['datasets'][number][] = [];
  for (const given of operands) {
    const { path } = await datasetPath(given);
    const scope = await judge.statementsAbout(path);
    const dataset = await readDataset(given, io);
    const found = await checkAdvisories(path, dataset.samples, scope, {
      similar: options.similar === true,
      signal: io.signal,
    });
    datasets.push({ path: given, ...found });
    if (!options.json) sayCheck(io, given, found.advisories, found.samples);
  }
  if (options.json) sayJson(io, { version: 1, datasets } satisfies AdvisoryCheckJson);
  return datasets.some(({ samples }) => samples.length > 0) ? EXIT.findings : EXIT.fine;
}

function sayCheck(io: Io, given: string, advisories: number, samples: readonly AdvisedSample[]): void {
  const against = countOf(advisories, 'advisory', 'advisories');
  if (samples.length === 0) {
    say(io, { text: given, tone: 'strong' }, `: nothing found, by ${against}.`);
    return;
  }
  say(
    io,
    { text: given, tone: 'strong' },
    `: ${countOf(new Set(samples.map(({ line }) => line)).size, 'sample')} found, by ${against}.`,
  );
  const groups = new Map<string, { first: AdvisedSample; lines: number[] }>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.match, sample.id, sample.title]);
    const group = groups.get(key) ?? { first: sample, lines: [] };
    groups.set(key, group);
    group.lines.push(sample.line);
  }
  sayRows(
    io,
    Array.from(groups.values(), ({ first: { match, id, title }, lines }): Row => ({
      label: match,
      tone: match === 'equal' ? 'bad' : 'warning',
      text: `${lineList(lines)}: ${untrustedText(id, 100)}, ${untrustedText(title, 200)}`,
    })),
  );
}

function judgeOf(options: Options, io: Io): Promise<Judge> {
  return Judge.create(io, judgeOptions(options));
}

/** The advisories that hold in the workspace. */
async function advisoriesHere(judge: Judge) {
  const { statements, problems } = await judge.workspaceStatements();
  return { holding: advisoriesInEffect(statements), problems };
}

function signerOf({ principal, keyId }: Pick<AdvisoryInScope, 'principal' | 'keyId'>): string {
  return principal ?? keyId;
}

/** The lines of a dataset that have a digest. */
function wellFormed({ samples }: DatasetFile): LineRange[] {
  return [...toRanges(wellFormedLines())];

  function* wellFormedLines(): Generator<number> {
    for (let row = 0; row < samples.count; row++) {
      if (!samples.malformed.has(row)) yield lineOf(samples, row);
    }
  }
}

/** The digests of the folded text of the samples on these lines, sorted, each once. */
async function foldedDigests({ path }: DatasetFile, lines: ReadonlySet<number>, io: Io): Promise<string[]> {
  const found = new Set<string>();
  await eachSampleText(
    path,
    (bytes, start, end, line) => {
      if (!lines.has(line)) return;
      const digest = foldedDigest(bytes.slice(start, end), fastSha256);
      if (digest) found.add(toHex(digest));
    },
    { signal: io.signal },
  );
  return [...found].sort();
}

/** @throws ProvenanceError `invalid-argument` for a line that is no digest; as reading a file */
async function readDigests(path: string, id: string): Promise<Subject[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError(error, path);
  });
  const digests = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    const digest = line.trim();
    if (digest === '' || digest.startsWith('#')) continue;
    if (!isSha256Hex(digest)) {
      throw usageError('{path}:{line} is not a digest: 64 lower-case hex digits.', { path, line: index + 1 });
    }
    digests.add(digest);
  }
  return Array.from(digests, (sha256, i) => ({ name: sampleName(id, i + 1), sha256 }));
}

/** The file that an advisory is added to: the one that is named, or the workspace's of that id. */
async function pathFor(id: string, output: string | undefined, io: Io): Promise<string> {
  if (output !== undefined) return (await datasetPath(output)).path;
  const { workspace } = await Judge.create(io);
  const name = id
    .replace(/[^\w.-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 100);
  return `${toSlashes(workspace)}/${EVIDENCE_FOLDER}/${ADVISORIES}/${name}${BUNDLE_SUFFIX}`;
}
