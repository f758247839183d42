import type {
  SampleTableHostEvents,
  SampleTableHostMethods,
  SampleTableMethods,
  TableAction,
  TableFilter,
  TableState,
} from '../../src/protocol/sampleTable.ts';
import type { Rpc } from '../../src/protocol/rpc.ts';
import type { EvidenceContext } from '../ui/evidenceContext.ts';
import type { ShownColumn } from './columns.ts';
import type { Finder } from './finder.ts';

export type TableRpc = Rpc<SampleTableHostMethods, SampleTableMethods, SampleTableHostEvents>;

/** What the parts of the table ask of it. */
export interface TableContext extends EvidenceContext {
  readonly rpc: TableRpc;
  readonly state: TableState;
  readonly finder: Finder;
  /** The columns shown, in order. */
  readonly columns: readonly ShownColumn[];
  /** All columns and their members. */
  readonly allColumns: readonly ShownColumn[];
  /** How many rows are selected. */
  readonly selected: number;
  /** Calls the host; a failure is shown. */
  call<Name extends keyof SampleTableHostMethods>(
    name: Name,
    params: Parameters<SampleTableHostMethods[Name]>[0],
  ): Promise<boolean>;
  /** With the selected rows, or the focused one. */
  run(action: TableAction): void;
  setFilter(filter: TableFilter): void;
  /** Replaces the columns shown; undefined: the usual ones. */
  setColumns(pointers: readonly string[] | undefined): void;
  find(backwards: boolean): void;
  goToLine(line: number): Promise<void>;
  focusGrid(): void;
  focusSearch(): void;
  selectNone(): void;
}
