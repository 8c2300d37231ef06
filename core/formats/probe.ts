import type { ByteFile } from '../backends/index.ts';
import type { ImageFormat } from './disk-image.ts';

const ascii = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);

/** By content alone, never by name; what has no known header is raw. */
export function probeImage(file: ByteFile): ImageFormat {
  const head = new Uint8Array(1024);
  file.read(0, head);
  const view = new DataView(head.buffer);
  if (ascii(head.subarray(0, 4)) === 'QFI\xfb') return 'qcow2';
  if (ascii(head.subarray(0, 4)) === 'KDMV' || ascii(head.subarray(0, 4)) === 'COWD') return 'vmdk';
  if (/^(?:\s|#[^\n]*\n)*# ?Disk DescriptorFile/i.test(ascii(head))) return 'vmdk';
  if (view.getUint32(0x40, true) === 0xbeda107f) return 'vdi';
  if (ascii(head.subarray(0, 8)) === 'conectix') return 'vhd';
  // A fixed VHD has its only footer at the end; some writers (Virtual PC 2004) made it one byte short.
  const tail = new Uint8Array(8);
  for (const length of [512, 511]) {
    if (file.sizeBytes < length) continue;
    file.read(file.sizeBytes - length, tail);
    if (ascii(tail) === 'conectix') return 'vhd';
  }
  return 'raw';
}
