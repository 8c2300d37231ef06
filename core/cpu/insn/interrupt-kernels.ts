/**
 * Interrupts, exceptions and IRET between flat code of CPL 0 and 3, the everyday case of 32-bit operating systems. SDM
 * volume 3, 6.12; volume 2, INT and IRET. Whatever is unusual (another kind of gate or segment, a page that is not in
 * the TLB, debugging) is refused before anything has changed, and TypeScript does it.
 */
import { SEG } from '../../isa/index.ts';
import { ATTR, CR0 } from '../bits.ts';
import {
  CONTROL,
  INTERRUPTS,
  MODE,
  S,
  SEGMENT,
  SEG_TR,
  STATE,
  TLB,
  TLB_ENTRIES,
  WALK,
  segmentAddress,
  tlbAddress,
} from '../layout.ts';
import { ARITHMETIC_FLAGS, FLAG } from './flags.ts';
import { flatDescriptor, loadFlat, useLevel } from './flat-segments.ts';
import type { Kernel, KernelBuilder } from './kernel.ts';
import type { Value } from './value.ts';

const GATE = { INTERRUPT32: 0x8e00, TRAP32: 0x8f00, MASK: 0x9f00 } as const;
const BUSY_TSS32 = ATTR.P | 11;
const TSS32_ESP0 = 4;
/** The largest frame: SS, ESP, EFLAGS, CS, EIP, error code. */
const FRAME_BYTES = 24;
/** What an IRET of this kind changes beside the arithmetic flags; a set RF is dropped. */
const RETURN_FLAGS = FLAG.IF | FLAG.DF | FLAG.RF | ARITHMETIC_FLAGS;

/** What both directions look at. */
class Passage {
  readonly k: KernelBuilder;
  /** Leaves the kernel: nothing was done. */
  readonly refuse: (when: Value) => void;

  constructor(k: KernelBuilder, results: number) {
    this.k = k;
    this.refuse = (when) => k.if(when, () => k.return(...Array.from({ length: results }, () => this.c(0))));
  }

  c(value: number): Value {
    return this.k.const(32, value);
  }
  segment(index: number, field: number): Value {
    return this.k.state32(segmentAddress(index) - STATE + field);
  }

  /** Flat segments, protected mode proper, nobody who wants to see every step. */
  refuseUnlessPlain(): void {
    const { k } = this;
    const mode = MODE.FLAT | MODE.CODE32 | MODE.STACK32;
    this.refuse(k.ne(k.and(k.state32(S.jumpKey), this.c(mode | MODE.REAL)), this.c(mode)));
    this.refuse(
      k.nonZero(
        [k.state32(WALK.codeGuarded), k.state32(CONTROL.debugPending), k.load(32, this.c(INTERRUPTS.watched))].reduce(
          (some, one) => k.or(some, one),
          k.state32(WALK.guarded),
        ),
      ),
    );
    this.refuse(k.isZero(k.and(k.state32(CONTROL.cr0), this.c(CR0.PE))));
  }

  /** Where in linear memory a supervisor finds these bytes; all in one page that is in the TLB. */
  host(linear: Value, bytes: number, write: boolean): Value {
    const { k } = this;
    const tlb = tlbAddress(false, write);
    const entry = k.let(k.shl(k.and(k.shr(linear, 12), this.c(TLB_ENTRIES - 1)), 4));
    const lastPage = k.and(k.add(linear, this.c(bytes - 1)), this.c(-4096));
    const tag = k.load(32, entry, tlb + TLB.tag);
    this.refuse(k.or(k.ne(tag, lastPage), k.ne(tag, k.and(linear, this.c(-4096)))));
    return k.let(k.add(linear, k.load(32, entry, tlb + TLB.addend)));
  }

  /** The selector names a flat segment of the GDT; its RPL is for the caller. */
  refuseUnlessFlat(selector: Value, code: boolean, dpl: 0 | 3): void {
    const { k } = this;
    const offset = k.let(k.and(selector, this.c(0xfff8)));
    const outside = k.gtU(k.add(offset, this.c(7)), k.state32(CONTROL.gdtrLimit));
    this.refuse(k.or(outside, k.nonZero(k.and(selector, this.c(4)))));
    const host = this.host(k.let(k.add(k.state32(CONTROL.gdtrBase), offset)), 8, false);
    this.refuse(k.ne(k.load(64, host), k.const(64, flatDescriptor(code, dpl))));
  }
}

/**
 * Vector, where to return to, the whole EFLAGS image to push, error code, whether there is one. Gives the new ESP, which
 * the caller stores; 0: refused.
 */
export function emitEnterGate(
  k: KernelBuilder,
  { vector, rip, eflags, errorCode, hasError }: Record<'vector' | 'rip' | 'eflags' | 'errorCode' | 'hasError', Value>,
): Value {
  const passage = new Passage(k, 1);
  const { refuse } = passage;
  const c = (value: number): Value => passage.c(value);
  passage.refuseUnlessPlain();
  const cpl = k.state32(CONTROL.cpl);
  const user = k.let(k.eq(cpl, c(3)));
  refuse(k.nonZero(k.and(k.add(cpl, c(1)), c(2)))); // CPL 1 and 2
  refuse(k.gtU(k.add(k.shl(vector, 3), c(7)), k.state32(CONTROL.idtrLimit)));
  const gate = passage.host(k.let(k.add(k.state32(CONTROL.idtrBase), k.shl(vector, 3))), 8, false);
  const low = k.load(32, gate);
  const high = k.load(32, gate, 4);
  const kind = k.let(k.and(high, c(GATE.MASK)));
  refuse(k.and(k.ne(kind, c(GATE.INTERRUPT32)), k.ne(kind, c(GATE.TRAP32))));
  const selector = k.let(k.shr(low, 16));
  passage.refuseUnlessFlat(selector, true, 0);

  const oldPointer = k.state32(S.gpr + 4 * 8);
  const oldStack = passage.segment(SEG.SS, SEGMENT.selector);
  const pointer = k.variable(oldPointer);
  const stack = k.variable(oldStack);
  k.if(user, () => {
    const attributes = passage.segment(SEG_TR, SEGMENT.attributes);
    refuse(k.ne(k.and(attributes, c(0x9f)), c(BUSY_TSS32)));
    refuse(k.ltU(passage.segment(SEG_TR, SEGMENT.limit), c(0x67)));
    const tss = passage.host(k.let(k.add(passage.segment(SEG_TR, SEGMENT.base), c(TSS32_ESP0))), 8, false);
    k.set(pointer, k.load(32, tss));
    k.set(stack, k.and(k.load(32, tss, 4), c(0xffff)));
    refuse(k.nonZero(k.and(k.get(stack), c(3))));
    passage.refuseUnlessFlat(k.get(stack), false, 0);
  });
  const top = k.get(pointer);
  refuse(k.ltU(top, c(4096))); // so that the new ESP is not 0
  const frame = k.let(k.sub(top, c(FRAME_BYTES)));
  const host = passage.host(frame, FRAME_BYTES, true);
  const at = k.variable(k.add(host, c(FRAME_BYTES)));
  const push = (value: Value): void => {
    k.set(at, k.sub(k.get(at), c(4)));
    k.store(k.get(at), value);
  };
  k.if(user, () => {
    push(oldStack);
    push(oldPointer);
  });
  push(eflags);
  push(passage.segment(SEG.CS, SEGMENT.selector));
  push(rip);
  k.if(hasError, () => push(errorCode));

  k.if(user, () => loadFlat(k, SEG.SS, k.get(stack), 0));
  loadFlat(k, SEG.CS, k.and(selector, c(0xfffc)), 0);
  useLevel(k, 0);
  const interruptOff = k.select(k.eq(kind, c(GATE.INTERRUPT32)), c(FLAG.IF), c(0));
  const cleared = k.or(interruptOff, c(ARITHMETIC_FLAGS | FLAG.TF | FLAG.NT | FLAG.RF | FLAG.VM));
  k.setState32(S.eflags, k.or(k.and(eflags, k.not(cleared)), c(2)));
  k.setState32(S.rip, k.or(k.and(low, c(0xffff)), k.and(high, c(0xffff_0000))));
  return k.let(k.add(frame, k.sub(k.get(at), host)));
}

const enterGate: Kernel = {
  params: [32, 32, 32, 32, 32],
  results: [32],
  emit: (k, vector, rip, eflags, errorCode, hasError) =>
    k.return(emitEnterGate(k, { vector, rip, eflags, errorCode, hasError })),
};

/**
 * ESP; gives the EFLAGS image, whose arithmetic flags the caller loads, and the new ESP. Image 0: refused. RIP, CS, SS,
 * CPL and the other flags are done.
 */
const returnFromGate: Kernel = {
  params: [32],
  results: [32, 32],
  emit: (k, pointer) => {
    const passage = new Passage(k, 2);
    const { refuse } = passage;
    const c = (value: number): Value => passage.c(value);
    passage.refuseUnlessPlain();
    refuse(k.nonZero(k.or(k.state32(CONTROL.cpl), k.state32(CONTROL.nmi))));
    const frame = passage.host(pointer, FRAME_BYTES - 4, false);
    const rip = k.load(32, frame);
    const selector = k.let(k.and(k.load(32, frame, 4), c(0xffff)));
    const image = k.load(32, frame, 8);
    const flags = k.state32(S.eflags);
    // Flags that begin something, or that mean something to the return itself.
    refuse(k.nonZero(k.and(k.or(image, flags), c(FLAG.TF | FLAG.NT | FLAG.VM | FLAG.AC | FLAG.VIF | FLAG.VIP))));
    refuse(k.nonZero(k.and(k.xor(image, flags), c(~RETURN_FLAGS & 0x003f_ffff & ~0x802a))));
    refuse(k.and(k.nonZero(k.and(image, c(FLAG.IF))), k.nonZero(k.state32(S.intrPending))));
    const privilege = k.let(k.and(selector, c(3)));
    const outward = k.let(k.eq(privilege, c(3)));
    const newPointer = k.variable(k.add(pointer, c(12)));
    k.if(
      outward,
      () => {
        const stack = k.let(k.and(k.load(32, frame, 16), c(0xffff)));
        refuse(k.ne(k.and(stack, c(3)), c(3)));
        passage.refuseUnlessFlat(selector, true, 3);
        passage.refuseUnlessFlat(stack, false, 3);
        // Data segments that CPL 3 may not see would be taken away.
        for (const segment of [SEG.ES, SEG.DS, SEG.FS, SEG.GS]) {
          const attributes = passage.segment(segment, SEGMENT.attributes);
          const seen = k.eq(k.and(attributes, c(3 << ATTR.DPL_SHIFT)), c(3 << ATTR.DPL_SHIFT));
          refuse(k.isZero(k.or(seen, k.isZero(attributes))));
        }
        k.set(newPointer, k.load(32, frame, 12));
        loadFlat(k, SEG.CS, selector, 3);
        loadFlat(k, SEG.SS, stack, 3);
        useLevel(k, 3);
      },
      () => {
        refuse(k.nonZero(privilege));
        passage.refuseUnlessFlat(selector, true, 0);
        loadFlat(k, SEG.CS, selector, 0);
      },
    );
    const changed = FLAG.IF | FLAG.DF;
    k.setState32(S.eflags, k.or(k.and(flags, c(~(changed | FLAG.RF))), k.and(image, c(changed))));
    k.setState32(S.rip, rip);
    k.return(k.or(image, c(2)), k.get(newPointer));
  },
};

export const INTERRUPT_KERNELS = { enterGate, returnFromGate };
