import type { LineageHostMethods } from '../../src/protocol/lineagePanel.ts';
import type { EvidenceContext } from '../ui/evidenceContext.ts';

/** What the parts of the panel ask of the panel. */
export interface PanelContext extends EvidenceContext {
  /** Calls the host; a failure is shown at the top. The same call is not made again before it was answered. */
  call<Name extends keyof LineageHostMethods>(
    name: Name,
    params: Parameters<LineageHostMethods[Name]>[0],
  ): void;
  isCollapsed(section: string): boolean;
  toggle(section: string): void;
}
