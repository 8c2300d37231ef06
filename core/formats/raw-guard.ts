import { BlockIoError } from '../backends/index.ts';
import type { DiskImage } from './disk-image.ts';
import { PROBE_HEAD_BYTES, PROBE_TAIL_BYTES, probeBytes } from './probe.ts';

/**
 * A disk that was taken for raw because its contents have no known header must not get one from its guest: the next
 * start would then open it as that format, and with it the files that it names. Such a write fails; a disk whose format
 * the user named is not guarded.
 */
export function guardRaw(image: DiskImage): DiskImage {
  const write = image.write.bind(image);
  const tailAt = Math.max(image.sizeBytes - PROBE_TAIL_BYTES, 0);
  image.write = (offsetBytes, data) => {
    const end = offsetBytes + data.length;
    if (offsetBytes < PROBE_HEAD_BYTES || end > tailAt) {
      const head = after(image, 0, PROBE_HEAD_BYTES, offsetBytes, data);
      const tail = after(image, tailAt, PROBE_TAIL_BYTES, offsetBytes, data);
      const format = probeBytes(head, tail);
      if (format !== 'raw')
        throw new BlockIoError(
          `the guest may not make this raw disk look like a ${format} image; name its format to allow it`,
          offsetBytes,
        );
    }
    write(offsetBytes, data);
  };
  return image;
}

/** What a part of the disk would hold after a write. */
function after(image: DiskImage, at: number, lengthBytes: number, writeAt: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.min(lengthBytes, image.sizeBytes - at));
  image.read(at, bytes);
  const from = Math.max(writeAt, at);
  const to = Math.min(writeAt + data.length, at + bytes.length);
  if (from < to) bytes.set(data.subarray(from - writeAt, to - writeAt), from - at);
  return bytes;
}
