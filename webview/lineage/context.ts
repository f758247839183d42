import type { LineageHostMethods } from '../../src/protocol/lineagePanel.ts';

/** What the parts of the panel ask of the panel. */
export interface PanelContext {
  /** Calls the host; a failure is shown at the top. The same call is not made again before it was answered. */
  call<Name extends keyof LineageHostMethods>(
    name: Name,
    params: Parameters<LineageHostMethods[Name]>[0],
  ): void;
  copy(text: string): void;
  /** The text that was copied a moment ago. */
  readonly copied: string | undefined;
  readonly restricted: boolean;
  isCollapsed(section: string): boolean;
  toggle(section: string): void;
  /** How many entries of a long list are shown. */
  shown(list: string): number;
  showMore(list: string): void;
}
