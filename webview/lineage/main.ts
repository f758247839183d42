import '../ui/ui.css';
import '../ui/evidence.css';
import '../ui/popup.css';
import './lineage.css';
import './graph/graph.css';
import type { LineagePanelMethods } from '../../src/protocol/lineagePanel.ts';
import { Rpc, type Handlers } from '../../src/protocol/rpc.ts';
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
const handlers: Handlers<LineagePanelMethods> = {
  focusGraph: () => {
    panel.focusGraph();
    return null;
  },
};
const rpc: LineageRpc = new Rpc(vscodePort(api), handlers, windowTimers);
const panel = new LineagePanel(root, rpc, new ViewMemory(api));
void panel.start();
window.setInterval(() => {
  panel.refresh();
}, MINUTE);
