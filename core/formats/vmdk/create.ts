import type { ByteFile } from '../../backends/index.ts';
import { imageError } from '../failure.ts';
import { roundUp } from '../fields.ts';
import { WordTable } from '../word-table.ts';
import { SECTOR_BYTES } from './descriptor.ts';
import { FLAG, GTES_PER_TABLE, encodeSparseHeader } from './sparse.ts';

export const GRAIN_BYTES = 65536;
export const DESCRIPTOR_ROOM_BYTES = 20 * SECTOR_BYTES;
/** VMware's split images: a little less than 2 GiB, for file systems that stop there. */
const SPLIT_BYTES = 2047 * 1024 * 1024;

export interface NewExtent {
  readonly file: ByteFile;
  readonly sectors: number;
}

export const splitSizes = (sizeBytes: number): number[] =>
  Array.from({ length: Math.ceil(sizeBytes / SPLIT_BYTES) }, (_, i) =>
    Math.min(SPLIT_BYTES, sizeBytes - i * SPLIT_BYTES),
  );

export function layOutFlat({ file, sectors }: NewExtent): void {
  file.truncate(sectors * SECTOR_BYTES);
}

/** Header, descriptor, and both directories each with all of its tables, as VMware lays them out. */
export function layOutSparse(file: ByteFile, sectors: number, descriptor: string | undefined): void {
  const text = new TextEncoder().encode(descriptor ?? '');
  if (text.length > DESCRIPTOR_ROOM_BYTES)
    throw imageError('image.unsupported', { file }, 'the descriptor is too long', 'use a shorter file name');
  const tables = Math.ceil((sectors * SECTOR_BYTES) / (GRAIN_BYTES * GTES_PER_TABLE));
  const directoryBytes = roundUp(tables * 4, SECTOR_BYTES);
  const tablesBytes = tables * GTES_PER_TABLE * 4;
  const descriptorAt = descriptor === undefined ? 0 : SECTOR_BYTES;
  const redundantAt = SECTOR_BYTES + (descriptor === undefined ? 0 : DESCRIPTOR_ROOM_BYTES);
  const directoryAt = redundantAt + directoryBytes + tablesBytes;
  const overheadBytes = roundUp(directoryAt + directoryBytes + tablesBytes, GRAIN_BYTES);
  if (overheadBytes / SECTOR_BYTES > 0xffffffff)
    throw imageError('image.size', { file }, `${sectors} sectors are too many`, 'use qcow2');
  file.truncate(overheadBytes);
  for (const at of [redundantAt, directoryAt]) {
    const directory = WordTable.fill(file, at, tables, true, 0);
    for (let i = 0; i < tables; i++)
      directory.set(i, (at + directoryBytes) / SECTOR_BYTES + (i * GTES_PER_TABLE * 4) / SECTOR_BYTES);
    directory.writeBack();
  }
  if (descriptor !== undefined) file.write(descriptorAt, text);
  file.write(
    0,
    encodeSparseHeader({
      flags: FLAG.newlines | FLAG.redundant,
      capacitySectors: roundUp(sectors * SECTOR_BYTES, GRAIN_BYTES) / SECTOR_BYTES,
      grainBytes: GRAIN_BYTES,
      descriptorAt,
      descriptorBytes: descriptor === undefined ? 0 : DESCRIPTOR_ROOM_BYTES,
      gtesPerTable: GTES_PER_TABLE,
      redundantAt,
      directoryAt,
      overheadBytes,
    }),
  );
}
