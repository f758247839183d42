/** A policy to start with: strict on who vouches for the data, and with comments on what else can be asked. */
export const STARTER_POLICY = `// What datasets must show before they are used: provenance check DATASET
// All rules have to pass. What is not known, or cannot be read, does not pass.
{
  "rules": {
    // Trusted signers (allowed_signers) vouch for every sample.
    "verified": { "minShare": 1 },

    // Nobody, trusted or not, has flagged a sample, or what it was made of.
    // With the severity "high", only high and critical flags count; with "by": "trusted", only those of trusted signers.
    "flags": { "severity": "low", "by": "anyone" },

    // No advisory in .provenance/advisories is about a sample.
    "advisories": {},

    // Nothing was removed from the evidence: a trusted checkpoint is over all of it.
    "log": { "require": "complete" },

    // The dataset is what was signed as a whole, apart from its format and the order of its samples.
    // "unchanged": { "allow": ["intact", "reformatted", "reordered"] },

    // Two signers vouch for each sample.
    // "signers": { "distinct": 2 },

    // Each sample says where it is from, and that is one of these.
    // "origins": { "sources": ["https://*.example.org/*"], "licences": ["CC-BY-*", "CC0-1.0"] },

    // Recorded steps lead back to such sources.
    // "lineage": { "from": ["human-annotation", "licensed"] },

    // Somebody looked at it within the last 90 days.
    // "age": { "maxDays": 90 },
  },

  // Who may do what. Without roles, every trusted signer may do everything.
  // "roles": {
  //   "curators": { "signers": ["*@example.org"], "mayVouch": true },
  //   "reviewers": { "signers": ["safety@example.org"], "mayReview": true, "mayClear": ["anyone"] },
  // },
}
`;
