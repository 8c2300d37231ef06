import type { ByteFile } from '../backends/index.ts';
import type { ImageFormat } from './disk-image.ts';

export const PROBE_HEAD_BYTES = 1024;
export const PROBE_TAIL_BYTES = 512;

const ascii = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

/** By content alone, never by name; what has no known header is raw. */
export function probeImage(file: ByteFile): ImageFormat {
  const head = new Uint8Array(PROBE_HEAD_BYTES);
  file.read(0, head);
  const tail = new Uint8Array(Math.min(PROBE_TAIL_BYTES, file.sizeBytes));
  file.read(file.sizeBytes - tail.length, tail);
  return probeBytes(head, tail);
}

/** `head` and `tail`: the first and the last bytes of a file. */
export function probeBytes(head: Uint8Array, tail: Uint8Array): ImageFormat {
  const starts = (bytes: Uint8Array, at: number, text: string): boolean =>
    ascii(bytes.subarray(at, at + text.length)) === text;
  if (starts(head, 0, 'QFI\xfb')) return 'qcow2';
  if (starts(head, 0, 'KDMV') || starts(head, 0, 'COWD')) return 'vmdk';
  if (/^(?:\s|#[^\n]*\n)*# ?Disk DescriptorFile/i.test(ascii(head))) return 'vmdk';
  if (starts(head, 0x40, '\x7f\x10\xda\xbe')) return 'vdi';
  // A fixed VHD has its only footer at the end; Virtual PC 2004 made it one byte short.
  if (starts(head, 0, 'conectix') || starts(tail, 0, 'conectix') || starts(tail, 1, 'conectix')) return 'vhd';
  return 'raw';
}
