import {
  asProvenanceError,
  ProvenanceError,
  type CancelSignal,
  type ErrorCode,
  type MessageArguments,
} from '../core/errors.ts';

/**
 * A small two-way RPC over any message channel: between extension host and webview, and between a thread and its
 * worker. Errors, progress, timeouts and cancellation cross the wire; disposal rejects what is pending.
 */

/** One end of a message channel. */
export interface Port {
  post(message: Message, transfer?: readonly Transferable[]): void;
  /** @returns a function that stops listening. */
  listen(onMessage: (message: unknown) => void): () => void;
}

/** What a channel may move instead of copy. */
export type Transferable = ArrayBuffer;

export type Message =
  | { readonly type: 'request'; readonly id: number; readonly method: string; readonly params: unknown }
  | { readonly type: 'progress'; readonly id: number; readonly value: unknown }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'event'; readonly method: string; readonly params: unknown };

/** A {@link ProvenanceError} as it crosses the wire. */
export interface WireError {
  readonly code: ErrorCode;
  readonly template: string;
  readonly args: MessageArguments;
}

/** Methods by name: what they take and give. */
export type Methods = Record<string, (params: never) => unknown>;

/** Events by name: what they carry. */
export type Events = Record<string, unknown>;

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; without it, the call waits as long as it takes. */
  readonly timeout?: number;
  readonly onProgress?: (value: unknown) => void;
}

export interface CallContext {
  readonly signal: CancelSignal;
  readonly progress: (value: unknown) => void;
  /** Moves these buffers with the result instead of copying them. */
  readonly transfer: (buffers: readonly Transferable[]) => void;
}

/** What this end answers. */
export type Handlers<Local extends Methods> = {
  [Name in keyof Local]: (
    params: Parameters<Local[Name]>[0],
    context: CallContext,
  ) => ReturnType<Local[Name]> | Promise<ReturnType<Local[Name]>>;
};

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: ProvenanceError) => void;
  readonly onProgress: ((value: unknown) => void) | undefined;
}

/** The timers of the host: core and protocol have no DOM or Node types of their own. */
export interface Timers {
  start(callback: () => void, milliseconds: number): unknown;
  stop(timer: unknown): void;
}

/**
 * One end of a conversation.
 * `Remote`: what the other end answers; `Local`: what this end answers; `RemoteEvents`: what the other end announces.
 */
export class Rpc<
  Remote extends Methods,
  Local extends Methods,
  RemoteEvents extends Events = Record<never, never>,
  LocalEvents extends Events = Record<never, never>,
> {
  private nextId = 1;
  private readonly pending = new Map<number, Pending>();
  private readonly running = new Map<number, { aborted: boolean }>();
  private readonly eventListeners = new Map<string, (params: unknown) => void>();
  private readonly stopListening: () => void;
  private disposed = false;

  constructor(
    private readonly port: Port,
    private readonly handlers: Handlers<Local>,
    private readonly timers: Timers,
  ) {
    this.stopListening = port.listen((message) => {
      this.receive(message);
    });
  }

  /** Calls a method of the other end. @throws ProvenanceError `cancelled`, `timeout`, `disposed`, or what the method threw */
  call<Name extends keyof Remote & string>(
    method: Name,
    params: Parameters<Remote[Name]>[0],
    options: CallOptions = {},
    transfer?: readonly Transferable[],
  ): Promise<Awaited<ReturnType<Remote[Name]>>> {
    if (this.disposed) return Promise.reject(disposedError());
    const { signal, timeout, onProgress } = options;
    if (signal?.aborted) return Promise.reject(new ProvenanceError('cancelled', 'Cancelled.'));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      const cancel = (error: ProvenanceError) => {
        if (!this.pending.delete(id)) return;
        this.port.post({ type: 'cancel', id });
        settle();
        reject(error);
      };
      const onAbort = () => {
        cancel(new ProvenanceError('cancelled', 'Cancelled.'));
      };
      const timer =
        timeout === undefined
          ? undefined
          : this.timers.start(() => {
              cancel(
                new ProvenanceError('timeout', '{method} did not answer within {seconds} s.', {
                  method,
                  seconds: timeout / 1000,
                }),
              );
            }, timeout);
      const settle = () => {
        if (timer !== undefined) this.timers.stop(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort);
      this.pending.set(id, {
        resolve: (value) => {
          settle();
          resolve(value as Awaited<ReturnType<Remote[Name]>>);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        onProgress,
      });
      try {
        this.port.post({ type: 'request', id, method, params }, transfer);
      } catch (error) {
        // What cannot be cloned never leaves: the other end will not answer.
        this.take(id)?.reject(asProvenanceError(error));
      }
    });
  }

  /** Tells the other end something; nobody waits for an answer. */
  emit<Name extends keyof LocalEvents & string>(event: Name, params: LocalEvents[Name]): void {
    if (!this.disposed) this.port.post({ type: 'event', method: event, params });
  }

  /** Sets the listener for an event of the other end. */
  on<Name extends keyof RemoteEvents & string>(
    event: Name,
    listener: (params: RemoteEvents[Name]) => void,
  ): void {
    this.eventListeners.set(event, listener as (params: unknown) => void);
  }

  /** Stops: what is pending is rejected with `disposed`, what runs here is cancelled. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.stopListening();
    for (const call of this.running.values()) call.aborted = true;
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of pending) reject(disposedError());
  }

  private receive(data: unknown): void {
    if (!isMessage(data)) return;
    switch (data.type) {
      case 'request':
        void this.answer(data.id, data.method, data.params);
        return;
      case 'cancel': {
        const call = this.running.get(data.id);
        if (call) call.aborted = true;
        return;
      }
      case 'progress':
        this.pending.get(data.id)?.onProgress?.(data.value);
        return;
      case 'result':
        this.take(data.id)?.resolve(data.result);
        return;
      case 'error':
        this.take(data.id)?.reject(receivedError(data.error));
        return;
      case 'event':
        this.eventListeners.get(data.method)?.(data.params);
        return;
    }
  }

  private take(id: number): Pending | undefined {
    const call = this.pending.get(id);
    this.pending.delete(id);
    return call;
  }

  private async answer(id: number, method: string, params: unknown): Promise<void> {
    const signal = { aborted: false };
    this.running.set(id, signal);
    let transfer: readonly Transferable[] | undefined;
    try {
      if (!Object.hasOwn(this.handlers, method)) {
        throw new ProvenanceError('invalid-argument', 'Unknown method {method}.', { method });
      }
      const handler = this.handlers[method] as (params: unknown, context: CallContext) => unknown;
      const result = await handler(params, {
        signal,
        progress: (value) => {
          if (!this.disposed && !signal.aborted) this.port.post({ type: 'progress', id, value });
        },
        transfer: (buffers) => {
          transfer = buffers;
        },
      });
      if (!this.disposed) this.port.post({ type: 'result', id, result }, transfer);
    } catch (error) {
      const { code, template, args } = asProvenanceError(error);
      if (!this.disposed) this.port.post({ type: 'error', id, error: { code, template, args } });
    } finally {
      this.running.delete(id);
    }
  }
}

function disposedError(): ProvenanceError {
  return new ProvenanceError('disposed', 'The other side is gone.');
}

/** Whatever came as an error ends the call: a malformed one must not leave it waiting. */
function receivedError(error: Partial<WireError> | null | undefined): ProvenanceError {
  if (typeof error?.code !== 'string' || typeof error.template !== 'string') {
    return new ProvenanceError('internal', 'The other side failed without saying why.');
  }
  return new ProvenanceError(error.code, error.template, error.args ?? {});
}

function isMessage(data: unknown): data is Message {
  if (typeof data !== 'object' || data === null || !('type' in data)) return false;
  const message = data as { type: unknown; id?: unknown; method?: unknown };
  switch (message.type) {
    case 'request':
      return typeof message.id === 'number' && typeof message.method === 'string';
    case 'progress':
    case 'result':
    case 'error':
    case 'cancel':
      return typeof message.id === 'number';
    case 'event':
      return typeof message.method === 'string';
    default:
      return false;
  }
}
