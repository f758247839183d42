/**
 * SHA-256 (FIPS 180-4) of many messages at once: each of the four 32-bit lanes of a vector works on a message of its own.
 *
 * Messages are given padded ({@link pad}), so that a lane only ever sees whole blocks, and queued ({@link enqueue})
 * until {@link hashQueue} is called. They may differ in length: a lane that has ended takes the next one.
 */

export const BLOCK_LENGTH: u32 = 64;
export const DIGEST_LENGTH: u32 = 32;

/** How far {@link pad} writes behind the end of a message. */
export const MAX_PADDING: u32 = 80;

/** Messages that the queue holds. */
export const QUEUE_LENGTH: u32 = 4096;

const LANES = 4;

// prettier-ignore
const ROUND_CONSTANTS = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

const INITIAL_HASH = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

/** Eight vectors: word i of each lane's hash value. */
const hashValues = memory.data(8 * 16, 16);
/** 64 vectors: word i of each lane's message schedule. */
const schedule = memory.data(64 * 16, 16);

/** By lane: where its next block stands, how many blocks are left, where its digest goes. */
const laneBlock = memory.data(LANES * 4, 4);
const laneBlocksLeft = memory.data(LANES * 4, 4);
const laneDigest = memory.data(LANES * 4, 4);

/** By message: where it starts, how many blocks it has, where its digest goes. */
const queue = memory.data(QUEUE_LENGTH * 12, 4);
let queued: usize = 0;
let taken: usize = 0;

/** Forgets what is queued: after a call of the host has thrown, that is stale. */
export function clearQueue(): void {
  queued = 0;
}

/** @returns how many messages are queued */
export function queueLength(): usize {
  return queued;
}

/**
 * Pads a message (FIPS 180-4 §5.1.1) where it stands.
 * @returns where it ends then, a whole number of blocks behind its start
 */
export function pad(start: usize, end: usize): usize {
  for (let zeros = end; zeros < end + MAX_PADDING; zeros += 16) v128.store(zeros, i64x2.splat(0));
  store<u8>(end, 0x80);
  const paddedEnd = start + ((end - start + 8 + BLOCK_LENGTH) & ~(BLOCK_LENGTH - 1));
  store<u64>(paddedEnd - 8, bswap<u64>((<u64>(end - start)) << 3));
  return paddedEnd;
}

/** Queues the padded message in `[start, end)`, which must stay as it is until {@link hashQueue} has returned. */
export function enqueue(start: usize, end: usize, digest: usize): void {
  const entry = queue + queued++ * 12;
  store<u32>(entry, <u32>start);
  store<u32>(entry, <u32>((end - start) / BLOCK_LENGTH), 4);
  store<u32>(entry, <u32>digest, 8);
}

/** Hashes all queued messages, and empties the queue. */
export function hashQueue(): void {
  taken = 0;
  let working = 0;
  for (let lane = 0; lane < LANES; lane++) {
    if (take(lane)) working++;
  }
  while (working > 0) {
    // Up to where the first lane ends, none needs attention.
    let blocks = u32.MAX_VALUE;
    for (let lane = 0; lane < LANES; lane++) {
      const left = load<u32>(laneBlocksLeft + (lane << 2));
      if (left > 0 && left < blocks) blocks = left;
    }
    compress(blocks);
    for (let lane = 0; lane < LANES; lane++) {
      const at = lane << 2;
      const left = load<u32>(laneBlocksLeft + at);
      if (left === 0) continue;
      store<u32>(laneBlocksLeft + at, left - blocks);
      if (left > blocks) {
        store<u32>(laneBlock + at, load<u32>(laneBlock + at) + blocks * BLOCK_LENGTH);
      } else {
        writeDigest(lane);
        if (!take(lane)) working--;
      }
    }
  }
  queued = 0;
}

/** Gives the lane the next message. @returns whether there was one */
function take(lane: i32): bool {
  const at = lane << 2;
  if (taken === queued) {
    // It goes on, to no effect, with what stands at the start of the memory: there is room for the longest message.
    store<u32>(laneBlock + at, 0);
    store<u32>(laneBlocksLeft + at, 0);
    return false;
  }
  const entry = queue + taken++ * 12;
  store<u32>(laneBlock + at, load<u32>(entry));
  store<u32>(laneBlocksLeft + at, load<u32>(entry, 4));
  store<u32>(laneDigest + at, load<u32>(entry, 8));
  for (let i = 0; i < 8; i++) store<u32>(hashValues + (i << 4) + at, load<u32>(INITIAL_HASH + (i << 2)));
  return true;
}

function writeDigest(lane: i32): void {
  const at = lane << 2;
  const digest = <usize>load<u32>(laneDigest + at);
  for (let i = 0; i < 8; i++) {
    store<u32>(digest + (i << 2), bswap<u32>(load<u32>(hashValues + (i << 4) + at)));
  }
}

/**
 * Compresses the next `blocks` blocks of each lane (FIPS 180-4 §6.2.2).
 */
function compress(blocks: u32): void {
  const first = <usize>load<u32>(laneBlock);
  const second = <usize>load<u32>(laneBlock, 4);
  const third = <usize>load<u32>(laneBlock, 8);
  const fourth = <usize>load<u32>(laneBlock, 12);
  for (let offset: usize = 0; offset < <usize>blocks * BLOCK_LENGTH; offset += BLOCK_LENGTH) {
    for (let i: usize = 0; i < BLOCK_LENGTH; i += 16) {
      const block = offset + i;
      Words.transpose(schedule + (i << 2), first + block, second + block, third + block, fourth + block);
    }
    expandSchedule();
    rounds();
  }
}

/** Extends the schedule to 64 words, and adds the round constants. In one go, as that keeps the rounds in registers. */
function expandSchedule(): void {
  let even = v128.load(schedule, 14 * 16);
  let odd = v128.load(schedule, 15 * 16);
  for (let t: usize = 0; t < 48; t += 2) {
    const word = schedule + (t << 4);
    const w0 = v128.load(word);
    const w1 = v128.load(word, 16);
    const w2 = v128.load(word, 32);
    even = Words.next(w0, w1, v128.load(word, 9 * 16), even);
    odd = Words.next(w1, w2, v128.load(word, 10 * 16), odd);
    v128.store(word, even, 16 * 16);
    v128.store(word, odd, 17 * 16);
    v128.store(word, i32x4.add(w0, v128.load32_splat(ROUND_CONSTANTS + (t << 2))));
    v128.store(word, i32x4.add(w1, v128.load32_splat(ROUND_CONSTANTS + (t << 2), 4)), 16);
  }
  for (let t: usize = 48; t < 64; t++) {
    const word = schedule + (t << 4);
    v128.store(word, i32x4.add(v128.load(word), v128.load32_splat(ROUND_CONSTANTS + (t << 2))));
  }
}

function rounds(): void {
  let a = v128.load(hashValues, 0);
  let b = v128.load(hashValues, 16);
  let c = v128.load(hashValues, 32);
  let d = v128.load(hashValues, 48);
  let e = v128.load(hashValues, 64);
  let f = v128.load(hashValues, 80);
  let g = v128.load(hashValues, 96);
  let h = v128.load(hashValues, 112);
  // Maj(a, b, c) is b ^ ((a ^ b) & (b ^ c)), and its a ^ b is the next round's b ^ c.
  let bc = v128.xor(b, c);
  let ab = bc;

  // The variables change their roles instead of their values: after eight rounds each has its own again.
  for (let word = schedule; word < schedule + 64 * 16; word += 8 * 16) {
    h = Words.first(e, f, g, h, v128.load(word));
    d = i32x4.add(d, h);
    ab = v128.xor(a, b);
    h = Words.second(h, a, b, ab, bc);

    g = Words.first(d, e, f, g, v128.load(word, 16));
    c = i32x4.add(c, g);
    bc = v128.xor(h, a);
    g = Words.second(g, h, a, bc, ab);

    f = Words.first(c, d, e, f, v128.load(word, 32));
    b = i32x4.add(b, f);
    ab = v128.xor(g, h);
    f = Words.second(f, g, h, ab, bc);

    e = Words.first(b, c, d, e, v128.load(word, 48));
    a = i32x4.add(a, e);
    bc = v128.xor(f, g);
    e = Words.second(e, f, g, bc, ab);

    d = Words.first(a, b, c, d, v128.load(word, 64));
    h = i32x4.add(h, d);
    ab = v128.xor(e, f);
    d = Words.second(d, e, f, ab, bc);

    c = Words.first(h, a, b, c, v128.load(word, 80));
    g = i32x4.add(g, c);
    bc = v128.xor(d, e);
    c = Words.second(c, d, e, bc, ab);

    b = Words.first(g, h, a, b, v128.load(word, 96));
    f = i32x4.add(f, b);
    ab = v128.xor(c, d);
    b = Words.second(b, c, d, ab, bc);

    a = Words.first(f, g, h, a, v128.load(word, 112));
    e = i32x4.add(e, a);
    bc = v128.xor(b, c);
    a = Words.second(a, b, c, bc, ab);
  }

  v128.store(hashValues, i32x4.add(a, v128.load(hashValues, 0)), 0);
  v128.store(hashValues, i32x4.add(b, v128.load(hashValues, 16)), 16);
  v128.store(hashValues, i32x4.add(c, v128.load(hashValues, 32)), 32);
  v128.store(hashValues, i32x4.add(d, v128.load(hashValues, 48)), 48);
  v128.store(hashValues, i32x4.add(e, v128.load(hashValues, 64)), 64);
  v128.store(hashValues, i32x4.add(f, v128.load(hashValues, 80)), 80);
  v128.store(hashValues, i32x4.add(g, v128.load(hashValues, 96)), 96);
  v128.store(hashValues, i32x4.add(h, v128.load(hashValues, 112)), 112);
}

/** The functions of FIPS 180-4 §4.1.2 on four words at once. (Only methods may be decorated in what Prettier reads.) */
class Words {
  /** T1 of a round. `word` is W + K. */
  @inline
  static first(e: v128, f: v128, g: v128, h: v128, word: v128): v128 {
    const choice = v128.xor(g, v128.and(e, v128.xor(f, g)));
    const sum = v128.xor(v128.xor(Words.rotr(e, 6), Words.rotr(e, 11)), Words.rotr(e, 25));
    return i32x4.add(i32x4.add(i32x4.add(h, word), choice), sum);
  }

  /** T1 + T2 of a round. */
  @inline
  static second(t1: v128, a: v128, b: v128, ab: v128, bc: v128): v128 {
    const sum = v128.xor(v128.xor(Words.rotr(a, 2), Words.rotr(a, 13)), Words.rotr(a, 22));
    return i32x4.add(t1, i32x4.add(sum, v128.xor(b, v128.and(ab, bc))));
  }

  /** Word t of the schedule, from those 16, 15, 7 and 2 before it. */
  @inline
  static next(w16: v128, w15: v128, w7: v128, w2: v128): v128 {
    const small = v128.xor(v128.xor(Words.rotr(w15, 7), Words.rotr(w15, 18)), i32x4.shr_u(w15, 3));
    const large = v128.xor(v128.xor(Words.rotr(w2, 17), Words.rotr(w2, 19)), i32x4.shr_u(w2, 10));
    return i32x4.add(i32x4.add(large, w7), i32x4.add(small, w16));
  }

  @inline
  static rotr(x: v128, n: i32): v128 {
    return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n));
  }

  /** Loads four big-endian words of each lane, and stores them as four vectors of a word of each lane. */
  @inline
  static transpose(to: usize, first: usize, second: usize, third: usize, fourth: usize): void {
    const a = Words.loadBigEndian(first);
    const b = Words.loadBigEndian(second);
    const c = Words.loadBigEndian(third);
    const d = Words.loadBigEndian(fourth);
    const ab01 = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
    const ab23 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
    const cd01 = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const cd23 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<i64>(ab01, cd01, 0, 2));
    v128.store(to, v128.shuffle<i64>(ab01, cd01, 1, 3), 16);
    v128.store(to, v128.shuffle<i64>(ab23, cd23, 0, 2), 32);
    v128.store(to, v128.shuffle<i64>(ab23, cd23, 1, 3), 48);
  }

  @inline
  static loadBigEndian(from: usize): v128 {
    return i8x16.swizzle(v128.load(from), i8x16(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12));
  }
}
