import { ALLOWED_SIGNERS } from '../core/evidence/layout.ts';
import { nodeFileStore } from './fileStore.node.ts';
import { configFolder, generateKeyPem, signerFromPem } from './keys.node.ts';
import type { Platform } from './platform.ts';
import { fastSha256 } from './sha256.node.ts';
import { appendAllowedSigner, readAllowedSigners } from './trustRoots.node.ts';
import { nodeTimers } from './workerPort.node.ts';

/** The platform of Node and of VS Code's extension host. */
export function nodePlatform(): Platform {
  const files = nodeFileStore();
  return {
    files,
    sha256: fastSha256,
    timers: nodeTimers,
    userAllowedSigners: `${configFolder()}/${ALLOWED_SIGNERS}`,
    generateKeyPem,
    signerFromPem,
    readAllowedSigners: (paths) => readAllowedSigners(paths, files),
    appendAllowedSigner: (path, line) => appendAllowedSigner(path, line, files),
  };
}
