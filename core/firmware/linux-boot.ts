/**
 * Direct boot of a Linux bzImage by its real-mode entry, as a boot loader does it. Linux kernel documentation,
 * "The Linux/x86 Boot Protocol", versions 2.02 and later.
 */
import { err, failure, ok, type Result } from '../base/index.ts';
import type { KernelImage } from './env.ts';
import type { Guest } from './guest.ts';
import type { KernelStart } from './kernel.ts';
import { HEADER, HEADER_MAGIC, setupBytesOf } from './linux-header.ts';
import { placeUnpacked } from './linux-unpacked.ts';

const LOADED_HIGH = 0x01;
const KASLR_FLAG = 0x02;
const CAN_USE_HEAP = 0x80;
const LOADER_UNDEFINED = 0xff;
const DEFAULT_INITRD_MAX = 0x37ff_ffff;

const SETUP_ADDRESS = 0x10000;
const COMMAND_LINE_ADDRESS = 0x20000;
const COMMAND_LINE_BYTES = 4096;
const KERNEL_ADDRESS = 0x100000;
const HEAP_END = 0xfe00;
const PAGE = 4096;

interface Layout {
  readonly setupBytes: number;
  readonly initrdMax: number;
}

const failed = (message: string, hint?: string): Result<never> => err(failure('kernel.format', message, hint));

export const isLinuxKernel = (image: Uint8Array): boolean =>
  image.length >= HEADER.END_203 &&
  new DataView(image.buffer, image.byteOffset).getUint32(HEADER.MAGIC, true) === HEADER_MAGIC;

/** What the kernel wants, from its header. Errors: `kernel.format`. */
export function checkLinuxKernel(kernel: KernelImage): Result<Layout> {
  const { image, commandLine } = kernel;
  if (image.length < HEADER.END_203) return failed(`the kernel image has ${image.length} bytes, less than a header`);
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (view.getUint32(HEADER.MAGIC, true) !== HEADER_MAGIC)
    return failed(
      'offset 202h: no "HdrS": neither a Linux bzImage nor a Multiboot or PVH kernel',
      'give a vmlinuz or bzImage file, or a Multiboot kernel',
    );
  const version = view.getUint16(HEADER.VERSION, true);
  if (version < 0x202) return failed(`offset 206h: boot protocol ${version.toString(16)}h is older than 2.02`);
  if (!(image[HEADER.LOADFLAGS] & LOADED_HIGH)) return failed('offset 211h: a zImage that loads low', 'give a bzImage');
  const setupBytes = setupBytesOf(image);
  if (setupBytes >= image.length)
    return failed(`offset 1F1h: ${setupBytes} bytes of setup in a file of ${image.length}`);
  if (commandLine.length >= COMMAND_LINE_BYTES) return failed(`a command line of ${commandLine.length} characters`);
  return ok({
    setupBytes,
    initrdMax: version >= 0x203 ? view.getUint32(HEADER.INITRD_ADDR_MAX, true) : DEFAULT_INITRD_MAX,
  });
}

/** Several initial RAM disks are one after another, each on a boundary of four bytes. */
function initialRamDisk(kernel: KernelImage): Uint8Array | undefined {
  const parts = kernel.modules ?? [];
  if (parts.length <= 1) return parts[0]?.bytes;
  const aligned = (length: number): number => Math.ceil(length / 4) * 4;
  const out = new Uint8Array(parts.reduce((sum, { bytes }) => sum + aligned(bytes.length), 0));
  let at = 0;
  for (const { bytes } of parts) {
    out.set(bytes, at);
    at += aligned(bytes.length);
  }
  return out;
}

/** Loads kernel, initrd and command line; the setup code's entry is at +20h:0000h. Errors: `kernel.format`, `kernel.memory`. */
export function loadLinux(g: Guest, kernel: KernelImage): Result<KernelStart> {
  const layout = checkLinuxKernel(kernel);
  if (!layout.ok) return layout;
  const { image, commandLine } = kernel;
  const initrd = initialRamDisk(kernel);
  const { setupBytes, initrdMax } = layout.value;
  const memoryBytes = g.usableBytes;
  if (KERNEL_ADDRESS + image.length - setupBytes > memoryBytes)
    return err(
      failure(
        'kernel.memory',
        `the kernel does not fit into ${memoryBytes >>> 20} MiB`,
        'give the machine more memory',
      ),
    );
  g.memory.writeBytes(SETUP_ADDRESS, image.subarray(0, setupBytes));
  g.memory.writeBytes(COMMAND_LINE_ADDRESS, new TextEncoder().encode(`${commandLine}\0`));
  const header = (offset: number): number => SETUP_ADDRESS + offset;
  g.memory.write8(header(HEADER.TYPE_OF_LOADER), LOADER_UNDEFINED);
  g.memory.write16(header(HEADER.HEAP_END_PTR), HEAP_END - 0x200);
  g.memory.write32(header(HEADER.CMD_LINE_PTR), COMMAND_LINE_ADDRESS);
  let endAddr = memoryBytes;
  if (initrd) {
    const top = Math.min(memoryBytes, initrdMax + 1);
    const at = (top - initrd.length) & ~(PAGE - 1);
    if (at < KERNEL_ADDRESS + image.length)
      return err(
        failure(
          'kernel.memory',
          `kernel and initrd do not fit into ${memoryBytes >>> 20} MiB`,
          'give the machine more memory',
        ),
      );
    g.memory.writeBytes(at, initrd);
    g.memory.write32(header(HEADER.RAMDISK_IMAGE), at);
    g.memory.write32(header(HEADER.RAMDISK_SIZE), initrd.length);
    endAddr = at;
  }
  let loadFlags = image[HEADER.LOADFLAGS] | CAN_USE_HEAP;
  const unpacked = kernel.takeUnpacked?.();
  const placed = unpacked && placeUnpacked(g, kernel, unpacked, endAddr);
  if (placed?.ok) {
    g.memory.write32(header(HEADER.CODE32_START), placed.value.entry);
    if (placed.value.random) loadFlags |= KASLR_FLAG;
  } else {
    if (placed) g.env.log(`the kernel unpacks itself: ${placed.error.message}`);
    g.memory.writeBytes(KERNEL_ADDRESS, image.subarray(setupBytes));
  }
  g.memory.write8(header(HEADER.LOADFLAGS), loadFlags);
  const segment = SETUP_ADDRESS >> 4;
  return ok({ mode: 'real', segment: segment + 0x20, offset: 0, data: segment, sp: HEAP_END });
}
