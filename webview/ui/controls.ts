import { registerControls, vsCodeButton, vsCodeProgressRing } from './toolkit.ts';

registerControls(vsCodeButton(), vsCodeProgressRing());
