/**
 * The page walk, and the entry of what it found into the TLB. SDM volume 3, chapter 4. Generated code and TypeScript
 * both call this one; only entries that are absent, and accessed or dirty bits in pages that hold code or are watched
 * until they are written, are left to TypeScript.
 */
import { CR0, CR4 } from '../bits.ts';
import { PAGE_KIND, physicalTables } from '../../memory/index.ts';
import {
  ACCESS,
  CODE_TLB,
  CODE_TLB_BASE,
  CODE_TLB_BYTES,
  CODE_TLB_ENTRIES,
  CONTROL,
  PHYSICAL_TABLES,
  STATE,
  TLB,
  TLB_CODE,
  TLB_ENTRIES,
  TLB_FILLED,
  WALK,
  WALK_RESULT,
  tlbAddress,
} from '../layout.ts';
import type { Kernel, KernelBuilder } from './kernel.ts';
import type { Value } from './value.ts';

/** Page-fault error code, SDM volume 3, 4.7; its W and U are the bits of an entry that allow them. */
const PF = { P: 1, RSVD: 8 } as const;
const PTE = { P: 1, RW: 2, US: 4, A: 0x20, D: 0x40, PS: 0x80, G: 0x100 } as const;
const EFER_NXE = 1 << 11;
const PAGE_MASK = -4096;
const TABLES = physicalTables(PHYSICAL_TABLES);
/** Above what physical addresses reach: nothing is there. */
const NOWHERE = 0xffff_fff0;

/** An entry of a page table: where it lies, and its words. */
interface Entry {
  readonly address: Value;
  readonly low: Value;
  readonly high: Value | undefined;
}

class Walk {
  readonly k: KernelBuilder;
  readonly linear: Value;
  readonly access: Value;

  constructor(k: KernelBuilder, linear: Value, access: Value) {
    this.k = k;
    this.linear = linear;
    this.access = access;
  }

  c(value: number): Value {
    return this.k.const(32, value);
  }
  state(offset: number): Value {
    return this.k.load(32, this.c(STATE), offset);
  }
  setState(offset: number, value: Value): void {
    this.k.store(this.c(STATE), value, offset);
  }
  bits(value: Value, mask: number): Value {
    return this.k.and(value, this.c(mask));
  }
  has(value: Value, mask: number): Value {
    return this.k.nonZero(this.bits(value, mask));
  }

  emit(): void {
    const { k } = this;
    k.if(k.isZero(this.bits(this.state(CONTROL.cr0), CR0.PG)), () => {
      this.setState(WALK.global, this.c(1));
      this.#found(this.linear);
    });
    k.if(this.has(this.state(CONTROL.cr4), CR4.PAE), () => this.#threeLevels());
    this.#twoLevels();
  }

  /** Two levels of 32-bit entries, 4 KiB and (CR4.PSE) 4 MiB pages. */
  #twoLevels(): void {
    const { k, linear } = this;
    const cr3 = this.bits(this.state(CONTROL.cr3), PAGE_MASK);
    const pde = this.#entry(k.or(cr3, k.shl(k.shr(linear, 22), 2)), false);
    const large = k.and(this.has(pde.low, PTE.PS), this.has(this.state(CONTROL.cr4), CR4.PSE));
    k.if(large, () => {
      this.#faultIf(this.has(pde.low, 0x0020_0000), PF.P | PF.RSVD);
      // Bits 13-20 are bits 32-39 of the address (PSE-36): beyond what this memory has.
      this.#largePage(pde, 0x003f_ffff);
    });
    const pte = this.#entry(k.or(this.bits(pde.low, PAGE_MASK), this.bits(k.shr(linear, 10), 0xffc)), false);
    this.#smallPage(pde, pte);
  }

  /** Three levels of 64-bit entries, 4 KiB and 2 MiB pages, no-execute. */
  #threeLevels(): void {
    const { k, linear } = this;
    const pointer = k.or(this.bits(this.state(CONTROL.cr3), 0xffff_ffe0), k.shl(k.shr(linear, 30), 3));
    // Of a pointer only P and the address are looked at.
    const pdpte = this.#entry(pointer, false);
    const pde = this.#entry(k.or(this.bits(pdpte.low, PAGE_MASK), this.bits(k.shr(linear, 18), 0xff8)), true);
    k.if(this.has(pde.low, PTE.PS), () => {
      this.#faultIf(this.has(pde.low, 0x001f_e000), PF.P | PF.RSVD);
      this.#largePage(pde, 0x001f_ffff);
    });
    const pte = this.#entry(k.or(this.bits(pde.low, PAGE_MASK), this.bits(k.shr(linear, 9), 0xff8)), true);
    this.#smallPage(pde, pte);
  }

  #largePage(pde: Entry, offsetMask: number): void {
    const { k, linear } = this;
    this.#check(pde.low, pde.high);
    this.#mark(pde, this.#accessedAndDirty());
    this.#noteGlobal(pde.low);
    k.store(k.shr(linear, 22), k.const(8, 1), TLB_FILLED.large);
    this.#unlessNowhere(pde.high);
    this.#found(k.or(this.bits(pde.low, ~offsetMask), this.bits(linear, offsetMask)));
  }

  #smallPage(pde: Entry, pte: Entry): void {
    const { k, linear } = this;
    this.#check(k.and(pde.low, pte.low), pde.high && pte.high && k.or(pde.high, pte.high));
    this.#mark(pde, this.c(PTE.A));
    this.#mark(pte, this.#accessedAndDirty());
    this.#noteGlobal(pte.low);
    this.#unlessNowhere(pte.high);
    this.#found(k.or(this.bits(pte.low, PAGE_MASK), this.bits(linear, 0xfff)));
  }

  /** Reads an entry that is present; faults otherwise. What is no memory reads as ones. */
  #entry(at: Value, wide: boolean): Entry {
    const { k } = this;
    const address = k.let(at);
    const host = k.load(32, k.shl(k.shr(address, 12), 2), TABLES.hostPage);
    const low = k.variable(this.c(-1));
    const high = k.variable(this.c(-1));
    const absent = k.eq(k.load(8, k.shr(address, 12), TABLES.kind), k.const(8, PAGE_KIND.ABSENT));
    k.if(k.and(k.isNegative(host), absent), () => {
      this.setState(WALK.entry, address);
      k.return(this.c(WALK_RESULT.FETCH));
    });
    k.if(k.isZero(k.isNegative(host)), () => {
      const place = k.let(k.add(host, this.bits(address, 0xfff)));
      k.set(low, k.load(32, place));
      if (wide) k.set(high, k.load(32, place, 4));
    });
    const entry = { address, low: k.get(low), high: wide ? k.get(high) : undefined };
    this.#faultIf(k.isZero(this.bits(entry.low, PTE.P)), 0);
    // Reserved: NX while EFER.NXE is off, and address bits above 36 (what CPUID reports).
    if (entry.high)
      this.#faultIf(
        k.nonZero(k.and(entry.high, k.select(this.#nxEnabled(), this.c(0x7fff_fff0), this.c(0xffff_fff0)))),
        PF.P | PF.RSVD,
      );
    return entry;
  }

  #nxEnabled(): Value {
    const { k } = this;
    return k.and(this.has(this.state(CONTROL.efer), EFER_NXE), this.has(this.state(CONTROL.cr4), CR4.PAE));
  }

  #accessedAndDirty(): Value {
    const { k } = this;
    return k.let(k.or(this.c(PTE.A), k.mul(this.bits(this.access, ACCESS.WRITE), this.c(PTE.D / ACCESS.WRITE))));
  }

  #check(rights: Value, high: Value | undefined): void {
    const { k, access } = this;
    // Without CR0.WP a supervisor writes everywhere.
    const strict = k.or(this.has(access, ACCESS.USER), this.has(this.state(CONTROL.cr0), CR0.WP));
    const needed = k.and(access, k.select(strict, this.c(PTE.RW | PTE.US), this.c(PTE.US)));
    const missing = k.nonZero(k.and(needed, k.not(rights)));
    if (!high) {
      this.#faultIf(missing, PF.P);
      return;
    }
    const noFetch = k.and(k.isNegative(high), k.and(this.#nxEnabled(), this.has(access, ACCESS.FETCH)));
    this.#faultIf(k.or(missing, noFetch), PF.P);
  }

  #faultIf(condition: Value, code: number): void {
    const { k, access } = this;
    k.if(condition, () => {
      const fetch = k.mul(k.zext(this.#nxEnabled(), 32), this.bits(access, ACCESS.FETCH));
      this.setState(WALK.error, k.or(k.or(this.bits(access, ACCESS.WRITE | ACCESS.USER), fetch), this.c(code)));
      k.return(this.c(WALK_RESULT.FAULT));
    });
  }

  /** Sets accessed and dirty bits. Those in read-only memory or behind a device stay as they are. */
  #mark({ address, low }: Entry, bits: Value): void {
    const { k } = this;
    k.if(k.nonZero(k.and(bits, k.not(low))), () => {
      k.if(this.has(this.access, ACCESS.PROBE), () => k.return(this.c(WALK_RESULT.FAULT)));
      const page = k.let(k.shr(address, 12));
      const marked = k.let(k.or(low, bits));
      k.if(k.eq(k.load(8, page, TABLES.kind), k.const(8, PAGE_KIND.RAM)), () => {
        k.if(k.or(this.#mustAsk(page), k.nonZero(k.load(8, page, TABLES.hasCode))), () => {
          this.setState(WALK.entry, address);
          this.setState(WALK.entryValue, marked);
          k.return(this.c(WALK_RESULT.MARK));
        });
        k.store(page, k.const(8, 1), TABLES.dirty);
        k.store(k.add(k.load(32, k.shl(page, 2), TABLES.hostPage), this.bits(address, 0xfff)), marked);
      });
    });
  }

  /** The page is clean and somebody wants to see it before it is written: TypeScript tells them. */
  #mustAsk(page: Value): Value {
    const { k } = this;
    return k.and(k.isZero(k.load(8, page, TABLES.dirty)), k.nonZero(k.load(32, this.c(0), TABLES.watched)));
  }

  #noteGlobal(entry: Value): void {
    const { k } = this;
    const global = k.and(this.has(entry, PTE.G), this.has(this.state(CONTROL.cr4), CR4.PGE));
    this.setState(WALK.global, k.zext(global, 32));
  }

  /** Physical addresses of 4 GiB and more: there is nothing, and nothing to enter. */
  #unlessNowhere(high: Value | undefined): void {
    if (!high) return;
    this.k.if(this.has(high, 15), () => {
      this.setState(WALK.physical, this.k.and(this.c(NOWHERE), this.state(WALK.a20Mask)));
      this.k.return(this.c(WALK_RESULT.OK));
    });
  }

  #found(address: Value): void {
    const { k } = this;
    const physical = k.let(k.and(address, this.state(WALK.a20Mask)));
    this.setState(WALK.physical, physical);
    k.if(this.has(this.access, ACCESS.FILL), () =>
      k.if(
        this.has(this.access, ACCESS.FETCH),
        () => this.#fillCode(physical),
        () => this.#fill(physical),
      ),
    );
    k.return(this.c(WALK_RESULT.OK));
  }

  #fillCode(physical: Value): void {
    const { k, linear, access } = this;
    const user = k.mul(this.bits(access, ACCESS.USER), this.c(CODE_TLB_BYTES / ACCESS.USER));
    const entry = k.let(k.add(k.shl(this.bits(k.shr(linear, 12), CODE_TLB_ENTRIES - 1), 4), user));
    k.store(entry, this.bits(linear, PAGE_MASK), CODE_TLB_BASE + CODE_TLB.tag);
    k.store(entry, this.bits(physical, PAGE_MASK), CODE_TLB_BASE + CODE_TLB.physical);
  }

  /** Memory only; into the write TLB only RAM, whose page counts as written from then on. */
  #fill(physical: Value): void {
    const { k, linear, access } = this;
    const page = k.let(k.shr(physical, 12));
    const host = k.load(32, k.shl(page, 2), TABLES.hostPage);
    const leave = (condition: Value): void => k.if(condition, () => k.return(this.c(WALK_RESULT.OK)));
    leave(k.isNegative(host));
    const linearPage = k.let(this.bits(linear, PAGE_MASK));
    const tag = k.variable(linearPage);
    const number = k.variable(this.bits(k.shr(linear, 12), TLB_ENTRIES - 1));
    k.if(this.has(access, ACCESS.USER), () => k.set(number, k.add(k.get(number), this.c(2 * TLB_ENTRIES))));
    k.if(this.has(access, ACCESS.WRITE), () => {
      leave(k.ne(k.load(8, page, TABLES.kind), k.const(8, PAGE_KIND.RAM)));
      leave(this.#mustAsk(page));
      k.store(page, k.const(8, 1), TABLES.dirty);
      k.set(number, k.add(k.get(number), this.c(TLB_ENTRIES)));
      k.if(k.nonZero(k.load(8, page, TABLES.hasCode)), () => k.set(tag, k.or(linearPage, this.c(TLB_CODE))));
    });
    const entry = k.get(number);
    const slot = k.let(k.shl(entry, 4));
    k.store(slot, k.get(tag), tlbAddress(false, false) + TLB.tag);
    k.store(slot, k.sub(host, linearPage), tlbAddress(false, false) + TLB.addend);
    const fills = this.c(TLB_FILLED.fills);
    k.store(fills, k.add(k.load(32, fills), this.c(1)));
    const listed = k.let(k.zext(k.load(8, entry, TLB_FILLED.listed), 32));
    k.if(
      k.nonZero(this.state(WALK.global)),
      () => this.#list(entry, listed, TLB_FILLED.GLOBAL, TLB_FILLED.global, TLB_FILLED.globalCount),
      () => this.#list(entry, listed, TLB_FILLED.LOCAL, TLB_FILLED.local, TLB_FILLED.localCount),
    );
  }

  /** Notes that an entry is filled, once for each list. */
  #list(entry: Value, listed: Value, bit: number, list: number, counter: number): void {
    const { k } = this;
    k.if(k.isZero(this.bits(listed, bit)), () => {
      k.store(entry, k.trunc(k.or(listed, this.c(bit)), 8), TLB_FILLED.listed);
      const count = k.load(32, this.c(counter));
      k.store(k.shl(count, 1), k.trunc(entry, 16), list);
      k.store(this.c(counter), k.add(count, this.c(1)));
    });
  }
}

/** Linear address and ACCESS bits; gives WALK_RESULT. */
const walkPage: Kernel = {
  params: [32, 32],
  results: [32],
  emit: (k, linear, access) => new Walk(k, linear, access).emit(),
};

export const PAGE_KERNELS = { walkPage };
