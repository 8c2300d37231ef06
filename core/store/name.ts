import { hash } from 'node:crypto';
import { CHUNK_BYTES } from '../snapshot/index.ts';

/** Disks are cut into chunks of the size that memory is. */
export { CHUNK_BYTES };
export const NAME_BYTES = 32;

/**
 * A chunk's name: the SHA-256 of its bytes, as a latin-1 string of 32 characters (a key for maps that is a blob's
 * bytes one by one).
 */
export type ChunkName = string;

/** Stands for a chunk or subtree of zeros, of any size; it is never stored. */
export const ZERO_NAME: ChunkName = '\0'.repeat(NAME_BYTES);

export const nameOf = (data: Uint8Array): ChunkName => hash('sha256', data, 'binary');
export const nameToBlob = (name: ChunkName): Buffer => Buffer.from(name, 'latin1');
export const nameFromBlob = (blob: Uint8Array): ChunkName =>
  Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength).toString('latin1');
/** For people and file names. */
export const nameToHex = (name: ChunkName): string => nameToBlob(name).toString('hex');

const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** At most CHUNK_BYTES of them. */
export const isZero = (data: Uint8Array): boolean =>
  data[0] === 0 && data[data.length - 1] === 0 && ZEROS.compare(data, 0, data.length, 0, data.length) === 0;
