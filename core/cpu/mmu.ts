import type { PhysicalMemory } from '../memory/index.ts';
import type { IoWidth } from '../bus/index.ts';
import { SEG } from '../isa/index.ts';
import { CpuFault, VECTOR, gp } from './fault.ts';
import {
  ACCESS,
  CONTROL,
  CODE_TLB_BASE,
  CODE_TLB_BYTES,
  CODE_TLB_ENTRIES,
  S,
  TLB_BASE,
  TLB_BYTES,
  TLB_CODE,
  TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  TLB_FILLED,
  TLB_INVALID,
  WALK,
  WALK_RESULT,
  codeTlbAddress,
  jumpKeyOf,
  tlbAddress,
} from './layout.ts';
import { FLAG } from './insn/flags.ts';
import { ATTR, CR0, type CpuState } from './state.ts';

const PAGE_MASK = 0xfffff000;

/** The kernel `walkPage`: linear address and ACCESS bits to a WALK_RESULT. */
export type PageWalk = (linear: number, access: number) => number;

const accessOf = (user: boolean, write = false): number => (user ? ACCESS.USER : 0) | (write ? ACCESS.WRITE : 0);

/** Data breakpoints: pages with one stay out of the TLB, and every access to them is reported. */
export interface DataWatcher {
  armsData(linear: number, write: boolean): boolean;
  dataAccessed(linear: number, bytes: number, write: boolean): void;
}

/** Instruction breakpoints: pages with one stay out of the code TLB. */
export interface CodeWatcher {
  armsCode(linear: number): boolean;
}

/**
 * Linear to physical: segment checks for the slow path, page walks, the software TLB. SDM volume 3, chapters 3 to 5.
 * Linear and physical addresses are unsigned 32-bit numbers here; long mode will widen them.
 */
export class Mmu {
  readonly #state: CpuState;
  readonly #memory: PhysicalMemory;
  readonly #i32: Int32Array;
  readonly #u16: Uint16Array;
  readonly #walk: PageWalk;
  a20Mask = 0xffffffff;
  #watcher: DataWatcher | undefined;
  #codeWatcher: CodeWatcher | undefined;
  /** #AC is raised at the current privilege; the TLB for CPL 3 stays empty then, so that every access is looked at. */
  #checksAlignment = false;
  readonly #counts = { flushes: 0, cr3Loads: 0, pageInvalidations: 0 };

  constructor(state: CpuState, memory: PhysicalMemory, walk: PageWalk) {
    this.#state = state;
    this.#memory = memory;
    this.#walk = walk;
    this.#i32 = new Int32Array(memory.bytes.buffer);
    this.#u16 = new Uint16Array(memory.bytes.buffer);
    const entries = (4 * TLB_BYTES) / TLB_ENTRY_BYTES;
    for (let entry = 0; entry < entries; entry++) this.#clear(entry);
  }

  get counts(): Readonly<Record<'tlbFills' | 'flushes' | 'cr3Loads' | 'pageInvalidations', number>> {
    return { tlbFills: this.#i32[TLB_FILLED.fills >> 2] >>> 0, ...this.#counts };
  }

  #clear(entry: number): void {
    const at = (TLB_BASE + entry * TLB_ENTRY_BYTES) >> 2;
    this.#i32[at] = TLB_INVALID;
  }

  // --- TLB --------------------------------------------------------------------------------------------------------------

  /** Everything: after changes of paging itself, of A20, of the memory map. */
  flush(): void {
    this.#counts.flushes++;
    this.#state.set(WALK.a20Mask, this.a20Mask);
    this.#updateGuard();
    this.#clearList(TLB_FILLED.local, TLB_FILLED.localCount, TLB_FILLED.LOCAL);
    this.#clearList(TLB_FILLED.global, TLB_FILLED.globalCount, TLB_FILLED.GLOBAL);
    this.#memory.bytes.fill(0, TLB_FILLED.large, TLB_FILLED.large + 1024);
    this.#flushCode();
    this.updateMode();
  }

  /** All but global pages: what loading CR3 does. */
  flushLocal(): void {
    this.#counts.cr3Loads++;
    this.#clearList(TLB_FILLED.local, TLB_FILLED.localCount, TLB_FILLED.LOCAL);
    // Global pages too: they are found again in less time than they would take to tell apart.
    this.#flushCode();
  }

  #flushCode(): void {
    this.#memory.bytes.fill(TLB_INVALID, CODE_TLB_BASE, CODE_TLB_BASE + 2 * CODE_TLB_BYTES);
  }

  /** The page that this address lies in: INVLPG. */
  flushPage(linear: number): void {
    this.#counts.pageInvalidations++;
    // Fragments of a large page may lie in many entries.
    if (this.#memory.bytes[TLB_FILLED.large + (linear >>> 22)]) {
      this.flush();
      return;
    }
    const page = linear & PAGE_MASK;
    const index = (linear >>> 12) & (TLB_ENTRIES - 1);
    for (let tlb = 0; tlb < 4; tlb++) {
      const entry = tlb * TLB_ENTRIES + index;
      const tag = this.#i32[(TLB_BASE + entry * TLB_ENTRY_BYTES) >> 2];
      if ((tag & PAGE_MASK) === page && tag !== TLB_INVALID) this.#clear(entry);
    }
    for (const user of [false, true]) {
      const at = (codeTlbAddress(user) + ((linear >>> 12) & (CODE_TLB_ENTRIES - 1)) * TLB_ENTRY_BYTES) >> 2;
      if (this.#i32[at] === page) this.#i32[at] = TLB_INVALID;
    }
  }

  #clearList(list: number, counter: number, bit: number): void {
    const { bytes } = this.#memory;
    const count = this.#i32[counter >> 2];
    for (let i = 0; i < count; i++) {
      const entry = this.#u16[(list >> 1) + i];
      this.#clear(entry);
      bytes[TLB_FILLED.listed + entry] &= ~bit;
    }
    this.#i32[counter >> 2] = 0;
  }

  /** The page holds code now: writes to it look at the code map first. */
  guardCode(physPage: number): void {
    const host = this.#memory.hostPage[physPage];
    this.#eachWritable((at) => {
      if (((this.#i32[at] + this.#i32[at + 1]) | 0) === host) this.#i32[at] |= TLB_CODE;
    });
  }

  /** The page holds no code any more. */
  releaseCode(physPage: number): void {
    const host = this.#memory.hostPage[physPage];
    this.#eachWritable((at) => {
      if (((this.#i32[at] + this.#i32[at + 1]) | 0) === host + TLB_CODE) this.#i32[at] &= ~TLB_CODE;
    });
  }

  revokeAllWrites(): void {
    this.#eachWritable((_at, entry) => this.#clear(entry));
  }

  #eachWritable(then: (at: number, entry: number) => void): void {
    const lists = [
      [TLB_FILLED.local, TLB_FILLED.localCount],
      [TLB_FILLED.global, TLB_FILLED.globalCount],
    ];
    for (const [list, counter] of lists)
      for (let i = 0; i < this.#i32[counter >> 2]; i++) {
        const entry = this.#u16[(list >> 1) + i];
        if ((entry / TLB_ENTRIES) & 1) then((TLB_BASE + entry * TLB_ENTRY_BYTES) >> 2, entry);
      }
  }

  /** After any change of mode, privilege or segments: the key of jumps and the TLB in use. */
  updateMode(): void {
    const state = this.#state;
    const user = state.cpl === 3;
    this.#updateAlignment(user);
    state.set(S.jumpKey, jumpKeyOf(state.mode));
    state.set(S.tlbRead, tlbAddress(user, false));
    state.set(S.tlbWrite, tlbAddress(user, true));
    state.set(S.tlbCode, codeTlbAddress(user));
  }

  /** CR0.AM, EFLAGS.AC and CPL together; called wherever one of them may have changed. */
  #updateAlignment(user: boolean): void {
    const checks = user && (this.#state.cr0 & CR0.AM) !== 0 && (this.#state.get(S.eflags) & FLAG.AC) !== 0;
    if (checks === this.#checksAlignment) return;
    this.#checksAlignment = checks;
    this.#updateGuard();
    if (checks) this.flush();
  }

  /** From now on generated code does not find its way into the pages that `watcher` arms. */
  watchCode(watcher: CodeWatcher | undefined): void {
    this.#codeWatcher = watcher;
    this.#updateGuard();
    this.#flushCode();
  }

  /** From now on accesses are reported to `watcher`. */
  watch(watcher: DataWatcher | undefined): void {
    this.#watcher = watcher;
    this.#updateGuard();
    this.flush();
  }

  #updateGuard(): void {
    this.#state.set(WALK.guarded, this.#watcher || this.#checksAlignment ? 1 : 0);
    this.#state.set(WALK.codeGuarded, this.#codeWatcher ? 1 : 0);
  }

  // --- page walks ---------------------------------------------------------------------------------------------------------

  /** Physical address, A20 applied. Throws CpuFault (#PF, CR2 set). Sets accessed and dirty bits. `access`: ACCESS.*. */
  #translate(linear: number, access: number): number {
    const state = this.#state;
    for (;;) {
      const result = this.#walk(linear, access);
      if (result === WALK_RESULT.OK) return state.get(WALK.physical);
      if (result === WALK_RESULT.FAULT) {
        state.set(CONTROL.cr2, linear);
        throw new CpuFault(VECTOR.PF, state.get(WALK.error));
      }
      if (result === WALK_RESULT.FETCH) this.#memory.read(state.get(WALK.entry), 4);
      else this.#memory.write(state.get(WALK.entry), 4, state.get(WALK.entryValue));
    }
  }

  // --- linear accesses from TypeScript ----------------------------------------------------------------------------------

  /** 1, 2 or 4 bytes. `user`: with the rights of CPL 3. Throws CpuFault. */
  read(linear: number, width: IoWidth, user: boolean): number {
    const at = this.#slot(linear, user, false);
    if (this.#i32[at] === ((linear + width - 1) & PAGE_MASK)) {
      const host = linear + this.#i32[at + 1];
      const { bytes, view } = this.#memory;
      return width === 1
        ? bytes[host >>> 0]
        : width === 2
          ? view.getUint16(host >>> 0, true)
          : view.getUint32(host >>> 0, true);
    }
    return this.#readMissed(linear, width, user);
  }

  #accessAndFill(linear: number, user: boolean, write: boolean): number {
    const guarded = (user && this.#checksAlignment) || this.#watcher?.armsData(linear, write);
    return accessOf(user, write) | (guarded ? 0 : ACCESS.FILL);
  }

  /** Index in 32-bit words of the TLB slot for a linear address. */
  #slot(linear: number, user: boolean, write: boolean): number {
    return (tlbAddress(user, write) >> 2) + ((linear >>> 12) & (TLB_ENTRIES - 1)) * (TLB_ENTRY_BYTES / 4);
  }

  #readMissed(linear: number, width: IoWidth, user: boolean): number {
    this.#checkAlignment(linear, width, user);
    if ((linear & 0xfff) + width > 0x1000) return this.#readAcross(linear, width, user, false);
    const physical = this.#translate(linear, this.#accessAndFill(linear, user, false));
    this.#watcher?.dataAccessed(linear, width, false);
    return this.#memory.read(physical, width);
  }

  /** As read, for a value that will be written back: faults as a write would. */
  readForWrite(linear: number, width: IoWidth, user: boolean): number {
    this.#checkAlignment(linear, width, user);
    if ((linear & 0xfff) + width > 0x1000) return this.#readAcross(linear, width, user, true);
    const physical = this.#translate(linear, accessOf(user, true));
    this.#watcher?.dataAccessed(linear, width, false);
    return this.#memory.read(physical, width);
  }

  #readAcross(linear: number, width: IoWidth, user: boolean, write: boolean): number {
    const parts = this.#translateAcross(linear, width, user, write);
    this.#watcher?.dataAccessed(linear, width, false);
    return parts.reduce((value, physical, i) => value | (this.#memory.read(physical, 1) << (i * 8)), 0) >>> 0;
  }

  #translateAcross(linear: number, width: IoWidth, user: boolean, write: boolean): number[] {
    return Array.from({ length: width }, (_, i) => this.#translate((linear + i) >>> 0, accessOf(user, write)));
  }

  write(linear: number, width: IoWidth, value: number, user: boolean): void {
    const at = this.#slot(linear, user, true);
    if (this.#i32[at] === ((linear + width - 1) & PAGE_MASK)) {
      const host = (linear + this.#i32[at + 1]) >>> 0;
      const { bytes, view } = this.#memory;
      if (width === 1) bytes[host] = value;
      else if (width === 2) view.setUint16(host, value, true);
      else view.setUint32(host, value, true);
      return;
    }
    this.#writeMissed(linear, width, value, user);
  }

  #writeMissed(linear: number, width: IoWidth, value: number, user: boolean): void {
    this.#checkAlignment(linear, width, user);
    if ((linear & 0xfff) + width > 0x1000) {
      // Both pages are checked before the first byte changes.
      const parts = this.#translateAcross(linear, width, user, true);
      this.#watcher?.dataAccessed(linear, width, true);
      parts.forEach((physical, i) => this.#memory.write(physical, 1, (value >>> (i * 8)) & 0xff));
      return;
    }
    const physical = this.#translate(linear, this.#accessAndFill(linear, user, true));
    this.#watcher?.dataAccessed(linear, width, true);
    this.#memory.write(physical, width, value);
  }

  /** Before the page is looked at, as AMD's processors do; an operand of 8 bytes is checked whole, before its halves. */
  #checkAlignment(linear: number, bytes: number, user: boolean): void {
    if (this.#checksAlignment && user && linear & (bytes - 1)) throw new CpuFault(VECTOR.AC, 0);
  }

  /** Faults as a write of these bytes would, and writes nothing. */
  probeWrite(linear: number, bytes: number, user: boolean): void {
    this.#translate(linear, accessOf(user, true));
    if ((linear & 0xfff) + bytes > 0x1000) this.#translate((linear + bytes - 1) >>> 0, accessOf(user, true));
  }

  /** As `fetch`, for code that is about to be compiled; -1 where a fetch would change the page tables or fault. */
  probeFetch(linear: number): number {
    const access = accessOf(this.#state.cpl === 3) | ACCESS.FETCH | ACCESS.PROBE;
    return this.#walk(linear, access) === WALK_RESULT.OK ? this.#state.get(WALK.physical) : -1;
  }

  /** Address for an instruction fetch. Throws CpuFault. */
  fetch(linear: number): number {
    const fill = this.#codeWatcher?.armsCode(linear) ? 0 : ACCESS.FILL;
    return this.#translate(linear, accessOf(this.#state.cpl === 3) | ACCESS.FETCH | fill);
  }

  // --- segmented accesses: the slow path of generated code ----------------------------------------------------------------

  /** Linear address of an access of `bytes` at `offset`. Throws #GP(0) or, for the stack, #SS(0). */
  segmentAddress(segment: number, offset: number, bytes: number, write: boolean): number {
    const state = this.#state;
    const attributes = state.attributes(segment);
    const limit = state.limit(segment);
    const code = (attributes & ATTR.CODE) !== 0;
    const rw = (attributes & ATTR.RW) !== 0;
    const fault = (): CpuFault => (segment === SEG.SS ? new CpuFault(VECTOR.SS, 0) : gp());
    if (!(attributes & ATTR.P)) throw fault();
    if (write ? code || !rw : code && !rw) {
      // Real and virtual-8086 mode write through any segment, whatever its cached type.
      if (state.usesDescriptors) throw fault();
    }
    const last = offset + bytes - 1;
    if (!code && attributes & ATTR.EC) {
      const top = attributes & ATTR.DB ? 0xffff_ffff : 0xffff;
      if (offset <= limit || last > top) throw fault();
    } else if (last > limit) throw fault();
    return (state.base(segment) + offset) >>> 0;
  }

  /** Linear address of an operand; `aligned`: it must be a multiple of its size. */
  #operandAddress(segment: number, offset: number, bytes: number, write: boolean, aligned: boolean): number {
    const linear = this.segmentAddress(segment, offset, bytes, write);
    if (aligned && linear & (bytes - 1)) throw gp();
    return linear;
  }

  /** The value; of more than 4 bytes it is in S.transfer. */
  slowRead(segment: number, offset: number, bytes: number, forWrite: boolean, aligned: boolean): number {
    const user = this.#state.cpl === 3;
    const linear = this.#operandAddress(segment, offset, bytes, forWrite, aligned);
    if (bytes > 4) {
      if (bytes === 8) this.#checkAlignment(linear, bytes, user);
      for (let at = 0; at < bytes; at += 4) {
        const address = (linear + at) >>> 0;
        this.#state.set(S.transfer + at, forWrite ? this.readForWrite(address, 4, user) : this.read(address, 4, user));
      }
      return 0;
    }
    return forWrite ? this.readForWrite(linear, bytes as IoWidth, user) : this.read(linear, bytes as IoWidth, user);
  }

  slowWrite(segment: number, offset: number, bytes: number, value: number, aligned: boolean): void {
    const user = this.#state.cpl === 3;
    const linear = this.#operandAddress(segment, offset, bytes, true, aligned);
    if (bytes > 4) {
      if (bytes === 8) this.#checkAlignment(linear, bytes, user);
      this.probeWrite(linear, bytes, user);
      for (let at = 0; at < bytes; at += 4) this.write((linear + at) >>> 0, 4, this.#state.get(S.transfer + at), user);
      return;
    }
    this.write(linear, bytes as IoWidth, value, user);
  }
}
