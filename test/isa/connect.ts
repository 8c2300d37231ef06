/**
 * The core's processor behind the truth tests' interface. Protected mode gets tables of its own, out of the way of the
 * tests' code and data: exceptions arrive through interrupt gates at a HLT of their own, and the pushed frame says what
 * was interrupted. So the engine is seen as software sees it, nothing else of it is used.
 */
import { IoBus } from '../../core/bus/index.ts';
import { Cpu } from '../../core/cpu/engine.ts';
import {
  CONTROL,
  PHYSICAL_TABLES,
  RAM_BASE,
  SEG_TR,
  SSE,
  X87,
  X87_REGISTER_BYTES,
  codeMapBytes,
} from '../../core/cpu/layout.ts';
import { SEG } from '../../core/isa/index.ts';
import { PAGE_BYTES, PhysicalMemory } from '../../core/memory/index.ts';
import type { CpuUnderTest, EngineUnderTest, MemoryImage, Regs, RunOutcome } from './cpu-under-test.ts';
import { GENERAL_REGISTERS } from './cpu-under-test.ts';

const RAM_BYTES = 0x200000;
const WASM_PAGE = 0x10000;

const GDT = 0x20000, IDT = 0x20400, TSS = 0x21000, HANDLERS = 0x22000, STACK0 = 0x24000; // prettier-ignore
const PAGE_POINTERS = 0x1ef000, PAGE_DIRECTORY = 0x1f0000, PAGE_TABLE = 0x1f1000; // prettier-ignore
const PTE = { present: 1, writable: 2, user: 4 } as const;
const NO_EXECUTE = 0x80000000, EFER_NXE = 0x800; // prettier-ignore
/** First address, end, who else than the supervisor, and the high half: data, code, and the tables above with the stack. */
const MAPPED = [
  [0x8000, 0xa000, PTE.user, NO_EXECUTE],
  [0xc000, 0xd000, PTE.user, 0],
  [GDT, STACK0 + PAGE_BYTES, 0, 0],
] as const;
const ZEROS = new Uint8Array(PAGE_BYTES);
const HANDLER_BYTES = 16;
const VECTORS = 256;
const CODE0 = 0x08, DATA0 = 0x10; // prettier-ignore
const HLT = 0xf4;
/** Protected mode; FPU errors as exceptions; alignment is checked for who sets EFLAGS.AC. */
const CR0_PE_NE_AM = 0x40021;
const CR0_PG = 0x80000000;
const CR4_PAE = 0x20;
const CR4_OSFXSR = 0x200, CR4_OSXMMEXCPT = 0x400; // prettier-ignore
const ACCESS = { code: 0xc09b, data: 0xc093, tss: 0x8b, dplShift: 5 } as const;
const FLAT_LIMIT = 0xffffffff;
const TSS_LIMIT = 0x67;
const WITH_ERROR_CODE = [8, 10, 11, 12, 13, 14, 17];
const SEGMENTS = [['es', SEG.ES], ['cs', SEG.CS], ['ss', SEG.SS], ['ds', SEG.DS], ['fs', SEG.FS], ['gs', SEG.GS]] as const; // prettier-ignore

class CoreUnderTest implements CpuUnderTest {
  readonly #memory: PhysicalMemory;
  readonly #cpu: Cpu;
  readonly #ram: Uint8Array;
  /** What RAM should be at the beginning; valid where it was written for the last set-up. */
  readonly #wanted = new Uint8Array(RAM_BYTES);
  #interrupted: Regs | undefined;

  constructor(engine: EngineUnderTest) {
    const codeMap = RAM_BASE + RAM_BYTES;
    const pages = Math.ceil((codeMap + codeMapBytes(RAM_BYTES)) / WASM_PAGE);
    const linearMemory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.#memory = new PhysicalMemory(linearMemory.buffer, PHYSICAL_TABLES);
    this.#memory.mapRam(0, RAM_BYTES, RAM_BASE);
    this.#ram = new Uint8Array(linearMemory.buffer, RAM_BASE, RAM_BYTES);
    this.#cpu = new Cpu({
      memory: this.#memory,
      linearMemory,
      codeMap,
      io: new IoBus(),
      acknowledge: () => 0,
      timeStamp: () => 0,
      log: () => {},
      jit: engine === 'jit' ? 'force' : 'off',
    });
  }

  setup(
    mode: 'real16' | 'flat32' | 'paged32',
    regs: Partial<Regs>,
    memory: readonly MemoryImage[],
    fpu?: Uint8Array,
    sse?: Uint8Array,
  ): void {
    const { state, mmu } = this.#cpu;
    this.#interrupted = undefined;
    this.#fillMemory(mode === 'real16' ? memory : [{ address: GDT, bytes: TABLES }, ...memory]);
    this.#cpu.reset();
    if (mode === 'real16') for (const [name, index] of SEGMENTS) state.setRealSegment(index, regs[name] ?? 0);
    else this.#enterProtectedMode(regs);
    for (const [i, name] of GENERAL_REGISTERS.entries()) state.setGpr(i, regs[name] ?? 0);
    state.rip = regs.eip ?? 0;
    state.eflags = regs.eflags ?? 2;
    if (mode === 'paged32') this.#startPaging();
    if (fpu) this.#setFpu(fpu);
    if (sse) {
      state.set(CONTROL.cr4, state.get(CONTROL.cr4) | CR4_OSFXSR | CR4_OSXMMEXCPT);
      this.#sseRegisters().set(sse.subarray(0, 128));
      state.set(SSE.mxcsr, new DataView(sse.buffer, sse.byteOffset).getUint32(128, true));
    }
    mmu.flush();
  }

  #sseRegisters(): Uint8Array {
    const { view } = this.#cpu.state;
    return new Uint8Array(view.buffer, view.byteOffset + SSE.xmm, 128);
  }

  sse(): Uint8Array {
    const image = new Uint8Array(132);
    image.set(this.#sseRegisters());
    new DataView(image.buffer).setUint32(128, this.#cpu.state.get(SSE.mxcsr), true);
    return image;
  }

  #setFpu(image: Uint8Array): void {
    const { state, fpu } = this.#cpu;
    const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    fpu.loadWords(view.getUint16(0, true), view.getUint16(4, true));
    fpu.tagWord = view.getUint16(8, true);
    state.set(X87.ip, view.getUint32(12, true));
    state.set(X87.cs, view.getUint16(16, true));
    state.set(X87.opcode, view.getUint16(18, true) & 0x7ff);
    state.set(X87.dp, view.getUint32(20, true));
    state.set(X87.ds, view.getUint16(24, true));
    for (let i = 0; i < 8; i++) {
      const register = X87.registers + ((fpu.top + i) & 7) * X87_REGISTER_BYTES;
      for (let byte = 0; byte < 10; byte++) state.view.setUint8(register + byte, view.getUint8(28 + i * 10 + byte));
    }
  }

  fpu(): Uint8Array {
    const { state, fpu } = this.#cpu;
    const image = new Uint8Array(108).fill(0xff);
    const view = new DataView(image.buffer);
    view.setUint16(0, fpu.control, true);
    view.setUint16(4, fpu.status, true);
    view.setUint16(8, fpu.tagWord, true);
    view.setUint32(12, state.get(X87.ip), true);
    view.setUint16(16, state.get(X87.cs), true);
    view.setUint16(18, state.get(X87.opcode), true);
    view.setUint32(20, state.get(X87.dp), true);
    view.setUint16(24, state.get(X87.ds), true);
    for (let i = 0; i < 8; i++) {
      const register = X87.registers + ((fpu.top + i) & 7) * X87_REGISTER_BYTES;
      for (let byte = 0; byte < 10; byte++) image[28 + i * 10 + byte] = state.view.getUint8(register + byte);
    }
    return image;
  }

  /**
   * RAM of zeros with these images; dirty pages may hold something else. Those that hold what they should are left alone:
   * writing to a page forgets its code, and the exceptions' handlers would be compiled anew for every case.
   */
  #fillMemory(images: readonly MemoryImage[]): void {
    const { dirty } = this.#memory;
    const pages = new Set<number>();
    for (let page = 0; page < RAM_BYTES / PAGE_BYTES; page++) if (dirty[page]) pages.add(page);
    for (const { address, bytes } of images)
      for (let page = Math.floor(address / PAGE_BYTES); page * PAGE_BYTES < address + bytes.length; page++)
        pages.add(page);
    const bytesOf = (page: number): [number, number] => [page * PAGE_BYTES, (page + 1) * PAGE_BYTES];
    for (const page of pages) this.#wanted.fill(0, ...bytesOf(page));
    for (const { address, bytes } of images) this.#wanted.set(bytes, address);
    for (const page of pages) {
      const wanted = this.#wanted.subarray(...bytesOf(page));
      if (Buffer.compare(this.#ram.subarray(...bytesOf(page)), wanted) !== 0)
        this.#memory.dmaWrite(page * PAGE_BYTES, wanted);
      dirty[page] = Buffer.compare(wanted, ZEROS) === 0 ? 0 : 1;
    }
  }

  #enterProtectedMode(regs: Partial<Regs>): void {
    const { state } = this.#cpu;
    const cpl = (regs.cs ?? 0) & 3;
    state.set(CONTROL.cr0, CR0_PE_NE_AM);
    state.set(CONTROL.cpl, cpl);
    for (const [name, index] of SEGMENTS) {
      const selector = regs[name] ?? 0;
      const unusable = selector < 4 && name !== 'cs' && name !== 'ss';
      const attributes = (name === 'cs' ? ACCESS.code : ACCESS.data) | (cpl << ACCESS.dplShift);
      state.setSegment(index, selector, 0, unusable ? 0 : FLAT_LIMIT, unusable ? 0 : attributes);
    }
    state.setSegment(SEG_TR, 0x18, TSS, TSS_LIMIT, ACCESS.tss);
    state.set(CONTROL.gdtrBase, GDT);
    state.set(CONTROL.gdtrLimit, 0x1f);
    state.set(CONTROL.idtrBase, IDT);
    state.set(CONTROL.idtrLimit, VECTORS * 8 - 1);
  }

  /** As 64-bit kernels have it for 32-bit programs: pages that hold data are not executed. */
  #startPaging(): void {
    const { state } = this.#cpu;
    this.#memory.write(PAGE_POINTERS, 4, PAGE_DIRECTORY | PTE.present);
    this.#memory.write(PAGE_DIRECTORY, 4, PAGE_TABLE | PTE.present | PTE.writable | PTE.user);
    for (const [first, last, bits, high] of MAPPED)
      for (let address = first; address < last; address += PAGE_BYTES) {
        const entry = PAGE_TABLE + (address / PAGE_BYTES) * 8;
        this.#memory.write(entry, 4, address | PTE.present | PTE.writable | bits);
        this.#memory.write(entry + 4, 4, high);
      }
    state.set(CONTROL.efer, EFER_NXE);
    state.set(CONTROL.cr4, CR4_PAE);
    state.set(CONTROL.cr3, PAGE_POINTERS);
    state.set(CONTROL.cr0, CR0_PE_NE_AM | CR0_PG);
  }

  run(maxInstructions: number): RunOutcome {
    const cpu = this.#cpu;
    const end = cpu.retired + maxInstructions + 1;
    let stop = cpu.run(maxInstructions + 1);
    while (stop === 'kicked' && cpu.retired < end) stop = cpu.run(end - cpu.retired);
    if (stop === 'shutdown') return { stopped: 'shutdown' };
    if (stop !== 'halted') return { stopped: 'limit' };
    const { state } = this.#cpu;
    const offset = state.rip - 1 - HANDLERS;
    if (!state.protectedMode || offset < 0 || offset >= VECTORS * HANDLER_BYTES) return { stopped: 'hlt' };
    return this.#readFrame(offset / HANDLER_BYTES);
  }

  /** What the exception pushed: the registers of the interrupted code. */
  #readFrame(vector: number): RunOutcome {
    const { state } = this.#cpu;
    let at = state.gpr(4);
    const pop = (): number => {
      const value = this.#memory.read(at, 4);
      at += 4;
      return value;
    };
    const errorCode = WITH_ERROR_CODE.includes(vector) ? pop() : undefined;
    const regs = this.#currentRegs();
    regs.eip = pop();
    regs.cs = pop() & 0xffff;
    regs.eflags = pop();
    regs.esp = at;
    if ((regs.cs & 3) !== 0) {
      regs.esp = pop();
      regs.ss = pop() & 0xffff;
    }
    this.#interrupted = regs;
    return { stopped: 'exception', vector, ...(errorCode === undefined ? {} : { errorCode }) };
  }

  regs(): Regs {
    return this.#interrupted ?? this.#currentRegs();
  }

  #currentRegs(): Regs {
    const { state } = this.#cpu;
    const regs: Partial<Regs> = { eip: state.rip, eflags: state.eflags };
    for (const [i, name] of GENERAL_REGISTERS.entries()) regs[name] = state.gpr(i);
    for (const [name, index] of SEGMENTS) regs[name] = state.selector(index);
    return regs as Regs;
  }

  faultAddress(): number {
    return this.#cpu.state.get(CONTROL.cr2);
  }

  readMemory(address: number, length: number): Uint8Array {
    return this.#ram.subarray(address, address + length);
  }
}

/** GDT, IDT, TSS and the handlers, from GDT on. */
const TABLES = ((): Uint8Array => {
  const tables = new Uint8Array(HANDLERS + VECTORS * HANDLER_BYTES - GDT);
  const view = new DataView(tables.buffer);
  const descriptor = (selector: number, access: number, limit: number, base: number): void => {
    view.setUint16(selector, limit, true);
    view.setUint16(selector + 2, base, true);
    view.setUint8(selector + 4, base >> 16);
    view.setUint8(selector + 5, access);
    view.setUint8(selector + 6, ((access >> 8) & 0xf0) | ((limit >> 16) & 15));
    view.setUint8(selector + 7, base >> 24);
  };
  descriptor(CODE0, ACCESS.code, 0xfffff, 0);
  descriptor(DATA0, ACCESS.data, 0xfffff, 0);
  descriptor(0x18, ACCESS.tss, TSS_LIMIT, TSS);
  for (let vector = 0; vector < VECTORS; vector++) {
    const gate = IDT - GDT + vector * 8;
    const handler = HANDLERS + vector * HANDLER_BYTES;
    view.setUint16(gate, handler, true);
    view.setUint16(gate + 2, CODE0, true);
    view.setUint16(gate + 4, 0xee00, true);
    view.setUint16(gate + 6, handler >> 16, true);
    tables[handler - GDT] = HLT;
  }
  view.setUint32(TSS - GDT + 4, STACK0, true);
  view.setUint32(TSS - GDT + 8, DATA0, true);
  view.setUint16(TSS - GDT + 102, TSS_LIMIT + 1, true);
  return tables;
})();

/** TERRARIUM_TEST_ENGINE=jit runs every vector through compiled regions. */
const engineFromEnvironment = (): EngineUnderTest =>
  process.env.TERRARIUM_TEST_ENGINE === 'jit' ? 'jit' : 'interpreter';

export function createCpuUnderTest(engine = engineFromEnvironment()): CpuUnderTest {
  return new CoreUnderTest(engine);
}
