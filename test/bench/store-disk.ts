import { StoreDisk, createMedium, foldMedium, type Library } from '../../core/store/index.ts';

const MIB = 1 << 20;

/** A disk of the store whose every chunk is in its tree, as after a snapshot. Returns its id. */
export function filledDisk(library: Library, sizeBytes: number, contents: (at: number) => Uint8Array): string {
  const { id } = createMedium(library, { name: 'disk', kind: 'disk', sizeBytes });
  const disk = StoreDisk.open(library, id, { mode: 'normal' });
  for (let at = 0; at < sizeBytes; at += MIB) disk.write(at, contents(at));
  disk.dispose();
  foldMedium(library, id);
  return id;
}
