import type { PhysicalMemory } from '../memory/index.ts';
import type { IoWidth } from '../bus/index.ts';
import { SEG } from '../isa/index.ts';
import { CpuFault, VECTOR, gp } from './fault.ts';
import {
  CONTROL,
  GENERATION_SHIFT,
  JUMP_CACHE,
  JUMP_ENTRIES,
  JUMP_ENTRY_BYTES,
  S,
  TLB,
  TLB_BASE,
  TLB_BYTES,
  TLB_CODE,
  TLB_ENTRIES,
  TLB_ENTRY_BYTES,
  TLB_INVALID,
  tlbAddress,
} from './layout.ts';
import { FLAG } from './insn/flags.ts';
import { ATTR, CR0, CR4, type CpuState } from './state.ts';

/** Page-fault error code, SDM volume 3, 4.7. */
const PF = { P: 1, W: 2, U: 4, RSVD: 8, ID: 16 } as const;
/** Bits of page-table entries. */
const PTE = { P: 1, RW: 2, US: 4, A: 0x20, D: 0x40, PS: 0x80, G: 0x100 } as const;
const EFER_NXE = 1 << 11;
const PAGE_MASK = 0xfffff000;

/** What code of one privilege level was fetched through the page tables since its generation began. */
class CodeMapping {
  generation = 0;
  /** Linear pages. */
  readonly pages = new Set<number>();
  /** Some of them are not global: a CR3 load changes them. */
  hasLocal = false;
}

const LISTED_LOCAL = 1;
const LISTED_GLOBAL = 2;

/** Data breakpoints: pages with one stay out of the TLB, and every access to them is reported. */
export interface DataWatcher {
  armsData(linear: number, write: boolean): boolean;
  dataAccessed(linear: number, bytes: number, write: boolean): void;
}

/**
 * Linear to physical: segment checks for the slow path, page walks, the software TLB. SDM volume 3, chapters 3 to 5.
 * Linear and physical addresses are unsigned 32-bit numbers here; long mode will widen them.
 */
export class Mmu {
  readonly #state: CpuState;
  readonly #memory: PhysicalMemory;
  readonly #i32: Int32Array;
  /** Indices (in entries) of filled TLB slots, so that a flush costs what was filled: of global pages, and of others. */
  #filledGlobal: number[] = [];
  #filledLocal: number[] = [];
  /** For each slot the lists that it is in. */
  readonly #listed = new Uint8Array((4 * TLB_BYTES) / TLB_ENTRY_BYTES);
  /** 1: a large page was walked in these 4 MiB, whose fragments INVLPG of any address in it must take out. */
  readonly #large = new Uint8Array(1024);
  /** Whether the last walk ended in a global page; without paging all are. */
  #global = true;
  /** Counts up at every change of what code means; S.jumpKey has the number of the current privilege level's last change. */
  #generation = 0;
  readonly #supervisorCode = new CodeMapping();
  readonly #userCode = new CodeMapping();
  a20Mask = 0xffffffff;
  #watcher: DataWatcher | undefined;
  /** #AC is raised at the current privilege; the TLB for CPL 3 stays empty then, so that every access is looked at. */
  #checksAlignment = false;
  readonly counts = { tlbFills: 0, flushes: 0, cr3Loads: 0, pageInvalidations: 0 };

  constructor(state: CpuState, memory: PhysicalMemory) {
    this.#state = state;
    this.#memory = memory;
    this.#i32 = new Int32Array(memory.bytes.buffer);
    const entries = (4 * TLB_BYTES) / TLB_ENTRY_BYTES;
    for (let entry = 0; entry < entries; entry++) this.#clear(entry);
  }

  #clear(entry: number): void {
    const at = (TLB_BASE + entry * TLB_ENTRY_BYTES) >> 2;
    this.#i32[at] = TLB_INVALID;
    this.#i32[at + 1] = 0;
  }

  // --- TLB --------------------------------------------------------------------------------------------------------------

  /** Everything: after changes of paging itself, of A20, of the memory map. */
  flush(): void {
    this.counts.flushes++;
    this.#clearAll(this.#filledLocal, LISTED_LOCAL);
    this.#clearAll(this.#filledGlobal, LISTED_GLOBAL);
    this.#filledLocal = [];
    this.#filledGlobal = [];
    this.#large.fill(0);
    this.nextGeneration();
  }

  /** All but global pages: what loading CR3 does. */
  flushLocal(): void {
    this.counts.cr3Loads++;
    this.#clearAll(this.#filledLocal, LISTED_LOCAL);
    this.#filledLocal = [];
    if (this.#userCode.pages.size > 0) this.#forgetCode(this.#userCode);
    if (this.#supervisorCode.hasLocal) this.#forgetCode(this.#supervisorCode);
    this.updateMode();
  }

  /** The page that this address lies in: INVLPG. */
  flushPage(linear: number): void {
    this.counts.pageInvalidations++;
    if (this.#large[linear >>> 22]) {
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
    const number = linear >>> 12;
    if (this.#userCode.pages.has(number)) this.#forgetCode(this.#userCode);
    if (this.#supervisorCode.pages.has(number)) this.#forgetCode(this.#supervisorCode);
    this.updateMode();
  }

  #clearAll(entries: readonly number[], list: number): void {
    for (const entry of entries) {
      this.#clear(entry);
      this.#listed[entry] &= ~list;
    }
  }

  /** The page holds code now: writes to it look at the code map first. */
  guardCode(physPage: number): void {
    const host = this.#memory.hostPage[physPage];
    this.#eachWritable((at) => {
      if (((this.#i32[at] + this.#i32[at + 2]) | 0) === host) this.#i32[at] |= TLB_CODE;
    });
  }

  revokeAllWrites(): void {
    this.#eachWritable((_at, entry) => this.#clear(entry));
  }

  #eachWritable(then: (at: number, entry: number) => void): void {
    for (const list of [this.#filledLocal, this.#filledGlobal])
      for (const entry of list) if ((entry / TLB_ENTRIES) & 1) then((TLB_BASE + entry * TLB_ENTRY_BYTES) >> 2, entry);
  }

  /** Makes every jump cache entry invalid. */
  nextGeneration(): void {
    this.#forgetCode(this.#userCode);
    this.#forgetCode(this.#supervisorCode);
    this.updateMode();
  }

  #forgetCode(code: CodeMapping): void {
    this.#generation = (this.#generation + 1) & ((1 << (32 - GENERATION_SHIFT - 1)) - 1);
    if (this.#generation === 0) this.#memory.bytes.fill(0, JUMP_CACHE, JUMP_CACHE + JUMP_ENTRIES * JUMP_ENTRY_BYTES);
    code.generation = this.#generation;
    code.pages.clear();
    code.hasLocal = false;
  }

  /** After any change of mode, privilege or segments: the key of jumps and the TLB in use. */
  updateMode(): void {
    const state = this.#state;
    const user = state.cpl === 3;
    this.#updateAlignment(user);
    const { generation } = user ? this.#userCode : this.#supervisorCode;
    // Generation counts from 1, so that a zeroed cache entry never matches.
    state.set(S.jumpKey, state.mode | ((generation + 1) << GENERATION_SHIFT));
    state.set(S.tlbRead, tlbAddress(user, false));
    state.set(S.tlbWrite, tlbAddress(user, true));
  }

  /** CR0.AM, EFLAGS.AC and CPL together; called wherever one of them may have changed. */
  #updateAlignment(user: boolean): void {
    const checks = user && (this.#state.cr0 & CR0.AM) !== 0 && (this.#state.get(S.eflags) & FLAG.AC) !== 0;
    if (checks === this.#checksAlignment) return;
    this.#checksAlignment = checks;
    if (checks) this.flush();
  }

  /** From now on accesses are reported to `watcher`. */
  watch(watcher: DataWatcher | undefined): void {
    this.#watcher = watcher;
    this.flush();
  }

  #fill(linear: number, physical: number, user: boolean, write: boolean): void {
    if ((user && this.#checksAlignment) || this.#watcher?.armsData(linear, write)) return;
    const page = physical >>> 12;
    const host = this.#memory.hostPage[page];
    if (host < 0) return;
    if (write && !this.#memory.claimForWriting(page)) return;
    const index = (linear >>> 12) & (TLB_ENTRIES - 1);
    const at = (tlbAddress(user, write) + index * TLB_ENTRY_BYTES) >> 2;
    const linearPage = linear & PAGE_MASK;
    this.counts.tlbFills++;
    const entry = (user ? 2 : 0) * TLB_ENTRIES + (write ? TLB_ENTRIES : 0) + index;
    const list = this.#global ? LISTED_GLOBAL : LISTED_LOCAL;
    if (!(this.#listed[entry] & list)) {
      this.#listed[entry] |= list;
      (this.#global ? this.#filledGlobal : this.#filledLocal).push(entry);
    }
    this.#i32[at] = write && this.#memory.hasCode[page] ? linearPage | TLB_CODE : linearPage;
    this.#i32[at + (TLB.addend >> 2)] = (host - linearPage) | 0;
  }

  // --- page walks ---------------------------------------------------------------------------------------------------------

  /** Physical address, A20 applied. Throws CpuFault (#PF, CR2 set). Sets accessed and dirty bits. */
  translate(linear: number, write: boolean, user: boolean, fetch = false): number {
    const { cr0 } = this.#state;
    if (cr0 & CR0.PG) {
      const physical =
        this.#state.cr4 & CR4.PAE ? this.#walkPae(linear, write, user, fetch) : this.#walk(linear, write, user, fetch);
      return (physical & this.a20Mask) >>> 0;
    }
    this.#global = true;
    return (linear & this.a20Mask) >>> 0;
  }

  #noteGlobal(entry: number): void {
    this.#global = (entry & PTE.G) !== 0 && (this.#state.cr4 & CR4.PGE) !== 0;
  }

  #fault(linear: number, present: boolean, write: boolean, user: boolean, fetch: boolean, reserved = false): CpuFault {
    this.#state.set(CONTROL.cr2, linear);
    const nx = this.#nxEnabled && fetch;
    return new CpuFault(
      VECTOR.PF,
      (present ? PF.P : 0) | (write ? PF.W : 0) | (user ? PF.U : 0) | (reserved ? PF.RSVD : 0) | (nx ? PF.ID : 0),
    );
  }

  get #nxEnabled(): boolean {
    return (this.#state.get(CONTROL.efer) & EFER_NXE) !== 0 && (this.#state.cr4 & CR4.PAE) !== 0;
  }

  #allowed(rights: number, write: boolean, user: boolean): boolean {
    if (user && !(rights & PTE.US)) return false;
    if (!write || rights & PTE.RW) return true;
    return !user && !(this.#state.cr0 & CR0.WP);
  }

  #mark(address: number, entry: number, bits: number): void {
    if ((entry & bits) !== bits) this.#memory.write(address, 4, (entry | bits) >>> 0);
  }

  /** Two levels of 32-bit entries, 4 KiB and (CR4.PSE) 4 MiB pages. */
  #walk(linear: number, write: boolean, user: boolean, fetch: boolean): number {
    const memory = this.#memory;
    const directory = ((this.#state.get(CONTROL.cr3) & PAGE_MASK) | ((linear >>> 22) << 2)) >>> 0;
    const pde = memory.read(directory, 4);
    if (!(pde & PTE.P)) throw this.#fault(linear, false, write, user, fetch);
    if (pde & PTE.PS && this.#state.cr4 & CR4.PSE) {
      if (pde & 0x0020_0000) throw this.#fault(linear, true, write, user, fetch, true);
      if (!this.#allowed(pde, write, user)) throw this.#fault(linear, true, write, user, fetch);
      this.#mark(directory, pde, write ? PTE.A | PTE.D : PTE.A);
      this.#noteGlobal(pde);
      this.#large[linear >>> 22] = 1;
      // Bits 13-20 are bits 32-39 of the address (PSE-36): beyond what this memory has.
      return ((pde & 0xffc0_0000) | (linear & 0x003f_ffff)) >>> 0;
    }
    const table = ((pde & PAGE_MASK) | ((linear >>> 10) & 0xffc)) >>> 0;
    const pte = memory.read(table, 4);
    if (!(pte & PTE.P)) throw this.#fault(linear, false, write, user, fetch);
    if (!this.#allowed(pde & pte, write, user)) throw this.#fault(linear, true, write, user, fetch);
    this.#mark(directory, pde, PTE.A);
    this.#mark(table, pte, write ? PTE.A | PTE.D : PTE.A);
    this.#noteGlobal(pte);
    return ((pte & PAGE_MASK) | (linear & 0xfff)) >>> 0;
  }

  /** Three levels of 64-bit entries, 4 KiB and 2 MiB pages, no-execute. */
  #walkPae(linear: number, write: boolean, user: boolean, fetch: boolean): number {
    const memory = this.#memory;
    const nx = this.#nxEnabled;
    // Reserved: NX while EFER.NXE is off, and address bits above 36 (what CPUID reports).
    const reservedHigh = nx ? 0x7fff_fff0 : 0xffff_fff0;
    const pointer = ((this.#state.get(CONTROL.cr3) & 0xffff_ffe0) | ((linear >>> 30) << 3)) >>> 0;
    const pdpte = memory.read(pointer, 4);
    if (!(pdpte & PTE.P)) throw this.#fault(linear, false, write, user, fetch);
    const directory = ((pdpte & PAGE_MASK) | ((linear >>> 18) & 0xff8)) >>> 0;
    const pde = memory.read(directory, 4);
    const pdeHigh = memory.read(directory + 4, 4);
    if (!(pde & PTE.P)) throw this.#fault(linear, false, write, user, fetch);
    if (pdeHigh & reservedHigh) throw this.#fault(linear, true, write, user, fetch, true);
    if (pde & PTE.PS) {
      if (pde & 0x001f_e000) throw this.#fault(linear, true, write, user, fetch, true);
      if (!this.#allowed(pde, write, user) || (fetch && nx && pdeHigh >>> 31))
        throw this.#fault(linear, true, write, user, fetch);
      this.#mark(directory, pde, write ? PTE.A | PTE.D : PTE.A);
      this.#noteGlobal(pde);
      this.#large[linear >>> 22] = 1;
      if (pdeHigh & 15) return 0xffff_fff0; // above 4 GiB: nothing there
      return ((pde & 0xffe0_0000) | (linear & 0x001f_ffff)) >>> 0;
    }
    const table = ((pde & PAGE_MASK) | ((linear >>> 9) & 0xff8)) >>> 0;
    const pte = memory.read(table, 4);
    const pteHigh = memory.read(table + 4, 4);
    if (!(pte & PTE.P)) throw this.#fault(linear, false, write, user, fetch);
    if (pteHigh & reservedHigh) throw this.#fault(linear, true, write, user, fetch, true);
    if (!this.#allowed(pde & pte, write, user) || (fetch && nx && (pdeHigh | pteHigh) >>> 31))
      throw this.#fault(linear, true, write, user, fetch);
    this.#mark(directory, pde, PTE.A);
    this.#mark(table, pte, write ? PTE.A | PTE.D : PTE.A);
    this.#noteGlobal(pte);
    if (pteHigh & 15) return 0xffff_fff0;
    return ((pte & PAGE_MASK) | (linear & 0xfff)) >>> 0;
  }

  // --- linear accesses from TypeScript ----------------------------------------------------------------------------------

  /** 1, 2 or 4 bytes. `user`: with the rights of CPL 3. Throws CpuFault. */
  read(linear: number, width: IoWidth, user: boolean): number {
    if ((linear & 0xfff) + width > 0x1000) return this.#readAcross(linear, width, user, false);
    const physical = this.translate(linear, false, user);
    this.#fill(linear, physical, user, false);
    this.#look(linear, width, false, user);
    return this.#memory.read(physical, width);
  }

  /** As read, for a value that will be written back: faults as a write would. */
  readForWrite(linear: number, width: IoWidth, user: boolean): number {
    if ((linear & 0xfff) + width > 0x1000) return this.#readAcross(linear, width, user, true);
    const physical = this.translate(linear, true, user);
    this.#look(linear, width, false, user);
    return this.#memory.read(physical, width);
  }

  #readAcross(linear: number, width: IoWidth, user: boolean, write: boolean): number {
    const parts = this.#translateAcross(linear, width, user, write);
    this.#look(linear, width, false, user);
    return parts.reduce((value, physical, i) => value | (this.#memory.read(physical, 1) << (i * 8)), 0) >>> 0;
  }

  #translateAcross(linear: number, width: IoWidth, user: boolean, write: boolean): number[] {
    return Array.from({ length: width }, (_, i) => this.translate((linear + i) >>> 0, write, user));
  }

  write(linear: number, width: IoWidth, value: number, user: boolean): void {
    if ((linear & 0xfff) + width > 0x1000) {
      // Both pages are checked before the first byte changes.
      const parts = this.#translateAcross(linear, width, user, true);
      this.#look(linear, width, true, user);
      parts.forEach((physical, i) => this.#memory.write(physical, 1, (value >>> (i * 8)) & 0xff));
      return;
    }
    const physical = this.translate(linear, true, user);
    this.#look(linear, width, true, user);
    this.#memory.write(physical, width, value);
    this.#fill(linear, physical, user, true);
  }

  /** What an access is looked at for once it cannot page-fault any more: #AC, then data breakpoints. */
  #look(linear: number, bytes: number, write: boolean, user: boolean): void {
    if (this.#checksAlignment && user && linear & (bytes - 1)) throw new CpuFault(VECTOR.AC, 0);
    this.#watcher?.dataAccessed(linear, bytes, write);
  }

  /** Faults as a write of these bytes would, and writes nothing. */
  probeWrite(linear: number, bytes: number, user: boolean): void {
    this.translate(linear, true, user);
    if ((linear & 0xfff) + bytes > 0x1000) this.translate((linear + bytes - 1) >>> 0, true, user);
  }

  /** Enters a page into the TLB of the current privilege unless the access would fault (CR2 is then set). */
  fill(linear: number, write: boolean): void {
    const user = this.#state.cpl === 3;
    try {
      this.#fill(linear, this.translate(linear, write, user), user, write);
    } catch (fault) {
      if (!(fault instanceof CpuFault)) throw fault;
    }
  }

  /** As `fetch`, for code that is about to run or be compiled; -1 where a fetch would change the page tables or fault. */
  probeFetch(linear: number): number {
    const physical = this.#probe(linear);
    if (physical >= 0) this.#noteCode(linear);
    return physical;
  }

  #probe(linear: number): number {
    const state = this.#state;
    const memory = this.#memory;
    this.#global = true;
    if (!(state.cr0 & CR0.PG)) return (linear & this.a20Mask) >>> 0;
    const pae = (state.cr4 & CR4.PAE) !== 0;
    const wanted = PTE.P | PTE.A | (state.cpl === 3 ? PTE.US : 0);
    let table = state.get(CONTROL.cr3) & PAGE_MASK;
    if (pae) {
      const pointer = memory.read(((state.get(CONTROL.cr3) & 0xffff_ffe0) | ((linear >>> 30) << 3)) >>> 0, 4);
      if (!(pointer & PTE.P)) return -1;
      table = pointer & PAGE_MASK;
    }
    for (const shift of pae ? [21, 12] : [22, 12]) {
      const index = (linear >>> shift) & (pae ? 511 : 1023);
      const at = (table | (index << (pae ? 3 : 2))) >>> 0;
      const entry = memory.read(at, 4);
      if ((entry & wanted) !== wanted || (pae && memory.read(at + 4, 4) !== 0)) return -1;
      if (shift === 12 || (entry & PTE.PS && (pae || state.cr4 & CR4.PSE))) {
        const offset = (1 << shift) - 1;
        this.#noteGlobal(entry);
        return (((entry & PAGE_MASK & ~offset) | (linear & offset)) & this.a20Mask) >>> 0;
      }
      table = entry & PAGE_MASK;
    }
    return -1;
  }

  /** Address for an instruction fetch. Throws CpuFault. */
  fetch(linear: number): number {
    const user = this.#state.cpl === 3;
    const physical = this.translate(linear, false, user, true);
    this.#noteCode(linear);
    return physical;
  }

  /** A change of this page's mapping, the one looked up last, is a change of what code means. */
  #noteCode(linear: number): void {
    const code = this.#state.cpl === 3 ? this.#userCode : this.#supervisorCode;
    code.pages.add(linear >>> 12);
    if (!this.#global) code.hasLocal = true;
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
      this.#checkQuadword(linear, bytes, forWrite, user);
      for (let at = 0; at < bytes; at += 4) {
        const address = (linear + at) >>> 0;
        this.#state.set(S.transfer + at, forWrite ? this.readForWrite(address, 4, user) : this.read(address, 4, user));
      }
      return 0;
    }
    return forWrite ? this.readForWrite(linear, bytes as IoWidth, user) : this.read(linear, bytes as IoWidth, user);
  }

  /** An operand of 8 bytes is checked whole; its halves alone would pass at multiples of 4. */
  #checkQuadword(linear: number, bytes: number, write: boolean, user: boolean): void {
    if (!this.#checksAlignment || !user || bytes !== 8 || (linear & 7) === 0) return;
    this.translate(linear, write, user);
    this.translate((linear + bytes - 1) >>> 0, write, user);
    throw new CpuFault(VECTOR.AC, 0);
  }

  slowWrite(segment: number, offset: number, bytes: number, value: number, aligned: boolean): void {
    const user = this.#state.cpl === 3;
    const linear = this.#operandAddress(segment, offset, bytes, true, aligned);
    if (bytes > 4) {
      this.probeWrite(linear, bytes, user);
      this.#checkQuadword(linear, bytes, true, user);
      for (let at = 0; at < bytes; at += 4) this.write((linear + at) >>> 0, 4, this.#state.get(S.transfer + at), user);
      return;
    }
    this.write(linear, bytes as IoWidth, value, user);
  }
}
