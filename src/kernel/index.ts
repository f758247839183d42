/**
 * The sample kernel: digests of lines, and Merkle roots of digests, with WebAssembly SIMD. Its caller and only
 * documentation of how to call it is src/core/sample/sampleKernel.ts. Memory has a fixed size.
 */

import { hashLong } from './host';
import { canonicalize, lineFeed, MAX_GROWTH, MAX_LINE_LENGTH, skipSpace, VECTOR_LENGTH } from './scanner';
import {
  clearQueue,
  DIGEST_LENGTH,
  enqueue,
  hashQueue,
  MAX_PADDING,
  pad,
  QUEUE_LENGTH,
  queueLength,
} from './sha256';

/** Bytes that {@link digestLines} takes at a time. */
export const INPUT_LENGTH: u32 = MAX_LINE_LENGTH + 1;
/** Samples that {@link digestLines} takes at a time. */
export const MAX_SAMPLES: u32 = 1 << 14;
/** Leaves that {@link subtreeRoot} takes at a time: a power of two. */
export const MAX_LEAVES: u32 = QUEUE_LENGTH;

/** Where lines are put, or leaves. */
export const input = memory.data(INPUT_LENGTH + 4 * VECTOR_LENGTH, 16);
/** 32 bytes a sample. */
export const digests = memory.data(MAX_SAMPLES * DIGEST_LENGTH, 16);
/** By sample: its line, from 0. */
export const sampleLines = memory.data(MAX_SAMPLES * 4, 4);
/** By deferred sample: its index, and where its line starts and has its line feed, from the start of the input. */
export const deferredSamples = memory.data(MAX_SAMPLES * 12, 4);

/** What the last call of {@link digestLines} has found. */
export let lineCount: u32 = 0;
export let sampleCount: u32 = 0;
export let deferredCount: u32 = 0;

/** Canonical forms of this length and more are hashed by the host. */
export let longForm: u32 = u32.MAX_VALUE;

const MAX_MESSAGE_LENGTH = MAX_LINE_LENGTH + MAX_GROWTH + MAX_PADDING + VECTOR_LENGTH;
/** Padded messages; twice as long as the longest one. */
const MESSAGES_LENGTH = 2 * MAX_MESSAGE_LENGTH;
const messages = memory.data(MESSAGES_LENGTH, 16);

const LF: i8 = 0x0a;

/**
 * Digests the lines in bytes `[start, end)` of the input, of which the last must be a line feed. Deferred samples get no
 * digest.
 * @returns where it has ended: before `end` when there are more than {@link MAX_SAMPLES}
 */
export function digestLines(start: u32, end: u32): u32 {
  lineCount = 0;
  sampleCount = 0;
  deferredCount = 0;
  clearQueue();
  let message = messages;
  let at = input + start;
  while (at < input + end && sampleCount < MAX_SAMPLES) {
    const line = at;
    at = skipSpace(line);
    if (load<u8>(at) !== LF) {
      if (queueLength() === QUEUE_LENGTH || message > messages + MAX_MESSAGE_LENGTH) {
        hashQueue();
        message = messages;
      }
      const digest = digests + sampleCount * DIGEST_LENGTH;
      const messageEnd = canonicalize(at, message);
      if (messageEnd === 0) {
        at = findLineFeed(at);
        const entry = deferredSamples + deferredCount++ * 12;
        store<u32>(entry, sampleCount);
        store<u32>(entry, <u32>(line - input), 4);
        store<u32>(entry, <u32>(at - input), 8);
      } else {
        at = lineFeed;
        if (messageEnd - message >= longForm) {
          hashLong(message, messageEnd, digest);
        } else {
          const padded = pad(message, messageEnd);
          enqueue(message, padded, digest);
          message = padded;
        }
      }
      store<u32>(sampleLines + (sampleCount++ << 2), lineCount);
    }
    at++;
    lineCount++;
  }
  hashQueue();
  return <u32>(at - input);
}

function findLineFeed(at: usize): usize {
  while (true) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(LF)));
    if (found !== 0) return at + ctz(found);
    at += VECTOR_LENGTH;
  }
}

/**
 * Root of the RFC 9162 §2.1.1 tree over the first `count` leaves of 32 bytes in the input, which it overwrites: 1 to
 * {@link MAX_LEAVES}. The root then stands at the start of the input.
 */
export function subtreeRoot(count: u32): void {
  let message = messages;
  for (let i: u32 = 0; i < count; i++) {
    const leaf = input + i * DIGEST_LENGTH;
    store<u8>(message, 0);
    copyHash(leaf, message + 1);
    const padded = pad(message, message + 1 + DIGEST_LENGTH);
    enqueue(message, padded, leaf);
    message = padded;
  }
  hashQueue();

  // Level by level. A node without a sibling goes up as it is: so do the right edges of the RFC's definition.
  for (; count > 1; count = (count + 1) >> 1) {
    message = messages;
    for (let i: u32 = 0; i + 1 < count; i += 2) {
      const left = input + i * DIGEST_LENGTH;
      store<u8>(message, 1);
      copyHash(left, message + 1);
      copyHash(left + DIGEST_LENGTH, message + 1 + DIGEST_LENGTH);
      const padded = pad(message, message + 1 + 2 * DIGEST_LENGTH);
      enqueue(message, padded, input + (i >> 1) * DIGEST_LENGTH);
      message = padded;
    }
    hashQueue();
    if ((count & 1) !== 0)
      copyHash(input + (count - 1) * DIGEST_LENGTH, input + (count >> 1) * DIGEST_LENGTH);
  }
}

function copyHash(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}
