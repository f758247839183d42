import '../ui/ui.css';
import '../ui/evidence.css';
import '../ui/popup.css';
import './table.css';
import { Rpc } from '../../src/protocol/rpc.ts';
import { h } from '../ui/dom.ts';
import { registerControls, vsCodeButton, vsCodeProgressRing } from '../ui/toolkit.ts';
import { vsCodeApi, vscodePort, windowTimers } from '../ui/vscodePort.ts';
import type { TableRpc } from './context.ts';
import { TablePage } from './page.ts';

registerControls(vsCodeButton(), vsCodeProgressRing());

const root = h('main', { class: 'table' });
document.getElementById('app')?.replaceWith(root);
const rpc: TableRpc = new Rpc(vscodePort(vsCodeApi()), {}, windowTimers);
void new TablePage(root, rpc).start();
