/** Frames of Zstandard (RFC 8878) whose blocks are stored or repeat one byte, made by hand. */

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];

function blockHeader(size: number, type: 'raw' | 'rle', last: boolean): number[] {
  const header = (size << 3) | (type === 'rle' ? 2 : 0) | (last ? 1 : 0);
  return [header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff];
}

/** @param windowLog log2 of the window that the frame asks for */
export function storedFrame(text: Uint8Array, windowLog = 17): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from([...MAGIC, 0, (windowLog - 10) << 3])];
  for (let at = 0; ; at += 100_000) {
    const block = text.subarray(at, at + 100_000);
    const last = at + 100_000 >= text.length;
    parts.push(Uint8Array.from(blockHeader(block.length, 'raw', last)), block);
    if (last) return Buffer.concat(parts);
  }
}

/** A frame that becomes `count` times 128 KB of `byte`. */
export function repeatingFrame(byte: number, count: number): Uint8Array {
  const blocks = Array.from({ length: count }, (_, i) => [
    ...blockHeader(128 * 1024, 'rle', i === count - 1),
    byte,
  ]);
  return Uint8Array.from([...MAGIC, 0, 7 << 3, ...blocks.flat()]);
}

export function skippableFrame(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([0x50, 0x2a, 0x4d, 0x18, bytes.length, 0, 0, 0, ...bytes]);
}

/** 300 lines, `{"i": 0, "text": "sample 0 "}` and so on, as the zstd program compresses them with -19. */
export const COMPRESSED_LINES = Buffer.from(
  'KLUv/WQANO0hAOpcgAoacElSaDFOYXalxTsaqir+l93dvRMSx97/7rG9AJUAkwDf53nhwp2dmZWVkZGNjYmJhYVtm6YFC3Z1VlZVVVRUU1NSUlFR12VZoUIdHRlZURERDQ0JCQUFTZMkBQp0c2NjNTU0NDMzMjIxMc/jOGHCnJyYmJQUCcnIiIhISMiyKEqQIBdnYVFRFBQTExISERHHYRghQty3bdc1Tc+zLMfxv3s4fJ5pZUnSOIpiGO6qBoN3ZlVEMyIRP4AABwYKwAIFgzBAUMABBhxAoGBgoCBBAggSFAwCCAMDBQQUKBCTk5KSgQzkjTc22tRYI400M84oo4wxxvj4ODphDOOJZ6KVWCKJJI44IqJIiCEuLoqKQQzihRdaaFFhBYUUTjghoYQRRnh4aGiEMMTtra1dW0tLOzsrK8fG7+t62LCnp6ampSUpOToqKoaGrquqBg1e8IIFLVjBoiBNcCQowQjGwYMGDYZgCN7d2dnV1dHRzc3JycXFBXGIQ3x/29v19fT0/Ly8fHz8/76HD39+mpuXl5OTj4/iYnj4vroePBi+sIUtHK5wmMITnnBYwhGO8OHDhg2HQ/i80067s+ikc8455ZSLM+7z09MLZzjPPNNMM8ssI5NszDHFFAszzM1NTc1gBrvyykorqywqqZxySimljDLq8rK0DGWoI89II4sskkiiIYeEFDLIoHff2W1Xd9100809t9xyxx339+fthTvcZ5/ZVnbZZI89JrZY2GFvb9rawQ721VdbbVV1FdVUTz0ltdRRR319bW2FOtTRRxttRRfRRA89tNBCQQdNT0tLgQ70zTfbbHPNNTTTzDyzzDIxx/z87Owc5jAnn5hscslFMskjjyyyyCGHLC/KykEOcvFZbHHFFVNMMfGExBJHHHF8bGyCYKgyUNT6Yf8OYs/UtHISQBBAEEAQABEwBAzGELAVoYEkGBRlfBb7/omZEv6Gxw8wRr3azIEILhZZl9ac+m/4XxwZ8X/w9ZEjubfNfv/h5qn/8fLBzSn/4+MHAwnR17g/jIO12NjWD0dG+Ru9P+aU8DX2f4xU4n+YfHDYgi5HHHdLQvMbZPb3ktgY3kZ7a1+cCcVvtD+YScLX2OfDYJ76P9xf4mBtdPf+g5NRvgz/Gycjfh++PnJE/rbZ7T/cOfU/fj64Wep/vHxwc8r/+Pzg5tT/8fnA3XJRii5I/YepcWJqHbnPAvi4sMHvURn1B2DmFXvje/sJtpd4h+wilZSfqHyq63VLVFUDomvUTPIJyvNWOAuRT1Ue1PXdpnNNgeE2ao68KWV7Fbkk5NMoX3X6btJQEqy3jSpLPkEVfiDXXWR1y/MavLv065RtdXqk60YK/f+7HghGOMDIq43r0NqBvN8cQ10hlQ/O93cffm+nflC9Lm2N/UNshAH6WF6ivGtFZkk/qkGStUVMvdNPZIg860JpomiYolsB8zE6/g==',
  'base64',
);
