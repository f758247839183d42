/**
 * The few globals of the WHATWG Encoding Standard that core uses. Every host has them (Node, browsers, VS Code);
 * declaring just these keeps the rest of the DOM and of Node out of core.
 */
declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>;
  encodeInto(text: string, destination: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: Uint8Array): string;
}

/** What core uses of WebAssembly (core/sample/sampleKernel.ts). Hosts that lack its SIMD instructions refuse the module. */
declare namespace WebAssembly {
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;

  const Module: new (bytes: Uint8Array<ArrayBuffer>) => object;

  class Instance {
    constructor(module: object, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }

  /** An exported number. */
  interface Global {
    value: number;
  }
}
