import '../ui/ui.css';
import '../ui/evidence.css';
import '../ui/popup.css';
import './table.css';
import { Rpc } from '../../src/protocol/rpc.ts';
import { h } from '../ui/dom.ts';
import { vsCodeApi, vscodePort, windowTimers } from '../ui/vscodePort.ts';
import type { TableRpc } from './context.ts';
import { TablePage } from './page.ts';

declare global {
  /** Defines the custom elements of the page's controls: scripts/lib/deferredControls.mjs adds it to the bundle. */
  var defineControls: (() => void) | undefined;
}

const root = h('main', { class: 'table' });
document.getElementById('app')?.replaceWith(root);
const rpc: TableRpc = new Rpc(vscodePort(vsCodeApi()), {}, windowTimers);
void new TablePage(root, rpc).start().then(afterPaint);

/** Rows first: defining the controls takes longer than drawing the table. Until then they keep their places. */
function afterPaint(): void {
  requestAnimationFrame(() => setTimeout(() => globalThis.defineControls?.()));
}
