/** Kernels that the firmware starts by itself: Linux, Multiboot, and ELF files with a PVH entry. */
import type { Result } from '../base/index.ts';
import { isElf } from './elf.ts';
import type { KernelImage } from './env.ts';
import type { Guest } from './guest.ts';
import { checkLinuxKernel, isLinuxKernel, loadLinux } from './linux-boot.ts';
import { checkMultiboot, isMultiboot, loadMultiboot } from './multiboot.ts';
import { checkPvh, loadPvh } from './pvh.ts';

/** How a kernel that lies in memory is entered. */
export type KernelStart =
  | {
      readonly mode: 'real';
      readonly segment: number;
      readonly offset: number;
      readonly data: number;
      readonly sp: number;
    }
  /** 32-bit protected mode without paging, flat segments, interrupts off. */
  | { readonly mode: 'protected'; readonly entry: number; readonly eax: number; readonly ebx: number };

/** Errors: `kernel.format`. */
export function checkKernel(kernel: KernelImage): Result<unknown> {
  if (isLinuxKernel(kernel.image)) return checkLinuxKernel(kernel);
  if (isMultiboot(kernel.image)) return checkMultiboot(kernel);
  return isElf(kernel.image) ? checkPvh(kernel) : checkLinuxKernel(kernel);
}

/** Puts kernel, modules and command line into memory. Errors: `kernel.format`, `kernel.memory`. */
export function loadKernel(g: Guest, kernel: KernelImage): Result<KernelStart> {
  if (isLinuxKernel(kernel.image)) return loadLinux(g, kernel);
  if (isMultiboot(kernel.image)) return loadMultiboot(g, kernel);
  return isElf(kernel.image) ? loadPvh(g, kernel) : loadLinux(g, kernel);
}
