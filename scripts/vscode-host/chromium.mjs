/** Starting Chromium for tests. */
import { chromium } from 'playwright-core';
import { ensureChromium } from '../setup.mjs';

const flags = [
  '--no-sandbox', // Tests run as root in containers, where Chromium's sandbox cannot.
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Starts a headless Chromium (or, with HEADED set, one that can be watched).
 * @returns {Promise<import('playwright-core').Browser>}
 */
export async function launchChromium() {
  const executablePath = await ensureChromium();
  return chromium.launch({ executablePath, args: flags, headless: !process.env.HEADED });
}
