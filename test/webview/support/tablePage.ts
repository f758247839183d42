import type { Browser, Locator } from 'playwright-core';
import { Rpc, type Handlers, type Port, type Timers } from '../../../src/protocol/rpc.ts';
import type {
  SampleTableHostEvents,
  SampleTableHostMethods,
  SampleTableMethods,
  TablePlace,
  TableState,
} from '../../../src/protocol/sampleTable.ts';
import { detailOf, rowOf, tableState } from './tableStates.ts';
import { WebviewPage, type Bundle, type WebviewOptions } from './webviewPage.ts';

const TIMERS: Timers = {
  start: setTimeout,
  stop: (timer) => {
    clearTimeout(timer as NodeJS.Timeout);
  },
};

type Name = keyof SampleTableHostMethods;
type Params<Method extends Name> = Parameters<SampleTableHostMethods[Method]>[0];

/** A host with as many rows as its state says, made when they are asked for. It records what it is asked. */
export class FakeTableHost {
  readonly calls: (readonly [method: Name, params: unknown])[] = [];
  /** Answers instead of the usual ones. */
  readonly answers: Partial<Handlers<SampleTableHostMethods>> = {};
  /** Requests for rows that were called off. */
  readonly calledOff: Params<'rows'>[] = [];
  /** While it is set, rows are not answered. */
  held: Promise<void> | undefined;
  /** The line at each place of the view; without a filter, all of them. */
  lineAt = (index: number): number => index + 1;
  private rpc:
    Rpc<SampleTableMethods, SampleTableHostMethods, Record<never, never>, SampleTableHostEvents> | undefined;

  constructor(
    public state: TableState = tableState(),
    public place: TablePlace | null = null,
  ) {}

  connect(port: Port): void {
    this.rpc = new Rpc(port, this.handlers(), TIMERS);
  }

  /** Announces a new state. */
  show(state: TableState): void {
    this.state = state;
    this.rpc?.emit('state', state);
  }

  reveal(line: number): void {
    this.rpc?.emit('reveal', { line });
  }

  dispose(): void {
    this.rpc?.dispose();
  }

  /** What it was asked of this kind, oldest first. */
  asked<Method extends Name>(method: Method): Params<Method>[] {
    return this.calls.filter(([name]) => name === method).map(([, params]) => params as Params<Method>);
  }

  private handlers(): Handlers<SampleTableHostMethods> {
    const usual: Handlers<SampleTableHostMethods> = {
      ready: () => ({ state: this.state, place: this.place, strings: {} }),
      rows: async (request, { signal }) => {
        await this.held;
        if (signal.aborted) {
          this.calledOff.push(request);
          return [];
        }
        if (request.version !== this.state.version) return [];
        const to = Math.min(request.to, this.state.count);
        return Array.from({ length: Math.max(0, to - request.from) }, (_, offset) =>
          rowOf(request.from + offset, this.lineAt(request.from + offset), request.columns),
        );
      },
      detail: ({ line }) => detailOf(line),
      setFilter: () => null,
      find: () => null,
      indexOfLine: ({ line }) => line - 1,
      remember: () => null,
      focus: () => null,
      run: () => null,
      runOnDataset: () => null,
      reload: () => null,
      copy: () => null,
      trustSigner: () => null,
    };
    const recorded = Object.keys(usual).map((key) => {
      const name = key as Name;
      const handler = (params: never, context: never) => {
        this.calls.push([name, params]);
        return ((this.answers[name] ?? usual[name]) as (params: never, context: never) => unknown)(
          params,
          context,
        );
      };
      return [name, handler];
    });
    return Object.fromEntries(recorded) as Handlers<SampleTableHostMethods>;
  }
}

/** Opens the table on this host, and waits until it shows rows, or says why it does not. */
export async function openTable(
  browser: Browser,
  bundle: Bundle,
  host: FakeTableHost,
  options: WebviewOptions = {},
): Promise<WebviewPage> {
  const webview = await WebviewPage.open(
    browser,
    bundle,
    { width: 1200, height: 700, ...options },
    (port) => {
      host.connect(port);
    },
  );
  await webview.page.locator('.row:not(.row-loading), .empty p, .notice.error').first().waitFor();
  return webview;
}

/** Line numbers that are in view, whole or in part, from top to bottom. */
export function linesInView(grid: Locator): Promise<number[]> {
  return grid.evaluate((element) => {
    const header = element.querySelector('.header')!.getBoundingClientRect();
    const { top, height } = element.getBoundingClientRect();
    const bottom = top + (element.clientHeight || height);
    return [...element.querySelectorAll('.row')].flatMap((row) => {
      const box = row.getBoundingClientRect();
      if (box.bottom <= header.bottom + 0.5 || box.top >= bottom - 0.5) return [];
      return Number(row.querySelector('.number')!.textContent.replaceAll(',', ''));
    });
  });
}
