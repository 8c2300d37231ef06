/** SYSENTER and SYSEXIT. SDM volume 2. They load flat segments without looking at any table. */
import { SEG } from '../../isa/index.ts';
import { CONTROL, MODE, S, WALK } from '../layout.ts';
import { CR0 } from '../bits.ts';
import type { Builder } from './builder.ts';
import { insn } from './define.ts';
import { FLAG } from './flags.ts';
import { loadFlat, useLevel } from './flat-segments.ts';
import type { Value } from './value.ts';

const ends = { endsBlock: true } as const;
const CX = 1;
const DX = 2;
const SP = 4;

/** CPL and what follows from it, with CS and SS flat. */
function enterLevel(b: Builder, cpl: 0 | 3): void {
  const wasFlat = b.nonZero(b.and(b.state32(S.jumpKey), b.const(32, MODE.FLAT)));
  // Alignment checks begin or end with CPL 3.
  const alignment = b.and(b.state32(S.eflags), b.const(32, cpl === 3 ? FLAG.AC : 0));
  b.if(
    b.and(wasFlat, b.isZero(b.or(alignment, b.state32(WALK.guarded)))),
    () => useLevel(b, cpl),
    () => {
      b.setState32(CONTROL.cpl, b.const(32, cpl));
      b.helper('modeChanged');
    },
  );
}

/** The base of all four selectors; faults where there is none. */
function selectors(b: Builder, forbidden?: Value): Value {
  const base = b.let(b.and(b.state32(CONTROL.sysenterCs), b.const(32, 0xfffc)));
  const real = b.isZero(b.and(b.state32(CONTROL.cr0), b.const(32, CR0.PE)));
  const refused = b.or(b.isZero(base), real);
  b.if(forbidden ? b.or(refused, forbidden) : refused, () => void b.helper('generalProtection'));
  return base;
}

const selector = (b: Builder, base: Value, plus: number, rpl: number): Value =>
  b.or(b.and(b.add(base, b.const(32, plus)), b.const(32, 0xfffc)), b.const(32, rpl));

insn('SYSENTER', (b) => {
  const base = selectors(b);
  b.setState32(S.eflags, b.and(b.state32(S.eflags), b.const(32, ~(FLAG.VM | FLAG.IF | FLAG.RF))));
  loadFlat(b, SEG.CS, base, 0);
  loadFlat(b, SEG.SS, selector(b, base, 8, 0), 0);
  b.writeGpr(SP, b.state32(CONTROL.sysenterEsp));
  b.setRip(b.state32(CONTROL.sysenterEip));
  enterLevel(b, 0);
  b.jumpToRip();
}, ends); // prettier-ignore

insn('SYSEXIT', (b) => {
  const base = selectors(b, b.nonZero(b.state32(CONTROL.cpl)));
  loadFlat(b, SEG.CS, selector(b, base, 16, 3), 3);
  loadFlat(b, SEG.SS, selector(b, base, 24, 3), 3);
  b.setRip(b.readGpr(DX, 32));
  b.writeGpr(SP, b.readGpr(CX, 32));
  enterLevel(b, 3);
  b.jumpToRip();
}, ends); // prettier-ignore
