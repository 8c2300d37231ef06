import { BlockIoError } from '../../core/backends/index.ts';
import { FailureError } from '../../core/base/index.ts';
import {
  CHUNK_BYTES,
  StoreDisk,
  getMedium,
  levelsFor,
  TreeReader,
  ChunkReader,
  ZERO_NAME,
  type Library,
} from '../../core/store/index.ts';
import type { CallResult } from '../../core/contract/index.ts';

/** Damage beyond this is not told place by place. */
const PROBLEMS_MAX = 100;

/**
 * Reads all of a medium, also what was written last and is not in its tree yet: every chunk is compared with its name, its
 * sum. Yields how many bytes of how many are done, returns where something is not as it was written.
 */
export function* examineMedium(
  library: Library,
  id: string,
): Generator<readonly [doneBytes: number, totalBytes: number], CallResult<'media.examine'>> {
  const medium = getMedium(library, id);
  const disk = StoreDisk.open(library, id, { mode: 'read-only' });
  const chunks = new ChunkReader(library);
  const problems: { where: string; what: string }[] = [];
  try {
    const trees = new TreeReader(chunks);
    const levels = levelsFor(medium.sizeBytes);
    const part = new Uint8Array(CHUNK_BYTES);
    let readBytes = 0;
    for (let at = 0; at < medium.sizeBytes; at += CHUNK_BYTES) {
      try {
        const target = part.subarray(0, Math.min(CHUNK_BYTES, medium.sizeBytes - at));
        const isHole = at < disk.sizeBytes && trees.leaf(medium.root, levels, at / CHUNK_BYTES) === ZERO_NAME;
        disk.read(at, target);
        if (!isHole) readBytes += target.length;
      } catch (error) {
        if (!(error instanceof FailureError || error instanceof BlockIoError)) throw error;
        if (problems.length < PROBLEMS_MAX) problems.push({ where: `byte ${at}`, what: error.message });
      }
      yield [at, medium.sizeBytes];
    }
    return { problems, readBytes, sizeBytes: medium.sizeBytes };
  } finally {
    chunks.dispose();
    disk.dispose();
  }
}
