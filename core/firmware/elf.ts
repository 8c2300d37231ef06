/** ELF executables as a boot loader needs them. Tool Interface Standard ELF 1.2, book I; System V ABI for ELF64. */
import { err, failure, ok, type Result } from '../base/index.ts';

const MAGIC = 0x464c_457f;
const CLASS_32 = 1;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const PT = { LOAD: 1, NOTE: 4 } as const;
const MACHINE = { I386: 3, X86_64: 62 } as const;
const NOTE_HEADER_BYTES = 12;
const SEGMENTS_MAX = 128;

export interface ElfSegment {
  readonly physAddr: number;
  /** Linear. */
  readonly virtAddr: number;
  readonly bytes: Uint8Array;
  /** At least the length of `bytes`: the rest is zeros. */
  readonly memoryBytes: number;
}

export interface ElfNote {
  readonly name: string;
  readonly type: number;
  readonly data: Uint8Array;
}

export interface Elf {
  readonly bits: 32 | 64;
  /** Physical: the entry point's place in the segment that holds it. */
  readonly entry: number;
  readonly segments: readonly ElfSegment[];
  readonly notes: readonly ElfNote[];
}

const failed = (message: string): Result<never> => err(failure('kernel.format', message));
const hex = (value: number): string => `${value.toString(16)}h`;

export const isElf = (image: Uint8Array): boolean =>
  image.length >= 4 && new DataView(image.buffer, image.byteOffset).getUint32(0, true) === MAGIC;

/** Errors: `kernel.format`, naming offset and field. */
export function parseElf(image: Uint8Array): Result<Elf> {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const kind = image[4];
  if (!isElf(image) || (kind !== CLASS_32 && kind !== CLASS_64) || image[5] !== LITTLE_ENDIAN)
    return failed('offset 0: not a little-endian ELF file');
  const wide = kind === CLASS_64;
  if (image.length < (wide ? 64 : 52)) return failed(`an ELF header in a file of ${image.length} bytes`);
  const machine = view.getUint16(18, true);
  if (machine !== MACHINE.I386 && machine !== MACHINE.X86_64)
    return failed(`offset 12h: ELF machine ${machine} is no x86`);
  // Beyond 2^53 nothing fits any file or memory, so rounding cannot make a wrong value right.
  const word = (at: number): number => (wide ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true));
  const step = wide ? 8 : 4;
  const virtualEntry = word(24);
  const table = word(24 + step);
  const entryBytes = view.getUint16(wide ? 54 : 42, true);
  const count = view.getUint16(wide ? 56 : 44, true);
  if (count > SEGMENTS_MAX || entryBytes < (wide ? 56 : 32) || table + count * entryBytes > image.length)
    return failed(`${count} ELF program headers of ${entryBytes} bytes at ${hex(table)} leave the file`);
  const segments: ElfSegment[] = [];
  const notes: ElfNote[] = [];
  let entry = virtualEntry;
  for (let i = 0; i < count; i++) {
    const at = table + i * entryBytes;
    const type = view.getUint32(at, true);
    if (type !== PT.LOAD && type !== PT.NOTE) continue;
    const fields = at + (wide ? 8 : 4);
    const [offset, virtAddr, physAddr, fileBytes, memoryBytes] = [0, 1, 2, 3, 4].map((n) => word(fields + n * step));
    if (offset + fileBytes > image.length)
      return failed(`ELF segment ${i}: ${fileBytes} bytes at ${hex(offset)} leave the file`);
    const bytes = image.subarray(offset, offset + fileBytes);
    if (type === PT.NOTE) notes.push(...parseNotes(bytes));
    else if (memoryBytes > 0) {
      if (memoryBytes < fileBytes) return failed(`ELF segment ${i}: more bytes in the file than in memory`);
      segments.push({ physAddr, virtAddr, bytes, memoryBytes });
      if (virtualEntry >= virtAddr && virtualEntry < virtAddr + memoryBytes) entry = virtualEntry - virtAddr + physAddr;
    }
  }
  return segments.length === 0
    ? failed('the ELF file has nothing to load')
    : ok({ bits: wide ? 64 : 32, entry, segments, notes });
}

/** What is damaged ends the list. */
function parseNotes(bytes: Uint8Array): ElfNote[] {
  const notes: ElfNote[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const aligned = (length: number): number => Math.ceil(length / 4) * 4;
  for (let at = 0; at + NOTE_HEADER_BYTES <= bytes.length;) {
    const nameBytes = view.getUint32(at, true);
    const dataBytes = view.getUint32(at + 4, true);
    const name = at + NOTE_HEADER_BYTES;
    const data = name + aligned(nameBytes);
    if (data + dataBytes > bytes.length) break;
    notes.push({
      name: String.fromCharCode(...bytes.subarray(name, name + Math.max(0, Math.min(64, nameBytes - 1)))),
      type: view.getUint32(at + 8, true),
      data: bytes.subarray(data, data + dataBytes),
    });
    at = data + aligned(dataBytes);
  }
  return notes;
}
