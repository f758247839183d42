import { isMainThread, workerData } from 'node:worker_threads';

/** In a thread's `workerData`: what a script that can do several things was started for. */
export const DIGEST_THREAD = 'digest-thread';

/** In bytes: smaller files are digested sooner than threads start, and than a cache answers. */
export const LARGE_FILE = 8 << 20;

/** Whether this script was started as a digesting thread. */
export function isDigestThread(): boolean {
  return !isMainThread && workerData === DIGEST_THREAD;
}
