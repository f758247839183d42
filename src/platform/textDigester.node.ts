import { LineCounter } from '../core/sample/lines.ts';
import { SampleDigester } from '../core/sample/sampleDigester.ts';
import { threadDigester } from './chunkDigester.node.ts';
import type { DigestedFile } from './digestFile.node.ts';
import { fastSha256Stream } from './sha256.node.ts';

/** Digests a text that is not on disk, piece by piece, as it would be saved: UTF-8. */
export class TextDigester {
  private readonly digester = new SampleDigester({
    digester: threadDigester(),
    fileHash: fastSha256Stream(),
  });
  private readonly encoder = new TextEncoder();
  private readonly counter = new LineCounter();

  push(text: string): void {
    const bytes = this.encoder.encode(text);
    this.counter.push(bytes);
    this.digester.push(bytes);
  }

  finish(): DigestedFile {
    const { lines, editorLines } = this.counter;
    return { samples: this.digester.finish(), lines, lineCount: editorLines };
  }
}
