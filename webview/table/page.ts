import { asProvenanceError } from '../../src/core/errors.ts';
import type { TableState } from '../../src/protocol/sampleTable.ts';
import { h, patch } from '../ui/dom.ts';
import { errorText, numberText, useStrings } from '../ui/strings.ts';
import type { TableRpc } from './context.ts';
import { loading } from './gridMessage.ts';
import { alertBar, type Message } from './notices.ts';
import { SampleTable } from './table.ts';

const READY_TIMEOUT = 15_000;

/** The page until the host has answered, and then the table. */
export class TablePage {
  private readonly startup = h('div', { class: 'startup' });
  /** A state that came as an event before the answer was there is newer than the answer's. */
  private early: TableState | undefined;
  private table: SampleTable | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly rpc: TableRpc,
  ) {
    root.append(this.startup);
    rpc.on('state', (state) => {
      if (this.table) this.table.take(state);
      else this.early = state;
    });
    rpc.on('reveal', ({ line }) => {
      void this.table?.goToLine(line);
    });
  }

  /** Asks the host for the state, and shows the table. */
  async start(): Promise<void> {
    this.show(undefined);
    try {
      const ready = this.rpc.call('ready', null, { timeout: READY_TIMEOUT });
      warmUp();
      const { state, place, strings, rows } = await ready;
      useStrings(strings);
      this.table = new SampleTable(this.root, this.rpc, this.early ?? state, place, rows);
      this.startup.remove();
    } catch (error) {
      this.show({
        text: errorText(asProvenanceError(error)),
        retry: () => {
          void this.start();
        },
      });
    }
  }

  private show(message: Message | undefined): void {
    const close = () => this.show(undefined);
    patch(this.startup, h('div', { class: 'startup' }, alertBar(message, close), !message && loading()));
  }
}

/** The browser loads how a language writes numbers at the first use, which takes longer than drawing the rows. */
function warmUp(): void {
  numberText(1000);
}
