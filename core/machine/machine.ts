import type {
  Block,
  CharSink,
  DisplaySource,
  Entropy,
  KeyboardInput,
  PointerInput,
  SerialInput,
  TypistInput,
  WallClock,
} from '../backends/index.ts';
import type { Result } from '../base/index.ts';
import type { CommonHandlers, CpuModelName, CpuStats, RegionCompiler } from '../cpu/index.ts';
import type { LockstepSide } from '../cpu/lockstep.ts';
import type { GuestMemory } from '../snapshot/index.ts';

/** What a board is built from; checked by the contract before it gets here. */
export interface PcConfig {
  /** The machine's identity, as SMBIOS tells it to guests; default: none. */
  readonly uuid?: string;
  readonly memoryMiB: number;
  /** Tried in this order; the firmware says so on the screen when none boots. */
  readonly bootOrder: readonly ('floppy' | 'disk' | 'cdrom')[];
  /** `host`: guest time follows the injected host clock. `virtual`: time is instructions; repeatable bit for bit. */
  readonly clock: 'host' | 'virtual';
  /** `auto` compiles what is hot; `interpreter` nothing; `jit` everything at once, for tests. */
  readonly engine: 'auto' | 'interpreter' | 'jit';
  /** Default `default`. */
  readonly cpuModel?: CpuModelName;
  /** A ROM image that replaces the built-in firmware (mapped to end at 4 GiB and at 1 MiB). */
  readonly firmwareRom?: Uint8Array;
  /** A video BIOS for the adapter's expansion ROM, which a firmware other than ours runs. */
  readonly videoRom?: Uint8Array;
  /** A kernel to start directly: Linux, Multiboot, or ELF with a PVH entry. Modules are initial RAM disks to Linux. */
  readonly kernel?: {
    readonly image: Uint8Array;
    /** Gives a Linux kernel's payload unpacked, once: the guest begins behind the code that would do it. */
    readonly takeUnpacked?: (() => Uint8Array | undefined) | undefined;
    readonly modules?: readonly { readonly name: string; readonly bytes: Uint8Array }[];
    readonly commandLine: string;
  };
  /** `always`: the firmware asks what to boot from. `key`: it leaves a moment for F12. Default `off`. */
  readonly bootMenu?: 'off' | 'key' | 'always';
  /** `absolute` (default): VMware's absolute pointer beside the PS/2 mouse, for guests that know it. */
  readonly pointer?: 'absolute' | 'ps2';
  /** Virtio's entropy source and balloon, for guests that know them. Default true. */
  readonly paravirtual?: boolean;
  /** Memory that a guest with a balloon driver is asked to leave to the host. Default 0. */
  readonly balloonMiB?: number;
}

export interface PcBackends {
  /** Monotonic host time in nanoseconds; what the guest sees depends on it only when `clock` is `host`. */
  readonly hostClock: { readonly nowNs: number };
  readonly wallClock: WallClock;
  readonly entropy: Entropy;
  /** Drives A: and B:; undefined is an empty drive. */
  readonly floppies: readonly (Block | undefined)[];
  readonly disks: readonly Block[];
  readonly cdrom?: Block | undefined;
  /** COM1 first. */
  readonly serial: readonly CharSink[];
  /** What the guest writes to the debug ports E9h and 402h. */
  readonly debug?: CharSink;
  /** Compiles guest code beside the machine. Absent: it waits. */
  readonly regionCompiler?: RegionCompiler | undefined;
  /** Handlers of the processor that were made before. Absent: all are made as they are needed. */
  readonly commonHandlers?: CommonHandlers | undefined;
  readonly log: (message: string) => void;
}

export type RunStatus =
  /** `untilNs` was reached, or the host slice is over: call run again. */
  | { readonly kind: 'running' }
  /**
   * The processor waits (HLT); nothing happens before `wakeNs` of guest time unless input arrives. Until `latestNs` a guest
   * may sleep that does nothing anybody could see. Host clock only.
   */
  | { readonly kind: 'idle'; readonly wakeNs: number; readonly latestNs: number }
  | { readonly kind: 'stopped'; readonly reason: 'power-off' | 'cpu-shutdown' };

export interface FloppyDrive {
  insert(medium: Block | undefined): void;
}

export interface CdromDrive {
  /** Undefined takes the disc out. */
  insert(medium: Block | undefined): void;
  /** The guest keeps the tray closed. */
  readonly isLocked: boolean;
  /** The button on the drive; false when the guest has locked the tray: it is told of the wish. */
  pressEject(): boolean;
}

/** A running PC: the only thing that a machine's process knows of the core. */
export interface Machine {
  readonly nowNs: number;
  /** Instructions retired since power-on. */
  readonly instructions: number;
  readonly display: DisplaySource;
  readonly keyboard: KeyboardInput;
  readonly mouse: PointerInput;
  readonly typist: TypistInput;
  readonly serial: readonly SerialInput[];
  readonly floppies: readonly FloppyDrive[];
  readonly cdrom?: CdromDrive | undefined;
  /** The person pressed the power button; true when an operating system listens to it. */
  pressPowerButton?(): boolean;
  /**
   * Runs until guest time `untilNs`, a wait, or power-off. With the virtual clock it stops at exactly `untilNs` and
   * skips waits; with the host clock it also returns after about `sliceMs` of host time (default 5).
   */
  run(untilNs: number, sliceMs?: number): RunStatus;
  reset(): void;
  /** The whole machine, memory included, at an instruction boundary. */
  save(): Uint8Array;
  /** All or nothing: on an error the machine is as before. */
  load(image: Uint8Array): Result<void>;
  /** Where the processor's time went, as far as it keeps counters. */
  stats?(): CpuStats;
  /** As save and load, but without RAM, which `memory` gives and takes piece by piece while the machine runs. */
  saveState(): Uint8Array;
  loadState(image: Uint8Array): Result<void>;
  readonly memory: GuestMemory;
  /** The processor and its address space, to set two machines side by side. */
  readonly inside?: LockstepSide;
  /** Counters and states for people: per device lines from the state declarations. */
  describe(): Readonly<Record<string, readonly string[]>>;
}
