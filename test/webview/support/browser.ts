import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const executablePath = process.env['CHROME_PATH'] ?? '/usr/bin/chromium';

/** Why the suites cannot run here, as `skip` takes it; false when they can. */
export const noChromium: string | false = existsSync(executablePath)
  ? false
  : `There is no Chromium at ${executablePath}: set CHROME_PATH to run the tests of the webviews.`;

const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking ' +
  '--disable-component-update --disable-sync';

/** Starts Chromium without a window. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: FLAGS.split(' ') });
}
