import type { Browser } from 'playwright-core';

/** Starts a headless Chromium (or, with HEADED set, one that can be watched). */
export function launchChromium(): Promise<Browser>;
