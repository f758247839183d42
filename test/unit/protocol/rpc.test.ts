import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ProvenanceError, type CancelSignal, type ErrorCode } from '../../../src/core/errors.ts';
import { Rpc, type Handlers, type Message, type Port, type Timers } from '../../../src/protocol/rpc.ts';

type HostMethods = {
  double: (params: { n: number }) => number;
  fail: (params: null) => null;
  crash: (params: null) => null;
  throwText: (params: null) => null;
  count: (params: { to: number }) => string;
  hang: (params: null) => string;
};
type HostEvents = { changed: { line: number } };
type PanelMethods = { ask: (params: { question: string }) => string };
type PanelEvents = { scrolled: number };

type Host = Rpc<PanelMethods, HostMethods, PanelEvents, HostEvents>;
type Panel = Rpc<HostMethods, PanelMethods, HostEvents, PanelEvents>;

/** Two connected ports that copy what they carry and deliver it later, as real channels do. */
function portPair(): { ports: readonly [RecordingPort, RecordingPort]; sent: Message[] } {
  const sent: Message[] = [];
  const a = new RecordingPort(sent);
  const b = new RecordingPort(sent);
  a.other = b;
  b.other = a;
  return { ports: [a, b], sent };
}

class RecordingPort implements Port {
  other: RecordingPort | undefined;
  readonly transferred: number[] = [];
  private readonly listeners = new Set<(message: unknown) => void>();

  constructor(private readonly sent: Message[]) {}

  get listening(): number {
    return this.listeners.size;
  }

  post(message: Message, transfer: readonly ArrayBuffer[] = []): void {
    this.sent.push(message);
    this.transferred.push(transfer.length);
    const copy: unknown = structuredClone(message, { transfer: [...transfer] });
    queueMicrotask(() => this.other?.deliver(copy));
  }

  listen(onMessage: (message: unknown) => void): () => void {
    this.listeners.add(onMessage);
    return () => this.listeners.delete(onMessage);
  }

  deliver(message: unknown): void {
    for (const listener of this.listeners) listener(message);
  }
}

/** Timers that only the test lets run out. */
class ManualTimers implements Timers {
  readonly waiting = new Map<object, { callback: () => void; milliseconds: number }>();

  start(callback: () => void, milliseconds: number): unknown {
    const timer = {};
    this.waiting.set(timer, { callback, milliseconds });
    return timer;
  }

  stop(timer: unknown): void {
    this.waiting.delete(timer as object);
  }

  runOut(): void {
    for (const { callback } of [...this.waiting.values()]) callback();
  }
}

interface Conversation {
  readonly host: Host;
  readonly panel: Panel;
  readonly hostPort: RecordingPort;
  readonly panelPort: RecordingPort;
  readonly sent: Message[];
  readonly timers: ManualTimers;
  /** The signal of the last `hang`, and what lets it go on. */
  readonly hanging: { signal?: CancelSignal; release: (value: string) => void };
}

function conversation(): Conversation {
  const {
    ports: [hostPort, panelPort],
    sent,
  } = portPair();
  const timers = new ManualTimers();
  const hanging: { signal?: CancelSignal; release: (value: string) => void } = { release: () => undefined };
  const handlers: Handlers<HostMethods> = {
    double: ({ n }) => n * 2,
    fail: () => {
      throw new ProvenanceError('locked', '{file} is locked by process {pid}.', { file: 'a.jsonl', pid: 7 });
    },
    crash: () => Promise.reject(new TypeError('x is not a function')),
    throwText: () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what careless code does
      throw 'just text';
    },
    count: async ({ to }, { progress }) => {
      for (let n = 1; n <= to; n++) progress(n);
      await turn();
      return 'counted';
    },
    hang: (_params, { signal }) => {
      hanging.signal = signal;
      return new Promise((resolve) => {
        hanging.release = resolve;
      });
    },
  };
  const host: Host = new Rpc(hostPort, handlers, timers);
  const panel: Panel = new Rpc(panelPort, { ask: ({ question }) => `${question} Yes.` }, timers);
  return { host, panel, hostPort, panelPort, sent, timers, hanging };
}

async function rejectsWith(promise: Promise<unknown>, code: ErrorCode): Promise<ProvenanceError> {
  const error: unknown = await promise.then(
    () => assert.fail(`expected an error with the code ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ProvenanceError);
  assert.equal(error.code, code);
  return error;
}

describe('Rpc', () => {
  it('answers calls of either end', async () => {
    const { host, panel } = conversation();
    assert.equal(await panel.call('double', { n: 21 }), 42);
    assert.equal(await host.call('ask', { question: 'Is it signed?' }), 'Is it signed? Yes.');
  });

  it('keeps simultaneous calls apart', async () => {
    const { panel } = conversation();
    const calls = [3, 1, 2].map((n) => panel.call('double', { n }));
    assert.deepEqual(await Promise.all(calls), [6, 2, 4]);
  });

  it('carries events of either end, without an answer', async () => {
    const { host, panel, sent } = conversation();
    const seen: unknown[] = [];
    panel.on('changed', (params) => seen.push(params));
    host.on('scrolled', (params) => seen.push(params));
    host.emit('changed', { line: 3 });
    panel.emit('scrolled', 120);
    await turn();
    assert.deepEqual(seen, [{ line: 3 }, 120]);
    assert.equal(sent.length, 2);
  });

  it('moves buffers instead of copying them', async () => {
    const [a, b] = portPair().ports;
    type Reader = { read: (params: null) => ArrayBuffer };
    const timers = new ManualTimers();
    const buffer = new ArrayBuffer(8);
    new Rpc<Record<never, never>, Reader>(
      a,
      {
        read: (_params, { transfer }) => {
          transfer([buffer]);
          return buffer;
        },
      },
      timers,
    );
    const reader = new Rpc<Reader, Record<never, never>>(b, {}, timers);
    assert.equal((await reader.call('read', null)).byteLength, 8);
    assert.deepEqual(a.transferred, [1]);
    assert.equal(buffer.byteLength, 0);
  });

  describe('errors', () => {
    it('cross the wire with code, template and arguments', async () => {
      const error = await rejectsWith(conversation().panel.call('fail', null), 'locked');
      assert.equal(error.template, '{file} is locked by process {pid}.');
      assert.deepEqual(error.args, { file: 'a.jsonl', pid: 7 });
      assert.equal(error.message, 'a.jsonl is locked by process 7.');
    });

    it('of any other kind are internal, with their reason', async () => {
      const { panel } = conversation();
      assert.match((await rejectsWith(panel.call('crash', null), 'internal')).message, /x is not a function/);
      assert.match((await rejectsWith(panel.call('throwText', null), 'internal')).message, /just text/);
    });

    it('say which method is unknown', async () => {
      const { panel } = conversation();
      const error = await rejectsWith(panel.call('nope' as 'double', { n: 1 }), 'invalid-argument');
      assert.match(error.message, /nope/);
    });

    it('answer method names that every object inherits', async () => {
      const { panel } = conversation();
      for (const method of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '']) {
        await rejectsWith(panel.call(method as 'double', { n: 1 }), 'invalid-argument');
      }
      assert.equal(await panel.call('double', { n: 1 }), 2);
    });
  });

  it('reports progress before the result, and none after it', async () => {
    const { panel, sent } = conversation();
    const seen: unknown[] = [];
    const result = await panel.call('count', { to: 3 }, { onProgress: (value) => seen.push(value) });
    assert.equal(result, 'counted');
    assert.deepEqual(seen, [1, 2, 3]);
    assert.equal(sent.at(-1)?.type, 'result');
  });

  describe('a timeout', () => {
    it('rejects the call, names it, and cancels it at the other end', async () => {
      const { panel, timers, hanging } = conversation();
      const call = panel.call('hang', null, { timeout: 1500 });
      await turn();
      assert.deepEqual(
        [...timers.waiting.values()].map(({ milliseconds }) => milliseconds),
        [1500],
      );
      timers.runOut();
      assert.equal((await rejectsWith(call, 'timeout')).message, 'hang did not answer within 1.5 s.');
      await turn();
      assert.equal(hanging.signal?.aborted, true);
    });

    it('is stopped by the answer', async () => {
      const { panel, timers } = conversation();
      await panel.call('double', { n: 1 }, { timeout: 1000 });
      await rejectsWith(panel.call('fail', null, { timeout: 1000 }), 'locked');
      assert.equal(timers.waiting.size, 0);
    });

    it('ignores an answer that comes later', async () => {
      const { panel, timers, hanging } = conversation();
      const call = panel.call('hang', null, { timeout: 1 });
      await turn();
      timers.runOut();
      await rejectsWith(call, 'timeout');
      hanging.release('too late');
      await turn();
      assert.equal(await panel.call('double', { n: 4 }), 8);
    });
  });

  describe('cancellation', () => {
    it('rejects the call and tells the method', async () => {
      const { panel, hanging } = conversation();
      const controller = new AbortController();
      const call = panel.call('hang', null, { signal: controller.signal });
      await turn();
      assert.equal(hanging.signal?.aborted, false);
      controller.abort();
      await rejectsWith(call, 'cancelled');
      await turn();
      assert.equal(hanging.signal.aborted, true);
    });

    it('works from host to panel, too', async () => {
      const [a, b] = portPair().ports;
      const timers = new ManualTimers();
      const signals: CancelSignal[] = [];
      const host = new Rpc<PanelMethods, Record<never, never>>(a, {}, timers);
      new Rpc<Record<never, never>, PanelMethods>(
        b,
        {
          ask: (_params, { signal }) => {
            signals.push(signal);
            return new Promise<string>(() => undefined);
          },
        },
        timers,
      );
      const controller = new AbortController();
      const call = host.call('ask', { question: '?' }, { signal: controller.signal });
      await turn();
      controller.abort();
      await rejectsWith(call, 'cancelled');
      await turn();
      assert.deepEqual(
        signals.map(({ aborted }) => aborted),
        [true],
      );
    });

    it('before the call sends nothing', async () => {
      const { panel, sent } = conversation();
      await rejectsWith(panel.call('double', { n: 1 }, { signal: AbortSignal.abort() }), 'cancelled');
      assert.deepEqual(sent, []);
    });

    it('after the answer does nothing', async () => {
      const { panel, sent } = conversation();
      const controller = new AbortController();
      await panel.call('double', { n: 1 }, { signal: controller.signal });
      controller.abort();
      await turn();
      assert.deepEqual(
        sent.map(({ type }) => type),
        ['request', 'result'],
      );
    });

    it('silences the progress of what was cancelled', async () => {
      const [a, b] = portPair().ports;
      const timers = new ManualTimers();
      type Worker = { work: (params: null) => null };
      let report: (value: unknown) => void = () => undefined;
      new Rpc<Record<never, never>, Worker>(
        a,
        {
          work: (_params, { progress }) => {
            report = progress;
            return new Promise<null>(() => undefined);
          },
        },
        timers,
      );
      const caller = new Rpc<Worker, Record<never, never>>(b, {}, timers);
      const controller = new AbortController();
      const seen: unknown[] = [];
      const call = caller.call('work', null, {
        signal: controller.signal,
        onProgress: (value) => seen.push(value),
      });
      await turn();
      report(1);
      await turn();
      controller.abort();
      await rejectsWith(call, 'cancelled');
      await turn();
      report(2);
      await turn();
      assert.deepEqual(seen, [1]);
    });
  });

  describe('disposal', () => {
    it('rejects what is pending, stops its timers and listens no more', async () => {
      const { panel, panelPort, timers } = conversation();
      const calls = [panel.call('hang', null, { timeout: 1000 }), panel.call('hang', null)];
      await turn();
      panel.dispose();
      for (const call of calls) await rejectsWith(call, 'disposed');
      assert.equal(timers.waiting.size, 0);
      assert.equal(panelPort.listening, 0);
    });

    it('cancels what runs here, and posts no answer', async () => {
      const { host, panel, sent, hanging } = conversation();
      void panel.call('hang', null).catch(() => undefined);
      await turn();
      host.dispose();
      assert.equal(hanging.signal?.aborted, true);
      hanging.release('nobody waits');
      await turn();
      assert.deepEqual(
        sent.map(({ type }) => type),
        ['request'],
      );
    });

    it('makes later calls fail and later events vanish', async () => {
      const { panel, sent } = conversation();
      panel.dispose();
      panel.dispose();
      await rejectsWith(panel.call('double', { n: 1 }), 'disposed');
      panel.emit('scrolled', 1);
      assert.deepEqual(sent, []);
    });
  });

  it('ignores messages that are none', async () => {
    const { panel, panelPort, sent } = conversation();
    const garbage: unknown[] = [
      undefined,
      null,
      'request',
      42,
      [],
      {},
      { type: 'request' },
      { type: 'request', id: '1', method: 'ask' },
      { type: 'request', id: 1, method: 7 },
      { type: 'result', id: 999, result: 1 },
      { type: 'error', id: 999, error: { code: 'internal', template: '', args: {} } },
      { type: 'progress', id: 999, value: 1 },
      { type: 'cancel', id: 999 },
      { type: 'event', method: 'never heard of' },
      { type: 'event' },
      { type: '__proto__', id: 1 },
    ];
    for (const message of garbage) panelPort.deliver(message);
    await turn();
    assert.deepEqual(sent, []);
    assert.equal(await panel.call('double', { n: 2 }), 4);
  });

  it('does not fail on an error without an error', async () => {
    const { panel, panelPort, sent } = conversation();
    const call = panel.call('hang', null);
    await turn();
    assert.deepEqual(sent, [{ type: 'request', id: 1, method: 'hang', params: null }]);
    for (const error of [undefined, null, 'text', { code: 1 }]) {
      panelPort.deliver({ type: 'error', id: 1, error });
    }
    await rejectsWith(call, 'internal');
  });

  it('answers when the result cannot be sent', async () => {
    const [a, b] = portPair().ports;
    const timers = new ManualTimers();
    type Broken = { broken: (params: null) => unknown };
    new Rpc<Record<never, never>, Broken>(a, { broken: () => () => 'a function cannot be cloned' }, timers);
    const caller = new Rpc<Broken, Record<never, never>>(b, {}, timers);
    await rejectsWith(caller.call('broken', null), 'internal');
  });

  it('rejects a call whose parameters cannot be sent, and forgets it', async () => {
    const { panel, timers } = conversation();
    const call = panel.call('double', { n: (() => 1) as unknown as number }, { timeout: 1000 });
    await rejectsWith(call, 'internal');
    assert.equal(timers.waiting.size, 0);
  });
});
