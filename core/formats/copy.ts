import type { DiskImage } from './disk-image.ts';
import { isZero } from './fields.ts';

export interface CopyProgress {
  /** Of the source's medium, whether it was copied or is zero. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** What was written into the target. */
  readonly writtenBytes: number;
}

const STEP_BYTES = 1024 * 1024;
const GRANULE_BYTES = 4096;

/**
 * Copies a medium into a new image, in steps of about 1 MiB: the caller decides between them whether to go on. Zeros
 * take no space in the target. Throws BlockIoError; the target is to be closed afterwards.
 */
export function* copyImage(
  source: Pick<DiskImage, 'sizeBytes' | 'read' | 'extentAt'>,
  target: DiskImage,
): Generator<CopyProgress, void> {
  const totalBytes = source.sizeBytes;
  // Whole clusters: a target that compresses, or is a stream, takes nothing else.
  const granuleBytes = Math.max(target.info().clusterBytes ?? 0, GRANULE_BYTES);
  const buffer = new Uint8Array(Math.max(STEP_BYTES, granuleBytes));
  const keepZeros = target.parent !== undefined;
  let writtenBytes = 0;
  for (let at = 0; at < totalBytes;) {
    const extent = source.extentAt(at, totalBytes - at);
    const zeroEnd = at + extent.lengthBytes;
    const skipTo = zeroEnd >= totalBytes ? totalBytes : Math.floor(zeroEnd / granuleBytes) * granuleBytes;
    if (extent.zero && !keepZeros && skipTo > at) {
      at = skipTo;
    } else {
      const part = buffer.subarray(0, Math.min(buffer.length, totalBytes - at));
      source.read(at, part);
      writtenBytes += writeRuns(target, at, part, granuleBytes, keepZeros);
      at += part.length;
    }
    yield { doneBytes: at, totalBytes, writtenBytes };
  }
}

/** Writes the granules that are not zero, neighbours together. */
function writeRuns(target: DiskImage, at: number, data: Uint8Array, granuleBytes: number, keepZeros: boolean): number {
  let written = 0;
  let from = -1;
  for (let offset = 0; offset <= data.length; offset += granuleBytes) {
    const end = Math.min(offset + granuleBytes, data.length);
    const wanted = offset < data.length && (keepZeros || !isZero(data.subarray(offset, end)));
    if (wanted && from < 0) from = offset;
    if (wanted || from < 0) continue;
    target.write(at + from, data.subarray(from, Math.min(offset, data.length)));
    written += Math.min(offset, data.length) - from;
    from = -1;
  }
  if (from >= 0) {
    target.write(at + from, data.subarray(from));
    written += data.length - from;
  }
  return written;
}
