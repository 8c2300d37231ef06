import type { Block } from '../backends/index.ts';
import type { IoBus } from '../bus/index.ts';

/**
 * The processor as the firmware sees it during a call-out: between two instructions, registers readable and writable.
 * General registers are unsigned 32-bit; selectors are set as real mode does (base = selector << 4).
 */
export interface BiosCpu {
  eax: number;
  ebx: number;
  ecx: number;
  edx: number;
  esi: number;
  edi: number;
  ebp: number;
  esp: number;
  eip: number;
  eflags: number;
  cs: number;
  ds: number;
  es: number;
  ss: number;
  readonly protectedMode: boolean;
  /** Loads GDTR/IDTR limits and bases, CR0: what INT 15h AH=87h and resets need. */
  setRealModeSegment(name: 'cs' | 'ds' | 'es' | 'ss', selector: number): void;
}

/** Physical memory, MMIO included (so that VRAM at A0000h is reached through the adapter). Values are unsigned. */
export interface BiosMemory {
  readonly sizeBytes: number;
  read8(physAddr: number): number;
  read16(physAddr: number): number;
  read32(physAddr: number): number;
  write8(physAddr: number, value: number): void;
  write16(physAddr: number, value: number): void;
  write32(physAddr: number, value: number): void;
  readBytes(physAddr: number, target: Uint8Array): void;
  writeBytes(physAddr: number, data: Uint8Array): void;
}

/** A drive as INT 13h reaches it: the medium itself, not the controller. `medium` is read at every call. */
export interface BiosDrive {
  readonly medium: Block | undefined;
  /** True once after the medium was exchanged. */
  takeChanged(): boolean;
}

/** A file that a kernel gets beside itself: an initial RAM disk, a Multiboot module. */
export interface KernelModule {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A kernel that is started instead of a boot medium. */
export interface KernelImage {
  readonly image: Uint8Array;
  /**
   * Gives what `linuxPayload` finds in a Linux image, unpacked by the host, for the first start: it is several times as large
   * as the image, and not kept. Undefined: the guest unpacks it.
   */
  readonly takeUnpacked?: (() => Uint8Array | undefined) | undefined;
  readonly modules?: readonly KernelModule[];
  readonly commandLine: string;
}

export interface BiosEnv {
  readonly kernel?: KernelImage | undefined;
  readonly cpu: BiosCpu;
  readonly memory: BiosMemory;
  readonly io: IoBus;
  readonly floppies: readonly BiosDrive[];
  readonly disks: readonly BiosDrive[];
  readonly cdroms: readonly BiosDrive[];
  readonly bootOrder: readonly ('floppy' | 'disk' | 'cdrom')[];
  /** `key`: a moment is left for F12. `off`: F12 counts if it was pressed already. Default `off`. */
  readonly bootMenu?: 'off' | 'key' | 'always' | undefined;
  readonly nowNs: () => number;
  /** From 0 to 1, exclusive: where a kernel goes that the host unpacked. Absent: always the first place. */
  readonly random?: () => number;
  readonly setA20: (enabled: boolean) => void;
  readonly getA20: () => boolean;
  readonly powerOff: () => void;
  readonly reset: () => void;
  readonly log: (message: string) => void;
  /** INT 16h has no key to tell of; true: nothing changes before the next interrupt. Absent: that is not known. */
  readonly pollsInVain?: (() => boolean) | undefined;
  /** Linear to physical while paging is on (virtual-8086 monitors); -1 where nothing is mapped. Absent: identity. */
  readonly translate?: (linearAddr: number, write: boolean) => number;
  /** Whether the processor has a floating-point unit, for the equipment word. Absent: it has none. */
  readonly hasFpu?: () => boolean;
  /** Tables for POST to put into memory, which is reported as used by them. */
  readonly acpi?: { readonly physAddr: number; readonly bytes: Uint8Array } | undefined;
  /** Physical address of the adapter's linear frame buffer. Default E0000000h. */
  readonly lfbAddr?: () => number;
}
