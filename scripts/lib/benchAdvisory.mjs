/**
 * The part of `npm run bench` that measures what an advisory costs: `provenance verify` of a million samples with an
 * advisory of 100,000 digests in the workspace, and without, in turn.
 */
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measured, writeSamples } from './benchPipeline.mjs';
import { root } from './run.mjs';

const SAMPLES = 1_000_000;
const DIGESTS = 100_000;
const ROUNDS = 5;
const program = join(root, 'dist/provenance.mjs');

export function advisory() {
  const folder = mkdtempSync(join(tmpdir(), 'provenance-bench-'));
  try {
    const home = {
      HOME: folder,
      XDG_CONFIG_HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      GIT_CONFIG_GLOBAL: '/dev/null',
    };
    let cache = {};
    const provenance = (...args) =>
      measured(process.execPath, [program, ...args], { ...process.env, ...home, ...cache }, folder);
    const advisories = join(folder, '.provenance/advisories');
    const here = join(advisories, 'bench.intoto.jsonl');
    const aside = join(folder, 'bench.intoto.jsonl');
    mkdirSync(advisories, { recursive: true });
    const file = join(folder, 'samples.jsonl');
    writeSamples(file, SAMPLES);
    provenance('keygen', '--name', 'bench', '--trust');
    provenance('sign', file);
    const digests = join(folder, 'digests.txt');
    writeFileSync(
      digests,
      Array.from({ length: DIGESTS }, (_, i) => `${sha256(`elsewhere ${i}`)}\n`).join(''),
    );
    const claim = ['--id', 'BENCH-1', '--title', 'Bench', '--severity', 'low', '--category', 'other'];
    provenance('advisory', 'create', ...claim, '--digests', digests, '--output', aside);

    const rounds = (name) => {
      const ratios = [];
      const times = [];
      for (let round = 0; round < ROUNDS; round++) {
        rmSync(here, { force: true });
        const without = provenance('verify', file).time;
        copyFileSync(aside, here);
        const time = provenance('verify', file).time;
        ratios.push(time / without);
        times.push(without);
      }
      const shown = ratios.map((ratio) => ratio.toFixed(2)).join(', ');
      console.log(
        `${name.padEnd(24)} ${median(times).toFixed(2)} s; with the advisory × ${median(ratios).toFixed(2)} (${shown})`,
      );
    };
    console.log(
      `\n${SAMPLES.toLocaleString('en')} samples, an advisory of ${DIGESTS.toLocaleString('en')} digests\n`,
    );
    // Signing has left the digests in the cache.
    rounds('verify, intact');
    // A space at the end: the bytes differ, so every sample has to be compared.
    appendFileSync(file, ' \n');
    cache = { PROVENANCE_CACHE: 'off' };
    rounds('verify, every sample');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
