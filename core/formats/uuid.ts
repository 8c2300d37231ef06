import type { Entropy } from '../backends/index.ts';

export const UUID_BYTES = 16;

/** Version 4, variant 1. RFC 9562, 5.4; `littleEndian` for the byte order that Microsoft's structures have. */
export function randomUuid(entropy: Entropy, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(UUID_BYTES);
  entropy.fill(bytes);
  const version = littleEndian ? 7 : 6;
  bytes[version] = (bytes[version] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes;
}

export function uuidText(bytes: Uint8Array, littleEndian: boolean): string {
  const order = littleEndian ? [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] : [...bytes.keys()];
  const hex = order.map((i) => bytes[i].toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const NIL_UUID = '00000000-0000-0000-0000-000000000000';
