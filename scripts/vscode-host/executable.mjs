#!/usr/bin/env node
/**
 * Stands in for the program of a desktop VS Code where there is none: @vscode/test-electron starts it with
 *
 *     executable.mjs FOLDER --extensionDevelopmentPath=… --extensionTestsPath=… [--user-data-dir=…] …
 *
 * and looks at its exit code. It opens the folder in the VS Code that setup.mjs installs, in Chromium, passes on
 * what the tests print, and exits as they do. The environment reaches the extension host.
 *
 * PROVENANCE_TEST_TIMEOUT: minutes after which the run counts as failed (25).
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { format } from 'node:util';
import { root, short, UserError } from '../lib/run.mjs';
import { launchChromium } from './chromium.mjs';
import { startServer } from './server.mjs';

const { options, folder } = parse(process.argv.slice(2));
const messages = [];
let started = false;
let ended = false;
const minutes = Number(process.env.PROVENANCE_TEST_TIMEOUT ?? 25);

// Exiting, rather than dying of the signal, lets the server and Chromium be stopped.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
try {
  process.exit(await runSuite());
} catch (error) {
  console.error(error instanceof UserError ? error.message : error);
  process.exit(1);
}

async function runSuite() {
  const server = await startServer({ testDriver: true, settings: readSettings(options['user-data-dir']) });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const code = await Promise.race([suiteExit(page, server), timeout()]);
    if (code !== 0) await keepScreenshot(page);
    keepMessages();
    return code;
  } finally {
    await browser.close().catch(() => undefined);
    await server.stop();
  }
}

/** Opens the window and resolves with the suite's exit code. */
async function suiteExit(page, server) {
  const exit = new Promise((done) => {
    // Both names are those of VS Code's own test driver.
    page.exposeFunction('codeAutomationLog', (type, args) => print(type, args));
    page.exposeFunction('codeAutomationExit', (code) => done(code));
    page.once('crash', () => {
      console.error('The page of VS Code crashed.');
      done(1);
    });
    server.exited.then(() => done(1));
  });
  const payload = ['extensionDevelopmentPath', 'extensionTestsPath'].map((name) => [
    name,
    server.fileUri(resolve(options[name])),
  ]);
  await page.goto(server.url(folder && resolve(folder), payload));
  return exit;
}

function timeout() {
  return new Promise((done) => {
    setTimeout(() => {
      console.error(`The tests did not end within ${minutes} minutes.`);
      done(1);
    }, minutes * 60_000);
  });
}

/**
 * VS Code reports what its window logs and what the tests print in one stream. The window's part is long, and
 * interests nobody unless the tests do not start. The lines between which to print are those of test/vscode/index.ts.
 */
function print(type, args) {
  const line = format(...args);
  messages.push(`[${type}] ${line}`);
  started ||= /^Running \d+ suites?$/.test(line);
  if (started && !ended) (type === 'error' ? console.error : console.log)(line);
  ended ||= /^Ran \d+ tests?$/.test(line);
}

/** Keeps all messages in a file, and prints them if the tests did not even start. */
function keepMessages() {
  const file = join(root, '.vscode-test/logs/window.log');
  writeFileSync(file, messages.join('\n'));
  if (!started) console.error(`The tests did not start. VS Code said:\n${messages.join('\n')}`);
}

/** Shows what the window looked like when a test failed. */
async function keepScreenshot(page) {
  const file = join(
    root,
    'out/screenshots',
    `failure-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.png`,
  );
  mkdirSync(join(root, 'out/screenshots'), { recursive: true });
  const failed = await page.screenshot({ path: file, timeout: 5000 }).catch((error) => error);
  console.error(failed instanceof Error ? `No screenshot: ${failed.message}` : `Screenshot: ${short(file)}`);
}

/** A desktop VS Code reads its user settings from there, so this one does too. */
function readSettings(userDataDir) {
  const file = join(userDataDir ?? '', 'User/settings.json');
  return userDataDir && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

function parse(args) {
  const options = {};
  let folder;
  for (const arg of args) {
    const option = /^--([^=]+)=?(.*)$/s.exec(arg);
    if (option) options[option[1]] = option[2];
    else folder ??= arg;
  }
  return { options, folder };
}
