/**
 * A 32-bit Linux kernel that the host unpacked: the guest's setup code enters it in the place of the code that would
 * unpack it there, which is seconds of emulated work. Linux kernel documentation, "The Linux/x86 Boot Protocol" (payload_offset,
 * relocatable_kernel, code32_start as a loader's hook). What that code does is done here: a place is chosen, by chance
 * where the kernel may be moved (KASLR), segments are put there and relocated.
 */
import { err, failure, ok, type Result } from '../base/index.ts';
import { parseElf, type ElfSegment } from './elf.ts';
import type { KernelImage } from './env.ts';
import type { Guest } from './guest.ts';
import { KernelMemory } from './kernel-memory.ts';
import { HEADER, HEADER_MAGIC, setupBytesOf } from './linux-header.ts';

/** The first version with a preferred address and the memory that a kernel takes. */
const VERSION = 0x20a;
const XLF_KERNEL_64 = 0x01;
/** What a kernel of a 512 MiB mapping may be moved to. */
const HIGHEST_END = 512 << 20;
const UNPACKED_BYTES_MAX = 256 << 20;
const WORD_BYTES = 4;
/** Parameters by which the kernel stays at its preferred address: it is told to, or memory is not what it seems. */
const STAYS = /(^|\s)(nokaslr\b|mem=|memmap=)/;

export interface LinuxPayload {
  /** Compressed: gzip, xz or zstd by its first bytes, among others. */
  readonly bytes: Uint8Array;
  readonly unpackedBytes: number;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The compressed 32-bit kernel in a bzImage; undefined: there is none that could be entered unpacked. */
export function linuxPayload(image: Uint8Array): LinuxPayload | undefined {
  if (image.length < HEADER.END_20A) return undefined;
  const view = viewOf(image);
  if (view.getUint32(HEADER.MAGIC, true) !== HEADER_MAGIC || view.getUint16(HEADER.VERSION, true) < VERSION)
    return undefined;
  if (view.getUint16(HEADER.XLOADFLAGS, true) & XLF_KERNEL_64) return undefined;
  const start = setupBytesOf(image) + view.getUint32(HEADER.PAYLOAD_OFFSET, true);
  const end = start + view.getUint32(HEADER.PAYLOAD_LENGTH, true);
  if (end > image.length || end - start < WORD_BYTES) return undefined;
  const unpackedBytes = view.getUint32(end - WORD_BYTES, true);
  return unpackedBytes > UNPACKED_BYTES_MAX ? undefined : { bytes: image.subarray(start, end), unpackedBytes };
}

export interface PlacedKernel {
  /** Physical; entered as the setup code enters what it takes for the code that unpacks. */
  readonly entry: number;
  /** It was moved to an address that nobody foresees (KASLR). */
  readonly random: boolean;
}

/**
 * Puts the unpacked kernel (an ELF file, then relocations) below `endAddr`. Errors: `kernel.format`, `kernel.memory`;
 * nothing lies in memory then that matters to a kernel that unpacks itself.
 */
export function placeUnpacked(
  g: Guest,
  kernel: KernelImage,
  unpacked: Uint8Array,
  endAddr: number,
): Result<PlacedKernel> {
  const header = viewOf(kernel.image);
  const linkedAddr = Number(header.getBigUint64(HEADER.PREF_ADDRESS, true));
  const takesBytes = header.getUint32(HEADER.INIT_SIZE, true);
  const elf = parseElf(unpacked);
  if (!elf.ok) return elf;
  if (elf.value.bits !== 32) return err(failure('kernel.format', 'the unpacked kernel is not of 32 bits'));
  if (linkedAddr + takesBytes > endAddr)
    return err(
      failure('kernel.memory', `the kernel does not fit into ${endAddr >>> 20} MiB`, 'give the machine more memory'),
    );

  const random = isRelocatable(header) && !STAYS.test(kernel.commandLine);
  const align = Math.max(header.getUint32(HEADER.KERNEL_ALIGNMENT, true), 1);
  const places = Math.floor((Math.min(endAddr, HIGHEST_END) - takesBytes - linkedAddr) / align) + 1;
  const delta = random && places > 1 ? align * Math.floor(g.random() * places) : 0;
  const { segments, entry } = elf.value;
  const loaded = new KernelMemory(g).load(segments.map((part) => ({ ...part, physAddr: part.physAddr + delta })));
  if (!loaded.ok) return loaded;
  const relocated = delta === 0 ? ok(undefined) : relocate(g, segments, unpacked, delta);
  return relocated.ok ? ok({ entry: entry + delta, random }) : relocated;
}

const isRelocatable = (header: DataView): boolean => header.getUint8(HEADER.RELOCATABLE_KERNEL) !== 0;

/**
 * Moves the words that hold addresses: theirs are linear ones and lie at the end of the file, as 32-bit words behind a
 * zero. Errors: `kernel.format`.
 */
function relocate(g: Guest, segments: readonly ElfSegment[], file: Uint8Array, delta: number): Result<void> {
  const list = viewOf(file);
  let segment = segments[0];
  for (let at = file.length - WORD_BYTES; at >= 0; at -= WORD_BYTES) {
    const address = list.getUint32(at, true);
    if (address === 0) return ok(undefined);
    const within = ({ virtAddr, bytes }: ElfSegment): boolean =>
      address >= virtAddr && address + WORD_BYTES <= virtAddr + bytes.length;
    if (!within(segment)) {
      const other = segments.find(within);
      if (!other)
        return err(failure('kernel.format', `offset ${at.toString(16)}h: a relocation outside of the kernel`));
      segment = other;
    }
    const physAddr = address - segment.virtAddr + segment.physAddr + delta;
    g.memory.write32(physAddr, g.memory.read32(physAddr) + delta);
  }
  return err(failure('kernel.format', 'offset 0h: relocations without a beginning'));
}
