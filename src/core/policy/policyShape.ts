import { STAGES } from '../evidence/predicates.ts';
import { ORIGIN_FIELDS } from '../sample/origin.ts';
import { ANYONE, STRANGERS } from './roles.ts';
import { RULES } from './rules.ts';
import { dictionary, either, flag, list, record, text, word, type JsonSchema, type Shape } from './shape.ts';
import { ROLE_NAME, signerPattern } from './words.ts';

/** One role, as it stands in a policy. */
export const roleShape = record(
  'What some signers may do. They have to be named in allowed_signers too: a role only narrows that down.',
  {
    signers: list('Who has this role.', signerPattern),
    mayVouch: either(
      'Whether they may sign datasets, samples and steps: true, or for which; all that is given has to fit. Not unless it is here.',
      flag('For all, or for none.'),
      record(
        'For which datasets they may vouch.',
        {
          paths: list(
            'Paths of datasets, from the folder that this policy is of: data/sft/**, or with ** or / in front, of any folder.',
            text(
              '* stands for any characters of a name, ** for any folders. With ! in front, such paths are left out.',
            ),
          ),
          sources: list(
            'Sources that the statement has to say the data is from.',
            text(
              'A source, with * and ? as wildcards, such as https://*.example/*. With ! in front, such sources are left out.',
            ),
          ),
          stages: list(
            'Stages of training that the statement has to say the data is for.',
            word('A stage of training.', STAGES),
          ),
        },
        { atLeastOne: true },
      ),
    ),
    mayReview: flag(
      'Whether their flags, clearings and advisories are trusted ones. Not unless true; a flag counts in any case.',
    ),
    mayClear: list(
      'Whose flags they may clear beside their own.',
      text('Name of a role; strangers: signers without a role; anyone.', {
        pattern: '^[a-z][a-z0-9-]*$',
        says: `the name of a role, ${STRANGERS} or ${ANYONE}`,
      }),
    ),
  },
  { required: ['signers'] },
);

export const rolesShape = dictionary(
  'Who may do what. Without it, every trusted signer may do everything; with it, only what a role allows.',
  { pattern: ROLE_NAME, says: 'small letters, digits and "-", and not "strangers" or "anyone"' },
  roleShape,
);

const POINTER: JsonSchema = { type: 'string', pattern: '^(?:/(?:[^~/]|~[01])*)*$' };

/** The JSON Schema of `policy.jsonc`. What refers to something else, such as the name of a role, only the parser checks. */
export function policySchema(): JsonSchema {
  const rules: Readonly<Record<string, { readonly shape: Shape<unknown> }>> = RULES;
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Policy for datasets',
    description: 'What a dataset must show to pass, who may do what, and where records carry their origin.',
    type: 'object',
    properties: {
      $schema: {},
      originFields: {
        description:
          'Which fields of records carry their origin: JSON pointers, the first that leads to a value counts.',
        type: 'object',
        properties: Object.fromEntries(
          ORIGIN_FIELDS.map((field) => [
            field,
            {
              description: `Where records have their ${field}: a JSON pointer such as "/meta/site", or a list of them.`,
              anyOf: [POINTER, { type: 'array', items: POINTER }],
            },
          ]),
        ),
        additionalProperties: false,
      },
      roles: rolesShape.schema,
      rules: {
        description: 'What datasets must show. All rules have to pass.',
        type: 'object',
        properties: Object.fromEntries(
          Object.entries(rules).map(([name, { shape }]) => [name, shape.schema]),
        ),
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  };
}
