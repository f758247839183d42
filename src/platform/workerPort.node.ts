import type { MessagePort, Worker } from 'node:worker_threads';
import type { Port, Timers } from '../protocol/rpc.ts';

/** A worker thread's channel as an RPC port. */
export function workerPort(channel: MessagePort | Worker): Port {
  return {
    post: (message, transfer) => {
      channel.postMessage(message, transfer ? [...transfer] : []);
    },
    listen: (onMessage) => {
      channel.on('message', onMessage);
      return () => {
        channel.off('message', onMessage);
      };
    },
  };
}

export const nodeTimers: Timers = {
  start: (callback, milliseconds) => setTimeout(callback, milliseconds),
  stop: (timer) => {
    clearTimeout(timer as NodeJS.Timeout);
  },
};
