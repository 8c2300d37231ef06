/**
 * What a random program lives in: 2 MiB of RAM with the supervisor, page tables, code, data and stack; the same below
 * 64 KiB in every mode. Two processors share nothing but the program, so that each can be set against the other.
 *
 *     00500  mailbox, entry points, registers to start with (supervisor.asm has the same numbers)
 *     01000  supervisor, its tables and stacks
 *     08000  code of 32 bits, 2 pages, then of 16 bits, 2 pages
 *     0C000  data, 3 pages; the middle one is lazy
 *     0F000  stack
 *     10000  (paged) the code pages again; 14000 data, read-only; 15000 a hole; 16000 supervisor's; 18000 lazy, 4 pages in reverse
 *    1F0000  page tables
 */
import { IoBus } from '../../core/bus/index.ts';
import {
  Cpu,
  PHYSICAL_TABLES,
  RAM_BASE,
  codeMapBytes,
  compiledHandlers,
  encodeCommonHandlers,
} from '../../core/cpu/index.ts';
import { Lockstep, type LockstepSide } from '../../core/cpu/lockstep.ts';
import { SEG } from '../../core/isa/index.ts';
import { PAGE_BYTES, PhysicalMemory } from '../../core/memory/index.ts';
import { assembleFlat } from '../guest/system/images.ts';

export const CODE32 = 0x8000, CODE16 = 0xa000, CODE_BYTES = 0x2000; // prettier-ignore
export const DATA = 0xc000, DATA_BYTES = 0x3000, STACK = 0xffe0; // prettier-ignore
export const ALIAS = 0x10000, READ_ONLY = 0x14000, HOLE = 0x15000, SUPERVISOR_ONLY = 0x16000, LAZY = 0x18000; // prettier-ignore
export const TICK_VECTOR = 0x20;
/** A write to this port raises the interrupt at once, as a device does. */
export const TICK_PORT = 0x10;
export const ENTRIES = 16;

const RAM_BYTES = 0x200000;
const PAGES = RAM_BYTES / PAGE_BYTES;
const WASM_PAGE = 0x10000;
/**
 * A program whose pointer runs away repeats over addresses with nothing behind them, each element by way of TypeScript: with
 * the processor's own 4096 its budget of instructions would last half a minute.
 */
const REPEAT_SLICE = 256;
const SUPERVISOR = 0x1000;
const MAILBOX = { mode: 0x508, paging: 0x50c, flags: 0x510, control: 0x514, debug7: 0x518, resume16: 0x600, registers: 0x680 }; // prettier-ignore
const PD = 0x1f0000, PT = 0x1f1000, PDPT = 0x1f2000, PD_PAE = 0x1f3000, PT_PAE = 0x1f4000; // prettier-ignore
const PTE = { P: 1, RW: 2, US: 4 } as const;

/** How the supervisor starts the program; the numbers are supervisor.asm's. */
export const MODES = ['pm32_0', 'pm32_3', 'pm16_0', 'pm16_3', 'v86', 'real'] as const;

export interface Program {
  readonly seed: number;
  /** Index in MODES. */
  readonly mode: number;
  /** 0 none, 1 entries of 32 bits, 2 PAE. */
  readonly paging: number;
  readonly eflags: number;
  /** Bits of CR0 beside PE, NE and PG. */
  readonly cr0: number;
  /** CODE_BYTES each. */
  readonly code32: Uint8Array;
  readonly code16: Uint8Array;
  readonly data: Uint8Array;
  /** Addresses, ENTRIES each. */
  readonly entries16: readonly number[];
  readonly entries32: readonly number[];
  /** EDI ESI EBP - EBX EDX ECX EAX for 16-bit code, then for 32-bit code. */
  readonly registers: readonly number[];
  /** DR7, DR0 to DR3. */
  readonly debug: readonly number[];
}

/** As machines have them: some instructions in a row run by one handler. */
const commonHandlers = compiledHandlers(encodeCommonHandlers());

class World implements LockstepSide {
  readonly memory: PhysicalMemory;
  readonly cpu: Cpu;

  constructor(jit: 'off' | 'force') {
    const codeMap = RAM_BASE + RAM_BYTES;
    const pages = Math.ceil((codeMap + codeMapBytes(RAM_BYTES)) / WASM_PAGE);
    const linearMemory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.memory = new PhysicalMemory(linearMemory.buffer, PHYSICAL_TABLES);
    this.memory.mapRam(0, RAM_BYTES, RAM_BASE);
    const io = new IoBus();
    io.map({
      base: TICK_PORT,
      size: 1,
      device: { ioRead: () => this.cpu.retired & 0xff, ioWrite: () => this.cpu.setInterrupt(true) },
    });
    this.cpu = new Cpu({
      memory: this.memory,
      linearMemory,
      codeMap,
      io,
      acknowledge: () => {
        this.cpu.setInterrupt(false);
        return TICK_VECTOR;
      },
      timeStamp: () => this.cpu.retired - this.#retiredAtStart,
      log: () => {},
      jit,
      repeatSlice: REPEAT_SLICE,
      commonHandlers,
    });
    // The reference delivers interrupts by TypeScript, so that what generated code makes of them is set against it.
    if (jit === 'off') this.cpu.onException = () => {};
  }

  #retiredAtStart = 0;

  load(program: Program): void {
    const { cpu, memory } = this;
    const zeros = new Uint8Array(PAGE_BYTES);
    for (let page = 0; page < PAGES; page++) {
      if (memory.dirty[page]) memory.dmaWrite(page * PAGE_BYTES, zeros);
      memory.dirty[page] = 0;
    }
    writeSupervisor(memory);
    writePageTables(memory);
    const words = (address: number, values: readonly number[]): void =>
      values.forEach((value, i) => memory.write(address + i * 4, 4, value >>> 0));
    words(MAILBOX.mode, [program.mode, program.paging, program.eflags, program.cr0, ...program.debug]);
    words(MAILBOX.resume16, [...program.entries16, ...program.entries32, ...program.registers]);
    memory.dmaWrite(CODE32, program.code32);
    memory.dmaWrite(CODE16, program.code16);
    memory.dmaWrite(DATA, program.data);
    cpu.reset();
    for (let index = 0; index < 6; index++) cpu.state.setRealSegment(index, 0);
    cpu.state.rip = SUPERVISOR;
    cpu.setInterrupt(false);
    cpu.afterLoad();
    this.#retiredAtStart = cpu.retired;
  }
}

let supervisor: Uint8Array | undefined;
const supervisorBytes = (): Uint8Array => (supervisor ??= assembleFlat(new URL('supervisor.asm', import.meta.url)));

/** The image, and the tables that it leaves to us: interrupt vectors, gates, bases of the task state segments. */
function writeSupervisor(memory: PhysicalMemory): void {
  memory.dmaWrite(SUPERVISOR, supervisorBytes());
  const word = (index: number): number => memory.read(SUPERVISOR + 0x10 + index * 4, 4);
  const [stubs16, size16, stubs32, size32, idt, gdt, tss, tssDouble, selector, selectorDouble, code0, data0, stack0] =
    Array.from({ length: 13 }, (_, i) => word(i));
  for (let vector = 0; vector < 256; vector++) {
    memory.write(vector * 4, 4, stubs16 + vector * size16);
    const handler = stubs32 + vector * size32;
    const service = vector >= 0x30 && vector <= 0x33;
    const open = service || vector === 3 || vector === 4;
    memory.write(idt + vector * 8, 4, ((code0 << 16) | (handler & 0xffff)) >>> 0);
    memory.write(idt + vector * 8 + 4, 4, open ? 0xee00 : 0x8e00);
  }
  memory.write(idt + 8 * 8, 4, (selectorDouble << 16) >>> 0);
  memory.write(idt + 8 * 8 + 4, 4, 0x8500);
  const base = (at: number, address: number): void => {
    memory.write(gdt + at + 2, 2, address);
  };
  base(selector, tss);
  base(selectorDouble, tssDouble);
  memory.write(tss + 4, 4, stack0);
  memory.write(tss + 8, 4, data0);
  memory.write(tss + 0x66, 2, 0x68);
  // The call gate at 68h leads to a far return.
  memory.write(gdt + 0x68, 2, CALL_GATE_TARGET);
  memory.write(CALL_GATE_TARGET, 1, RETF);
}
const CALL_GATE_TARGET = 0x700;
const RETF = 0xcb;

function writePageTables(memory: PhysicalMemory): void {
  memory.write(PD, 4, PT | PTE.P | PTE.RW | PTE.US);
  for (let i = 0; i < 4; i++) memory.write(PDPT + i * 8, 4, PD_PAE | PTE.P);
  memory.write(PD_PAE, 4, PT_PAE | PTE.P | PTE.RW | PTE.US);
  for (let page = 0; page < PAGES; page++) {
    const entry = entryOf(page);
    memory.write(PT + page * 4, 4, entry);
    memory.write(PT_PAE + page * 8, 4, entry);
  }
}

function entryOf(page: number): number {
  const address = page * PAGE_BYTES;
  const user = PTE.P | PTE.RW | PTE.US;
  if (address >= CODE32 && address < ALIAS) return address | (address === DATA + PAGE_BYTES ? PTE.RW | PTE.US : user);
  if (address >= ALIAS && address < READ_ONLY) return (address - ALIAS + CODE32) | user;
  if (address === READ_ONLY) return DATA | PTE.P | PTE.US;
  if (address === HOLE) return 0;
  // From last to first: an access that ends in the next page goes on elsewhere.
  if (address >= LAZY && address < LAZY + 4 * PAGE_BYTES)
    return (2 * LAZY + 3 * PAGE_BYTES - address) | PTE.RW | PTE.US;
  return address | PTE.P | PTE.RW;
}

/** Tier 0 as the reference and everything compiled beside it; made once, used for program after program. */
export class Pair {
  readonly #reference = new World('off');
  readonly #tested: World;
  readonly lockstep: Lockstep;

  constructor(tested: 'off' | 'force' = 'force') {
    this.#tested = new World(tested);
    this.lockstep = new Lockstep(this.#reference, this.#tested, PAGES);
  }

  load(program: Program): void {
    this.#reference.load(program);
    this.#tested.load(program);
  }

  get reference(): LockstepSide {
    return this.#reference;
  }

  /** The board's interrupt line of both. */
  interrupt(): void {
    this.#reference.cpu.setInterrupt(true);
    this.#tested.cpu.setInterrupt(true);
  }

  /** What stands at the reference's next instruction. */
  codeAt(): { readonly address: number; readonly bytes: Uint8Array; readonly size: 16 | 32 } {
    const { cpu, memory } = this.#reference;
    const address = (cpu.state.base(SEG.CS) + cpu.state.rip) >>> 0;
    const bytes = new Uint8Array(15);
    for (let i = 0; i < bytes.length; i++) {
      const linear = (address + i) >>> 0;
      bytes[i] = memory.read(linear >= ALIAS && linear < READ_ONLY ? linear - ALIAS + CODE32 : linear, 1);
    }
    return { address, bytes, size: cpu.state.attributes(SEG.CS) & 0x4000 ? 32 : 16 };
  }
}
