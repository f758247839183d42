import { ALLOWED_SIGNERS, POLICY } from '../core/evidence/layout.ts';
import { nodeFileStore } from './fileStore.node.ts';
import { configFolder } from './configFolder.node.ts';
import { generateKeyPem, signerFromPem } from './keyFiles.node.ts';
import { userLogMemory } from './logMemory.node.ts';
import type { Platform } from './platform.ts';
import { fastSha256 } from './sha256.node.ts';
import { readSignersFiles, writeSignersFile } from './signers.node.ts';
import { findKeyOfFile, findSigningKeys, openFoundKey } from './signingKeys.node.ts';
import { userSigstoreFiles } from './sigstoreTrust.node.ts';
import type { SshAccess } from './sshAccess.ts';
import { appendAllowedSigner, readAllowedSigners } from './trustRoots.node.ts';
import { nodeTimers } from './workerPort.node.ts';

/** The platform of Node and of VS Code's extension host. @param ssh opens keys in another thread */
export function nodePlatform(ssh: SshAccess): Platform {
  const files = nodeFileStore();
  return {
    files,
    sha256: fastSha256,
    logMemory: userLogMemory(),
    timers: nodeTimers,
    userAllowedSigners: `${configFolder()}/${ALLOWED_SIGNERS}`,
    userPolicy: `${configFolder()}/${POLICY}`,
    userSigstore: userSigstoreFiles(configFolder()),
    generateKeyPem,
    signerFromPem,
    findSigningKeys: () => findSigningKeys({ ssh }),
    findKeyOfFile,
    openFoundKey: (key, access) => openFoundKey(key, { ...access, ssh }),
    readAllowedSigners: (paths) => readAllowedSigners(paths, files),
    appendAllowedSigner: (path, line) => appendAllowedSigner(path, line, files),
    readSignersFiles: (paths) => readSignersFiles(paths, files),
    writeSignersFile: (edit) => writeSignersFile(edit, files),
  };
}
