import type { TableFilter, TablePlace } from '../../protocol/sampleTable.ts';
import { filterOf, placeOf } from './input.ts';

/** What a table is opened with again. */
export interface TableMemory {
  readonly place?: TablePlace;
  readonly filter: TableFilter;
}

/** The part of vscode.Memento that is needed. */
export interface State {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

const KEY = 'provenance.tables';
/** The tables opened last. */
const MAX_TABLES = 30;
/** A selection of more ranges is forgotten. */
const MAX_RANGES = 100;

/** Places and filters of the tables that were opened last in this workspace. */
export class RememberedTables {
  constructor(private readonly state: State) {}

  get(uri: string): TableMemory {
    const found = this.entries().find((entry) => entry.uri === uri);
    try {
      return found ? memoryOf(found.memory) : { filter: {} };
    } catch {
      // Of a version that remembered something else.
      return { filter: {} };
    }
  }

  async set(uri: string, memory: TableMemory): Promise<void> {
    const others = this.entries().filter((entry) => entry.uri !== uri);
    const { place } = memory;
    const kept =
      place && place.selection.length > MAX_RANGES
        ? { ...memory, place: { ...place, selection: [] } }
        : memory;
    await this.state.update(KEY, [{ uri, memory: kept }, ...others].slice(0, MAX_TABLES));
  }

  private entries(): { readonly uri: unknown; readonly memory: unknown }[] {
    const entries = this.state.get(KEY);
    if (!Array.isArray(entries)) return [];
    return entries.filter((entry) => typeof entry === 'object' && entry !== null) as {
      uri: unknown;
      memory: unknown;
    }[];
  }
}

function memoryOf(value: unknown): TableMemory {
  const { place, filter } = value as { place?: unknown; filter?: unknown };
  return { ...(place !== undefined && { place: placeOf(place) }), filter: filterOf(filter) };
}
