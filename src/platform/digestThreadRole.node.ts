import { isMainThread, workerData } from 'node:worker_threads';

/** In a thread's `workerData`: what a script that can do several things was started for. */
export const DIGEST_THREAD = 'digest-thread';

/** Whether this script was started as a digesting thread. */
export function isDigestThread(): boolean {
  return !isMainThread && workerData === DIGEST_THREAD;
}
