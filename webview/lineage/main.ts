import '../ui/ui.css';
import '../ui/evidence.css';
import './lineage.css';
import { Rpc } from '../../src/protocol/rpc.ts';
import { h } from '../ui/dom.ts';
import { registerControls, vsCodeButton, vsCodeProgressRing } from '../ui/toolkit.ts';
import { vsCodeApi, vscodePort, windowTimers } from '../ui/vscodePort.ts';
import { LineagePanel, type LineageRpc } from './panel.ts';
import { ViewMemory } from './viewMemory.ts';

const MINUTE = 60_000;

registerControls(vsCodeButton(), vsCodeProgressRing());

const root = h('main');
// The host's page has an empty one; ours is made by `h`, so that it can be patched.
document.getElementById('app')?.replaceWith(root);
const api = vsCodeApi();
const rpc: LineageRpc = new Rpc(vscodePort(api), {}, windowTimers);
const panel = new LineagePanel(root, rpc, new ViewMemory(api));
void panel.start();
window.setInterval(() => {
  panel.refresh();
}, MINUTE);
