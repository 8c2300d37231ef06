/**
 * A processor with RAM and nothing else, and the few bytes of machine code that tests write by hand. Real mode starts
 * at CODE with every segment at 0; `enterProtected` gives flat 32-bit segments and an IDT whose handlers halt.
 */
import { IoBus } from '../bus/index.ts';
import { SEG } from '../isa/index.ts';
import { PhysicalMemory } from '../memory/index.ts';
import type { CpuConnections, CpuStop } from './connections.ts';
import { Cpu } from './engine.ts';
import { CONTROL, PHYSICAL_TABLES, RAM_BASE, SEG_TR, codeMapBytes } from './layout.ts';
import { ATTR } from './state.ts';

export const RAM_BYTES = 0x40_0000;
const WASM_PAGE = 0x10000;

/** Where programs start. */
export const CODE = 0x8000;
export const STACK = 0x7000;
export const REG = { AX: 0, CX: 1, DX: 2, BX: 3, SP: 4, BP: 5, SI: 6, DI: 7 } as const;

/** Protected mode: tables and handlers, out of the way of CODE. */
const GDT = 0x1000, IDT = 0x1800, TSS = 0x1400, HANDLERS = 0x2000, HANDLER_BYTES = 16; // prettier-ignore
export const SELECTOR = { CODE: 0x08, DATA: 0x10, USER_CODE: 0x1b, USER_DATA: 0x23, TSS: 0x28 } as const;
const VECTORS = 256;
/** Stack of level 0 for interrupts from level 3. */
export const STACK0 = 0x6000;
/** Where the task state segment names that stack. */
export const TSS_ESP0 = TSS + 4;
const CR0_PE = 1;
const FLAT = 0xffff_ffff;
const DATA32 = ATTR.P | ATTR.S | ATTR.RW | ATTR.ACCESSED | ATTR.DB | ATTR.G;
const CODE32 = DATA32 | ATTR.CODE;
const TSS32_BUSY = ATTR.P | 11;
const TSS_LIMIT = 0x67;
const HLT = 0xf4;

export interface Delivered {
  readonly vector: number;
  readonly errorCode: number | undefined;
  /** EIP when it was delivered: what is pushed. */
  readonly rip: number;
}

export class TestCpu {
  readonly memory: PhysicalMemory;
  readonly io = new IoBus();
  readonly cpu: Cpu;
  /** Exceptions and interrupts in the order in which they were delivered. */
  readonly delivered: Delivered[] = [];
  readonly log: string[] = [];
  acknowledged = 0;
  /** Vector of the board's interrupt. */
  vector = 0x20;
  timeStamp = 0;

  constructor(connections: Partial<CpuConnections> = {}) {
    const codeMap = RAM_BASE + RAM_BYTES;
    const pages = Math.ceil((codeMap + codeMapBytes(RAM_BYTES)) / WASM_PAGE);
    const linearMemory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.memory = new PhysicalMemory(linearMemory.buffer, PHYSICAL_TABLES);
    this.memory.mapRam(0, RAM_BYTES, RAM_BASE);
    this.cpu = new Cpu({
      memory: this.memory,
      linearMemory,
      codeMap,
      io: this.io,
      acknowledge: () => {
        this.acknowledged++;
        return this.vector;
      },
      timeStamp: () => this.timeStamp,
      log: (message) => this.log.push(message),
      ...connections,
    });
    const { state } = this.cpu;
    this.cpu.onException = (vector, _source, errorCode) => this.delivered.push({ vector, errorCode, rip: state.rip });
    for (let index = 0; index < 6; index++) state.setRealSegment(index, 0);
    state.setGpr(REG.DX, 0); // the processor's signature
    state.setGpr(REG.SP, STACK);
    state.rip = CODE;
    this.cpu.afterFirmware();
  }

  /** Puts code or data in place as a bus master would. */
  load(address: number, ...bytes: number[]): this {
    this.memory.dmaWrite(address, Uint8Array.from(bytes));
    return this;
  }

  /** A program at CODE. */
  program(...bytes: number[]): this {
    return this.load(CODE, ...bytes);
  }

  store32(address: number, value: number): this {
    this.memory.write(address, 4, value >>> 0);
    return this;
  }

  /** Real mode: interrupts and exceptions of this vector go to `address` below 64 KiB. */
  realVector(vector: number, address: number): this {
    return this.store32(vector * 4, address);
  }

  /** Runs until `count` more instructions are retired or the processor stops. */
  step(count: number): CpuStop {
    const end = this.cpu.retired + count;
    let stop: CpuStop = 'budget';
    while (this.cpu.retired < end && stop !== 'halted' && stop !== 'shutdown')
      stop = this.cpu.run(end - this.cpu.retired);
    return stop;
  }

  /** Ends HLT without an interrupt. */
  wake(): void {
    this.cpu.state.set(CONTROL.halted, 0);
  }

  reg(index: number): number {
    return this.cpu.state.gpr(index);
  }

  /** Registers of 16 bits. */
  reg16(index: number): number {
    return this.cpu.state.gpr(index) & 0xffff;
  }

  /** Flat 32-bit segments at privilege `cpl`; interrupts and exceptions halt in level 0, and `interruptedAt` tells where. */
  enterProtected(cpl: 0 | 3 = 0): this {
    const { state } = this.cpu;
    this.#writeTables();
    state.set(CONTROL.cr0, CR0_PE);
    state.set(CONTROL.cpl, cpl);
    state.set(CONTROL.gdtrBase, GDT);
    state.set(CONTROL.gdtrLimit, 0x2f);
    state.set(CONTROL.idtrBase, IDT);
    state.set(CONTROL.idtrLimit, VECTORS * 8 - 1);
    const dpl = cpl << ATTR.DPL_SHIFT;
    for (let index = 0; index < 6; index++)
      state.setSegment(index, cpl === 3 ? SELECTOR.USER_DATA : SELECTOR.DATA, 0, FLAT, DATA32 | dpl);
    state.setSegment(SEG.CS, cpl === 3 ? SELECTOR.USER_CODE : SELECTOR.CODE, 0, FLAT, CODE32 | dpl);
    state.setSegment(SEG_TR, SELECTOR.TSS, TSS, TSS_LIMIT, TSS32_BUSY);
    this.cpu.afterFirmware();
    return this;
  }

  #writeTables(): void {
    this.#descriptor(SELECTOR.CODE, 0xfffff, CODE32);
    this.#descriptor(SELECTOR.DATA, 0xfffff, DATA32);
    this.#descriptor(SELECTOR.USER_CODE & ~3, 0xfffff, CODE32 | (3 << ATTR.DPL_SHIFT));
    this.#descriptor(SELECTOR.USER_DATA & ~3, 0xfffff, DATA32 | (3 << ATTR.DPL_SHIFT));
    this.#descriptor(SELECTOR.TSS, TSS_LIMIT, TSS32_BUSY, TSS);
    for (let vector = 0; vector < VECTORS; vector++) this.gate(vector, handlerOf(vector)).load(handlerOf(vector), HLT);
    this.store32(TSS_ESP0, STACK0).store32(TSS + 8, SELECTOR.DATA);
  }

  #descriptor(selector: number, limit: number, attributes: number, base = 0): void {
    this.store32(GDT + selector, (limit & 0xffff) | ((base & 0xffff) << 16));
    this.store32(
      GDT + selector + 4,
      ((base >>> 16) & 0xff) | (attributes << 8) | (limit & 0xf0000) | (base & 0xff000000),
    );
  }

  /** A 32-bit interrupt gate of level 3; `present` false makes delivery fault with #NP. */
  gate(vector: number, offset: number, present = true): this {
    this.store32(IDT + vector * 8, (SELECTOR.CODE << 16) | (offset & 0xffff));
    return this.store32(IDT + vector * 8 + 4, (offset & 0xffff0000) | (present ? 0xee00 : 0x6e00));
  }

  /** The bytes of protected mode's 32-bit words on the stack, from its top. */
  stack(count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.memory.read(this.reg(REG.SP) + i * 4, 4));
  }
}

/** Where protected mode's handler of a vector lies. */
export const handlerOf = (vector: number): number => HANDLERS + vector * HANDLER_BYTES;

/** 16 and 32 bits in the order in which instructions hold them. */
export const w16 = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff];
export const w32 = (value: number): number[] => [...w16(value), ...w16(value >>> 16)];
