import { crc32, deflateSync } from 'node:zlib';
import type { Frame } from '../backends/index.ts';
import { guarded } from './codec-guard.ts';

/** PNG (ISO/IEC 15948), 8-bit RGB without filters: what a screen picture needs. */
export function encodePng(frame: Frame): Uint8Array {
  const { width, height, pixels } = frame;
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0, out = 0, at = 0; y < height; y++) {
    out++; // filter type 0
    for (let x = 0; x < width; x++, at += 4) {
      rows[out++] = pixels[at];
      rows[out++] = pixels[at + 1];
      rows[out++] = pixels[at + 2];
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // bit depth, colour type RGB, deflate, filter method, no interlace
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk(
      'IDAT',
      guarded(() => deflateSync(rows)),
    ),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}
