import { asProvenanceError, type ProvenanceError } from '../core/errors.ts';
import { usageError } from './arguments.ts';
import { defineCommand } from './command.ts';
import { formHints } from './formHints.ts';
import { Judge, type Judged, type JudgeOptions } from './judge.ts';
import { judgeFile } from './judgeFile.ts';
import { isFine, verifyJson } from './json.ts';
import { countOf } from './lines.ts';
import { sayReport } from './report.ts';
import { complain, say, sayJson, warn } from './terminal.ts';
import { trustLists } from './trust.ts';

const EXIT = { fine: 0, findings: 1, error: 2 } as const;

export const SCOPE_OPTIONS = {
  'allowed-signers': { type: 'string', multiple: true },
  evidence: { type: 'string', multiple: true },
  'sigstore-root': { type: 'string' },
  'sigstore-identities': { type: 'string' },
  json: { type: 'boolean' },
} as const;

/** What {@link SCOPE_OPTIONS} say of where evidence and trust come from. */
export function judgeOptions(options: {
  readonly 'allowed-signers'?: readonly string[] | undefined;
  readonly evidence?: readonly string[] | undefined;
  readonly 'sigstore-root'?: string | undefined;
  readonly 'sigstore-identities'?: string | undefined;
}): JudgeOptions {
  const { 'sigstore-root': trustedRoot, 'sigstore-identities': identities } = options;
  return {
    allowedSigners: options['allowed-signers'] ?? [],
    evidence: options.evidence ?? [],
    sigstore: {
      ...(trustedRoot !== undefined && { trustedRoot }),
      ...(identities !== undefined && { identities }),
    },
  };
}

export const SCOPE_HELP = `  --allowed-signers FILE   Trust these signers too (OpenSSH's allowed_signers); may be repeated
  --evidence FOLDER        Look for evidence below this folder too; may be repeated
  --sigstore-root FILE     Check Sigstore signatures with this trusted root (trusted_root.json)
  --sigstore-identities FILE
                           Trust these Sigstore identities: NAME ISSUER SUBJECT a line
  --json                   Print one JSON object: complete and stable, for programs`;

export const verify = defineCommand({
  summary: 'Say what is as it was signed, what is not, and what is flagged',
  help: `Usage: provenance verify FILE… [OPTIONS]

Compares every sample with the evidence: the file's own (.provenance beside it) and that of all
datasets of the workspace, which is the folder of the nearest .provenance at or above the current
directory. Says which lines were modified, added, removed, moved or flagged, and who signed.

A file that was reformatted, shuffled or cut into parts is still verified, sample by sample.

Who is trusted is said by allowed_signers files: yours, git's (gpg.ssh.allowedSignersFile), the one
in the nearest .provenance of the current directory, and those that you name. Never by one that
came with the data.

Options:
${SCOPE_HELP}

Exit code: 0 when every sample is verified and no flag is open; 1 for anything else, also for what
is unsigned, untrusted or could not be checked; 2 when a file could not be read.

The digests of large files are kept in your cache folder, so that the next time is faster; the
environment variable PROVENANCE_CACHE=off turns that off.

Examples:
  provenance verify train.jsonl
  provenance verify shards/*.jsonl --allowed-signers team_signers
  provenance verify train.jsonl --json | jq '.datasets[].modified'
`,
  options: SCOPE_OPTIONS,
  async run({ options, operands }, io) {
    if (operands.length === 0) throw usageError('Say which files to verify.');
    let made: Promise<Judge> | undefined;
    const judging = () => (made ??= Judge.create(io, judgeOptions(options)));
    const first = judgeFile(operands[0]!, io, judging);
    await first.catch(() => undefined);
    const judge = await judging();
    if (!options.json) for (const problem of judge.trust.problems) warn(io, problem.message);
    const judged: Judged[] = [];
    const errors: { path: string; error: ProvenanceError }[] = [];
    for (const [index, path] of operands.entries()) {
      try {
        const found = await (index === 0 ? first : judgeFile(path, io, judging));
        const result = { ...found, derivedFrom: await formHints(found, io) };
        if (!options.json) {
          if (judged.length > 0) say(io);
          sayReport(io, result, { ...trustLists(io), entries: judge.trust.entries });
        }
        judged.push(result);
      } catch (cause) {
        // One file that cannot be read does not hide what is known of the others.
        const error = asProvenanceError(cause);
        if (error.code === 'cancelled') throw error;
        errors.push({ path, error });
        complain(io, error.message);
      }
    }
    if (options.json) sayJson(io, verifyJson(judged, judge.trust, errors));
    else if (operands.length > 1) saySum(judged, errors.length);
    if (errors.length > 0) return EXIT.error;
    return judged.every(isFine) ? EXIT.fine : EXIT.findings;

    function saySum(all: readonly Judged[], unread: number): void {
      const fine = all.filter(isFine).length;
      const left = unread > 0 ? `, ${unread} could not be read` : '';
      say(io);
      say(
        io,
        `${countOf(operands.length, 'file')}: ${fine} fine, ${all.length - fine} with findings${left}.`,
      );
    }
  },
});
