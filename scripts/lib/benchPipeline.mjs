/**
 * The part of `npm run bench` that measures the program: each row as the ratio to `openssl dgst -sha256` of the same
 * file, measured in turn. Makes its own data, the same each time, in a temporary folder.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, UserError } from './run.mjs';

const ROUNDS = 3;
const program = join(root, 'dist/provenance.mjs');
const script = (name) => join(root, 'scripts/lib', name);

/** @param {number} count how many samples */
export function pipeline(count) {
  const folder = mkdtempSync(join(tmpdir(), 'provenance-bench-'));
  try {
    const intact = join(folder, 'samples.jsonl');
    const changed = join(folder, 'changed.jsonl');
    writeSamples(intact, count);
    writeSamples(changed, count);
    const home = {
      HOME: folder,
      XDG_CONFIG_HOME: folder,
      XDG_CACHE_HOME: folder,
      GIT_CONFIG_GLOBAL: '/dev/null',
    };
    const run = (command, args, env = {}) =>
      measured(command, args, { ...process.env, ...home, ...env }, folder);
    const provenance = (...args) => run(process.execPath, [program, ...args], { PROVENANCE_CACHE: 'off' });
    provenance('keygen', '--name', 'bench', '--trust');
    provenance('sign', changed);
    // A space at the end: the bytes differ, so every sample has to be compared.
    appendFileSync(changed, ' \n');
    // The same rows compressed otherwise: other bytes, so that every row has to be compared.
    const parquet = join(folder, 'samples.parquet');
    run(process.execPath, [script('writeParquet.mjs'), intact, parquet, 'zstd']);
    provenance('sign', parquet);
    run(process.execPath, [script('writeParquet.mjs'), intact, parquet, 'snappy']);
    const lineIndex = () => {
      const { output, memory } = run(process.execPath, [
        `--import=${import.meta.resolve('tsx')}`,
        script('lineIndex.mjs'),
        intact,
      ]);
      return { time: Number(output), memory };
    };

    const rows = [
      ['wc -l', intact, () => run('wc', ['-l', intact])],
      ['line index', intact, lineIndex],
      ['sign', intact, () => provenance('sign', intact)],
      ['verify, intact', intact, () => provenance('verify', intact)],
      ['verify, every sample', changed, () => provenance('verify', changed)],
      ['verify, digests in the cache', changed, () => run(process.execPath, [program, 'verify', changed])],
      ['verify Parquet, every row', intact, () => provenance('verify', parquet)],
      [
        'plain JavaScript, one thread',
        changed,
        () => run(process.execPath, [script('plainJavaScript.mjs'), changed]),
      ],
    ].map(([name, file, action]) => {
      process.stderr.write(`${name}…\n`);
      return { name, ...ratio(action, () => run('openssl', ['dgst', '-sha256', file])) };
    });
    print(rows, `${count.toLocaleString('en')} samples, ${Math.round(statSync(intact).size / 1e6)} MB`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(rows, what) {
  console.log(`\n${what}; medians of ${ROUNDS} rounds, in turn with openssl dgst -sha256\n`);
  const cells = (name, ...others) =>
    console.log(name.padEnd(32) + others.map((cell) => cell.padStart(11)).join(''));
  cells('tool', 'time', 'openssl', 'ratio', 'memory');
  for (const { name, time, reference, memory } of rows) {
    const megabytes = memory === undefined ? '' : `${Math.round(memory / 1024)} MB`;
    cells(
      name,
      `${time.toFixed(2)} s`,
      `${reference.toFixed(2)} s`,
      (time / reference).toFixed(1),
      megabytes,
    );
  }
}

/** Runs a tool and the reference in turn, so that both meet the same machine. */
function ratio(action, reference) {
  const runs = [];
  const references = [];
  for (let round = 0; round < ROUNDS; round++) {
    references.push(reference().time);
    runs.push(action());
  }
  const memory = Math.max(...runs.map((run) => run.memory ?? 0));
  return {
    time: median(runs.map(({ time }) => time)),
    reference: median(references),
    memory: memory > 0 ? memory : undefined,
  };
}

/** Whether there is GNU time, which tells the peak of memory. */
const hasGnuTime = spawnSync('/usr/bin/time', ['-f', '%M', 'true']).status === 0;

/** @returns seconds, what it printed, and where it can be told the peak of memory in kilobytes */
export function measured(command, args, env, cwd) {
  const [tool, ...options] = hasGnuTime
    ? ['/usr/bin/time', '-f', '%M', command, ...args]
    : [command, ...args];
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(tool, options, { env, cwd, encoding: 'utf8' });
  const time = (performance.now() - start) / 1000;
  if (error || status !== 0) throw new UserError(`${command} ${args.join(' ')} failed: ${error ?? stderr}`);
  return { time, output: stdout, memory: hasGnuTime ? Number(/(\d+)\s*$/.exec(stderr)?.[1]) : undefined };
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The same samples each time, some 586 bytes each, with members and white space as Python's json.dumps writes them. */
export function writeSamples(file, count) {
  const filler = 'The quick brown fox jumps over the lazy dog. '.repeat(11);
  const descriptor = openSync(file, 'w');
  let text = '';
  for (let i = 0; i < count; i++) {
    const id = `${(i * 2654435761) % 4294967296}`.padStart(10, '0');
    text += `{"id": ${i}, "text": "${id} ${filler}", "source": "https://example.org/${id}", "score": ${i % 100}.5}\n`;
    if (text.length < 1 << 24) continue;
    writeSync(descriptor, text);
    text = '';
  }
  writeSync(descriptor, text);
  closeSync(descriptor);
}
