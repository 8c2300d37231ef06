import type { MediumKind } from '../media/use-media.ts';
import { guessKind } from './image-guess.ts';

export interface ImageContents {
  readonly kind: MediumKind;
  /** Whether a PC would find something to start; undefined: it is not seen from outside. */
  readonly boots: boolean | undefined;
}

/** ISO 9660 8.1 and El Torito 2.0: the first volume descriptor is in sector 16, the boot record in 17. */
const ISO_SECTOR = 2048;
/** Of formats that hold a disk in tables of their own: qcow2, VDI, VMDK, VHD. */
const CONTAINERS: readonly (readonly [offset: number, text: string])[] = [
  [0, 'QFI\xfb'],
  [0x40, '\x7f\x10\xda\xbe'],
  [0, 'KDMV'],
  [0, '# Disk DescriptorFile'],
  [0, 'conectix'],
];
/** As the machines' own check: first bytes of boot code from before there was a signature. */
const BOOT_CODE_STARTS = new Set([0xeb, 0xe9, 0xea, 0xe8, 0xfa, 0xfc, 0x31, 0x33, 0x29, 0x2b, 0x0e, 0x8c]);

/** What a file is an image of, by what is in it rather than by its name. */
export async function contentsOf(file: File): Promise<ImageContents> {
  const read = async (at: number, length: number): Promise<Uint8Array> =>
    new Uint8Array(await file.slice(at, at + length).arrayBuffer());
  const textAt = async (at: number, length: number): Promise<string> =>
    String.fromCharCode(...(await read(at, length)));
  if ((await textAt(16 * ISO_SECTOR + 1, 5)) === 'CD001')
    return { kind: 'cdrom', boots: (await textAt(17 * ISO_SECTOR + 7, 23)) === 'EL TORITO SPECIFICATION' };
  for (const [at, magic] of CONTAINERS)
    if ((await textAt(at, magic.length)) === magic) return { kind: 'disk', boots: undefined };
  const kind = guessKind(file.name, file.size);
  if (kind === 'cdrom') return { kind, boots: false };
  if (file.size > 512 && (await textAt(file.size - 512, 8)) === 'conectix') return { kind: 'disk', boots: undefined };
  const sector = await read(0, 512);
  const isSigned = sector[510] === 0x55 && sector[511] === 0xaa;
  return { kind, boots: isSigned || (kind === 'floppy' && BOOT_CODE_STARTS.has(sector[0])) };
}
