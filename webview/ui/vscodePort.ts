import type { Message, Port, Timers } from '../../src/protocol/rpc.ts';

/** What VS Code gives every webview, once. */
export interface VsCodeApi {
  postMessage(message: Message, transfer?: readonly Transferable[]): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** VS Code's interface for this webview. It can be taken only once: call this once, at the start. */
export function vsCodeApi(): VsCodeApi {
  return acquireVsCodeApi();
}

/** The channel between this webview and the extension host. */
export function vscodePort(api: VsCodeApi): Port {
  return {
    post: (message, transfer) => {
      api.postMessage(message, transfer);
    },
    listen: (onMessage) => {
      const listener = (event: MessageEvent<unknown>) => {
        onMessage(event.data);
      };
      window.addEventListener('message', listener);
      return () => {
        window.removeEventListener('message', listener);
      };
    },
  };
}

/** The window's timers. */
export const windowTimers: Timers = {
  start: (callback, milliseconds) => window.setTimeout(callback, milliseconds),
  stop: (timer) => {
    window.clearTimeout(timer as number);
  },
};
