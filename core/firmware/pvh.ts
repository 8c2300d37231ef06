/** ELF kernels with a PVH entry (an uncompressed Linux vmlinux). Xen "x86/HVM direct boot ABI", public/arch-x86/hvm/start_info.h. */
import { err, failure, ok, type Result } from '../base/index.ts';
import { parseElf, type Elf } from './elf.ts';
import type { KernelImage } from './env.ts';
import type { Guest } from './guest.ts';
import { InfoBlock, KernelMemory } from './kernel-memory.ts';
import type { KernelStart } from './kernel.ts';
import { addressMap } from './memory15.ts';
import { RSDP_ADDRESS } from './system-tables.ts';

/** XEN_ELFNOTE_PHYS32_ENTRY. */
const NOTE_TYPE = 18;
const NOTE_NAME = 'Xen';
const START_INFO_MAGIC = 0x336e_c578;
const START_INFO_BYTES = 56;

const entryOf = (elf: Elf): number | undefined => {
  const data = elf.notes.find(({ name, type }) => name === NOTE_NAME && type === NOTE_TYPE)?.data;
  return data && data.length >= 4 ? new DataView(data.buffer, data.byteOffset).getUint32(0, true) : undefined;
};

/** Errors: `kernel.format`. */
export function checkPvh({ image }: KernelImage): Result<{ readonly elf: Elf; readonly entry: number }> {
  const elf = parseElf(image);
  if (!elf.ok) return elf;
  const entry = entryOf(elf.value);
  return entry === undefined
    ? err(
        failure('kernel.format', 'the ELF file has no PVH entry', 'give a kernel built with CONFIG_PVH, or a bzImage'),
      )
    : ok({ elf: elf.value, entry });
}

/** Errors: `kernel.format`, `kernel.memory`. */
export function loadPvh(g: Guest, kernel: KernelImage): Result<KernelStart> {
  const checked = checkPvh(kernel);
  if (!checked.ok) return checked;
  const memory = new KernelMemory(g);
  const loaded = memory.load(checked.value.elf.segments);
  if (!loaded.ok) return loaded;
  const modules: { readonly start: number; readonly length: number; readonly name: string }[] = [];
  for (const { name, bytes } of kernel.modules ?? []) {
    const start = memory.place(bytes);
    if (!start.ok) return start;
    modules.push({ start: start.value, length: bytes.length, name });
  }
  const info = memory.place(startInfo(g, kernel.commandLine, modules, memory.next));
  if (!info.ok) return info;
  return ok({ mode: 'protected', entry: checked.value.entry, eax: 0, ebx: info.value });
}

function startInfo(
  g: Guest,
  commandLine: string,
  modules: readonly { readonly start: number; readonly length: number; readonly name: string }[],
  physAddr: number,
): Uint8Array {
  const block = new InfoBlock(physAddr);
  block.add(new Uint8Array(START_INFO_BYTES));
  const list = words64(modules.flatMap(({ start, length, name }) => [start, length, block.text(name), 0]));
  const regions = addressMap(g.memory.sizeBytes, g.env.acpi?.physAddr);
  const map = words64(regions.flatMap(({ base, length, type }) => [base, length, type]));
  const addresses = { list: block.add(list), commandLine: block.text(commandLine), map: block.add(map) };
  const { bytes } = block;
  const view = new DataView(bytes.buffer);
  view.setUint32(0, START_INFO_MAGIC, true);
  view.setUint32(4, 1, true); // version
  view.setUint32(12, modules.length, true);
  const pointers = [addresses.list, addresses.commandLine, g.env.acpi ? RSDP_ADDRESS : 0, addresses.map];
  bytes.set(words64(pointers), 16);
  view.setUint32(48, regions.length, true);
  return bytes;
}

function words64(values: readonly number[]): Uint8Array {
  const out = new Uint8Array(values.length * 8);
  const view = new DataView(out.buffer);
  values.forEach((value, i) => view.setBigUint64(i * 8, BigInt(value), true));
  return out;
}
