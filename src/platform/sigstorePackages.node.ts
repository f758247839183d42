/**
 * What is used of Sigstore's packages, which are CommonJS: bundlers know the names in them only of static imports. Loaded
 * when a Sigstore signature is there.
 */
export { bundleFromJSON } from '@sigstore/bundle';
export { HashAlgorithm, TrustedRoot } from '@sigstore/protobuf-specs';
export { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
