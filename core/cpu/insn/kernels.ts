import { INTERRUPT_KERNELS } from './interrupt-kernels.ts';
import type { Kernel } from './kernel.ts';
import { PAGE_KERNELS } from './page-walk.ts';
import { SEGMENT_KERNELS } from './segment-kernels.ts';
import { STRING_KERNELS } from './string-kernels.ts';
import { X87_KERNELS } from './x87-kernels.ts';

/** Every function that semantics may call, by the name under which the runtime module exports it. */
export const KERNELS = { ...INTERRUPT_KERNELS, ...X87_KERNELS, ...SEGMENT_KERNELS, ...PAGE_KERNELS, ...STRING_KERNELS };
export type KernelName = keyof typeof KERNELS;
export const KERNEL_ENTRIES = Object.entries(KERNELS) as [KernelName, Kernel][];
