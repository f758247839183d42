import type * as vscode from 'vscode';
import type { Port } from '../protocol/rpc.ts';

/** A webview's channel as an RPC port. */
export function webviewPort(webview: vscode.Webview): Port {
  return {
    post: (message) => {
      void webview.postMessage(message);
    },
    listen: (onMessage) => {
      const subscription = webview.onDidReceiveMessage(onMessage);
      return () => {
        subscription.dispose();
      };
    },
  };
}
