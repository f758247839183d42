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
