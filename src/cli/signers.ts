import { rfc3339 } from '../core/evidence/statedTime.ts';
import type { SignerState, SignerSummary } from '../core/trust/signers.ts';
import {
  explainSigner,
  lastSeenText,
  nameOfSigner,
  signedKinds,
  signerStateWord,
  timeText,
} from '../language/signers.ts';
import { usageError } from './arguments.ts';
import { defineCommand } from './command.ts';
import { shownPath } from './report.ts';
import { SignersHere } from './signersHere.ts';
import { say, sayJson, sayRows, warn, type Io, type Row, type Tone } from './terminal.ts';

/** How many datasets of a signer are listed. */
const LISTED = 5;

const TONES: Readonly<Record<SignerState, Tone>> = {
  trusted: 'good',
  ended: 'warning',
  'not-yet': 'warning',
  revoked: 'bad',
  untrusted: 'warning',
  unverifiable: 'warning',
};

export const signers = defineCommand({
  summary: 'List who signed what here, and whether you trust them',
  help: `Usage: provenance signers [OPTIONS]

Lists every key that signed something in the evidence of this workspace: its name or fingerprint,
whether it is trusted and by which line of which allowed_signers file, what it signed, and when
last. Statements whose signature is wrong are nobody's.

Options:
  --all                   Those too who are trusted and signed nothing here
  --allowed-signers FILE  Whom to trust, beside those trusted anyway; may be given several times
  --json                  Print it as JSON

Examples:
  provenance signers
  provenance signers --all --json
`,
  options: {
    all: { type: 'boolean' },
    json: { type: 'boolean' },
    'allowed-signers': { type: 'string', multiple: true },
  } as const,
  async run({ options, operands }, io) {
    const [operand] = operands;
    if (operand !== undefined)
      throw usageError('"{operand}" is too much: signers takes options only.', { operand });
    const here = await SignersHere.read(io, options['allowed-signers']);
    const found = await here.signers();
    const listed = options.all ? found : found.filter(({ statements }) => statements > 0);
    const { problems } = here.trust;
    if (options.json) {
      sayJson(io, {
        workspace: here.workspace,
        allowedSigners: here.trust.files,
        signers: listed.map(signerJson),
        problems: problems.map(({ code, message }) => ({ code, message })),
      });
      return 0;
    }
    for (const { message } of problems) warn(io, message);
    if (listed.length === 0) say(io, 'Nobody signed anything here yet.');
    listed.forEach((signer, at) => {
      if (at > 0) say(io);
      saySigner(io, signer);
    });
    return 0;
  },
});

function saySigner(io: Io, signer: SignerSummary): void {
  const { keyId, keyType, state, ends, endsSoon, datasets, statements, names } = signer;
  say(io, { text: nameOfSigner(signer), tone: 'strong' }, ': ', {
    text: signerStateWord(state),
    tone: TONES[state],
  });
  const listed = datasets.slice(0, LISTED).map(({ dataset }) => shownPath(dataset));
  const more = datasets.length - listed.length;
  sayRows(io, [
    { label: 'key', text: keyType === undefined ? keyId : `${keyId} (${keyType})` },
    ...names.slice(1).map((name): Row => ({ label: 'also', text: name })),
    ...explainSigner(signer, shownPath).map((text): Row => ({ label: 'why', text })),
    ...(endsSoon && ends !== undefined
      ? [{ label: 'soon', tone: 'warning', text: `its validity ends on ${timeText(ends)}` } as const]
      : []),
    { label: 'signed', text: signedKinds(signer) },
    ...(statements > 0
      ? [
          { label: 'in', text: listed.join(', ') + (more > 0 ? ` and ${String(more)} more` : '') },
          { label: 'seen', text: lastSeenText(signer) },
        ]
      : []),
  ]);
}

/** As scripts read it: times are RFC 3339. */
function signerJson(signer: SignerSummary): object {
  const { ends, lines, ...rest } = signer;
  const time = (at: number | undefined) => at && rfc3339(at);
  return {
    ...rest,
    ...(ends !== undefined && { ends: time(ends) }),
    lines: lines.map(({ validAfter, validBefore, ...line }) => ({
      ...line,
      validAfter: time(validAfter),
      validBefore: time(validBefore),
    })),
  };
}
