import { SEVERITIES } from '../evidence/predicates.ts';
import { text, word } from './shape.ts';

/** Values that several rules have. */

/** A role's name: `strangers` and `anyone` are words of their own. */
export const ROLE_NAME = '^(?!(?:strangers|anyone)$)[a-z][a-z0-9-]*$';

export const roleName = text('Name of a role of this policy.', {
  pattern: ROLE_NAME,
  says: 'the name of a role: small letters, digits and "-", and not "strangers" or "anyone"',
});

export const signerPattern = text(
  'A name that allowed_signers gives to a key, with * and ? as wildcards, or a fingerprint (SHA256:…). With ! in front, such signers are left out.',
);

export const severity = word('The least severity that matters: low, medium, high or critical.', SEVERITIES);
