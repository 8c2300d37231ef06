/** Multiboot kernels. "Multiboot Specification version 0.6.96". */
import { err, failure, ok, type Result } from '../base/index.ts';
import { isElf, parseElf, type ElfSegment } from './elf.ts';
import type { KernelImage } from './env.ts';
import type { Guest } from './guest.ts';
import { InfoBlock, KernelMemory } from './kernel-memory.ts';
import type { KernelStart } from './kernel.ts';
import { addressMap } from './memory15.ts';

const HEADER_MAGIC = 0x1bad_b002;
const SEARCHED_BYTES = 8192;
const HEADER_BYTES = 12;
const HEADER_ADDRESSES_END = 32;
const FLAG = { VIDEO: 0x0000_0004, ADDRESSES: 0x0001_0000 } as const;
/** Low flags that a loader must refuse a kernel for if it does not know them. */
const MUST_KNOW = 0xffff;
const KNOWN = 0x0001 | 0x0002 | FLAG.VIDEO;

const LOADER_MAGIC = 0x2bad_b002;
const INFO_BYTES = 116;
const INFO = {
  MEMORY: 0x0001,
  COMMAND_LINE: 0x0004,
  MODULES: 0x0008,
  MEMORY_MAP: 0x0040,
  LOADER_NAME: 0x0200,
  FRAME_BUFFER: 0x1000,
} as const;
const KIB = 1024;
const MIB = 1024 * KIB;
const LOW_MEMORY_KIB = 639;
/** The colour text screen that a PC starts with. */
const TEXT_SCREEN = { ADDRESS: 0xb8000, PITCH: 160, WIDTH: 80, HEIGHT: 25, BITS: 16, EGA_TEXT: 2 } as const;

interface Plan {
  readonly entry: number;
  readonly segments: readonly ElfSegment[];
  readonly wantsVideo: boolean;
}

const failed = (message: string, hint?: string): Result<never> => err(failure('kernel.format', message, hint));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Offset of the header, -1 without one: on a boundary of four bytes, with a checksum. */
function headerOffset(image: Uint8Array): number {
  const view = viewOf(image);
  const end = Math.min(SEARCHED_BYTES, image.length) - HEADER_BYTES;
  for (let at = 0; at <= end; at += 4) {
    if (view.getUint32(at, true) !== HEADER_MAGIC) continue;
    const sum = HEADER_MAGIC + view.getUint32(at + 4, true) + view.getUint32(at + 8, true);
    if (sum % 2 ** 32 === 0) return at;
  }
  return -1;
}

export const isMultiboot = (image: Uint8Array): boolean => headerOffset(image) >= 0;

/** What goes where, from the header's addresses or the ELF program headers. Errors: `kernel.format`. */
export function checkMultiboot({ image }: KernelImage): Result<Plan> {
  const at = headerOffset(image);
  const flags = viewOf(image).getUint32(at + 4, true);
  const unknown = flags & MUST_KNOW & ~KNOWN;
  if (unknown !== 0)
    return failed(
      `offset ${(at + 4).toString(16)}h: the Multiboot kernel wants what flags ${unknown.toString(16)}h stand for`,
    );
  const wantsVideo = (flags & FLAG.VIDEO) !== 0;
  if (flags & FLAG.ADDRESSES) return fromAddresses(image, at, wantsVideo);
  if (!isElf(image)) return failed('a Multiboot kernel that is no ELF file and gives no addresses in its header');
  const elf = parseElf(image);
  if (!elf.ok) return elf;
  if (elf.value.bits !== 32) return failed('a 64-bit ELF file as Multiboot kernel', 'Multiboot starts 32-bit code');
  return ok({ entry: elf.value.entry, segments: elf.value.segments, wantsVideo });
}

/** Section 3.1.3. */
function fromAddresses(image: Uint8Array, at: number, wantsVideo: boolean): Result<Plan> {
  if (at + HEADER_ADDRESSES_END > image.length) return failed('the Multiboot header leaves the file');
  const view = viewOf(image);
  const [header, load, loadEnd, bssEnd, entry] = [12, 16, 20, 24, 28].map((field) => view.getUint32(at + field, true));
  const start = at - (header - load);
  const fileBytes = loadEnd === 0 ? image.length - start : loadEnd - load;
  if (load > header || start < 0 || fileBytes <= 0 || start + fileBytes > image.length)
    return failed(`offset ${(at + 12).toString(16)}h: the addresses in the Multiboot header leave the file`);
  const bytes = image.subarray(start, start + fileBytes);
  const memoryBytes = bssEnd === 0 ? fileBytes : Math.max(fileBytes, bssEnd - load);
  return ok({ entry, segments: [{ physAddr: load, virtAddr: load, bytes, memoryBytes }], wantsVideo });
}

/** Errors: `kernel.format`, `kernel.memory`. */
export function loadMultiboot(g: Guest, kernel: KernelImage): Result<KernelStart> {
  const plan = checkMultiboot(kernel);
  if (!plan.ok) return plan;
  const memory = new KernelMemory(g);
  const loaded = memory.load(plan.value.segments);
  if (!loaded.ok) return loaded;
  const modules: { readonly start: number; readonly end: number; readonly name: string }[] = [];
  for (const { name, bytes } of kernel.modules ?? []) {
    const start = memory.place(bytes);
    if (!start.ok) return start;
    modules.push({ start: start.value, end: start.value + bytes.length, name });
  }
  const info = memory.place(bootInformation(g, kernel.commandLine, modules, plan.value.wantsVideo, memory.next));
  if (!info.ok) return info;
  return ok({ mode: 'protected', entry: plan.value.entry, eax: LOADER_MAGIC, ebx: info.value });
}

/** Section 3.3, to lie at `physAddr`. */
function bootInformation(
  g: Guest,
  commandLine: string,
  modules: readonly { readonly start: number; readonly end: number; readonly name: string }[],
  wantsVideo: boolean,
  physAddr: number,
): Uint8Array {
  const block = new InfoBlock(physAddr);
  block.add(new Uint8Array(INFO_BYTES));
  const moduleList = new Uint8Array(modules.length * 16);
  modules.forEach(({ start, end, name }, i) =>
    [start, end, block.text(name), 0].forEach((value, n) => viewOf(moduleList).setUint32(i * 16 + n * 4, value, true)),
  );
  const map = memoryMap(g);
  const addresses = {
    commandLine: block.text(commandLine),
    modules: block.add(moduleList),
    map: block.add(map),
    loader: block.text('Terrarium'),
  };
  const { bytes } = block;
  const view = viewOf(bytes);
  const put = (at: number, value: number): void => view.setUint32(at, value, true);
  const { MEMORY, COMMAND_LINE, MODULES, MEMORY_MAP, LOADER_NAME, FRAME_BUFFER } = INFO;
  put(0, MEMORY | COMMAND_LINE | MODULES | MEMORY_MAP | LOADER_NAME | (wantsVideo ? FRAME_BUFFER : 0));
  put(4, LOW_MEMORY_KIB);
  put(8, Math.max(0, g.usableBytes - MIB) / KIB);
  put(16, addresses.commandLine);
  put(20, modules.length);
  put(24, addresses.modules);
  put(44, map.length);
  put(48, addresses.map);
  put(64, addresses.loader);
  if (wantsVideo) {
    put(88, TEXT_SCREEN.ADDRESS);
    put(96, TEXT_SCREEN.PITCH);
    put(100, TEXT_SCREEN.WIDTH);
    put(104, TEXT_SCREEN.HEIGHT);
    bytes[108] = TEXT_SCREEN.BITS;
    bytes[109] = TEXT_SCREEN.EGA_TEXT;
  }
  return bytes;
}

function memoryMap(g: Guest): Uint8Array {
  const ENTRY_BYTES = 24;
  const regions = addressMap(g.memory.sizeBytes, g.env.acpi?.physAddr);
  const out = new Uint8Array(regions.length * ENTRY_BYTES);
  const view = viewOf(out);
  regions.forEach(({ base, length, type }, i) => {
    const at = i * ENTRY_BYTES;
    view.setUint32(at, ENTRY_BYTES - 4, true);
    view.setBigUint64(at + 4, BigInt(base), true);
    view.setBigUint64(at + 12, BigInt(length), true);
    view.setUint32(at + 20, type, true);
  });
  return out;
}
