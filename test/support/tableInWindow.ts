import type { FrameLocator, Locator } from 'playwright-core';
import type { VsCodePage } from './vscodePage.ts';

/** A sample table in a window of VS Code, as a user sees it. */
export class TableInWindow {
  private constructor(
    private readonly code: VsCodePage,
    readonly frame: FrameLocator,
  ) {}

  /** Waits for the table that is visible, and for its first rows. */
  static async visible(code: VsCodePage): Promise<TableInWindow> {
    for (const deadline = Date.now() + 60_000; Date.now() < deadline;) {
      for (const outer of await code.page.locator('iframe.webview.ready:visible').all()) {
        const frame = outer.contentFrame().locator('iframe#active-frame').contentFrame();
        // The frame may be replaced meanwhile.
        if (
          (await frame
            .locator('[role=gridcell]')
            .count()
            .catch(() => 0)) > 0
        )
          return new TableInWindow(code, frame);
      }
      await code.page.waitForTimeout(20);
    }
    throw new Error(`VS Code shows no table: see ${await code.screenshot('failure-table')}`);
  }

  get grid(): Locator {
    return this.frame.locator('[role=grid]');
  }

  row(text: string | RegExp): Locator {
    return this.frame.locator('[role=row]', { hasText: text }).first();
  }

  /** The row at a place in the view, from 0, once it has this text. */
  rowAt(index: number, text = ''): Locator {
    // The header is the first row.
    return this.frame.locator(`[role=row][aria-rowindex="${String(index + 2)}"]`, { hasText: text });
  }

  /** Presses a key in the grid. */
  async press(key: string): Promise<void> {
    await this.grid.focus();
    await this.code.page.keyboard.press(key);
  }

  /** Goes to the next row with this text. */
  async find(text: string): Promise<void> {
    await this.press('Control+f');
    await this.code.page.keyboard.press('Control+a');
    await this.code.page.keyboard.type(text);
    await this.code.page.keyboard.press('Enter');
  }
}
