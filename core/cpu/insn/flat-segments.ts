/**
 * Flat code and stack segments: base 0, 4 GiB, 32 bits. What operating systems use is loaded without TypeScript, by
 * SYSENTER as it is defined, by interrupts and IRET where the descriptor is exactly that of such a segment.
 */
import { SEG } from '../../isa/index.ts';
import { ATTR } from '../bits.ts';
import { CONTROL, MODE, S, SEGMENT, STATE, codeTlbAddress, jumpKeyOf, segmentAddress, tlbAddress } from '../layout.ts';
import type { Expressions } from './expressions.ts';
import type { Value } from './value.ts';

/** Expressions that can see the processor's state. */
export type StateExpressions = Expressions & {
  state32(offset: number): Value;
  setState32(offset: number, value: Value): void;
};

type Level = 0 | 3;

/** Code segments are readable, data segments writable; accessed. */
const attributesOf = (code: boolean, dpl: Level): number =>
  ATTR.P | ATTR.S | ATTR.G | ATTR.DB | ATTR.RW | ATTR.ACCESSED | (dpl << ATTR.DPL_SHIFT) | (code ? ATTR.CODE : 0);

/** The two words of a flat segment's descriptor, as one: limit FFFFFh in pages, base 0. */
export const flatDescriptor = (code: boolean, dpl: Level): bigint =>
  (BigInt((attributesOf(code, dpl) << 8) | 0xf_0000) << 32n) | 0xffffn;

/** Loads CS or SS. */
export function loadFlat(b: StateExpressions, segment: number, selector: Value, dpl: Level): void {
  const code = segment === SEG.CS;
  const set = (field: number, value: Value | number): void =>
    b.setState32(segmentAddress(segment) - STATE + field, typeof value === 'number' ? b.const(32, value) : value);
  set(SEGMENT.base, 0);
  set(SEGMENT.readMax, -1);
  set(SEGMENT.readMax + 4, 0);
  set(SEGMENT.writeMax, -1);
  set(SEGMENT.writeMax + 4, code ? -1 : 0);
  set(SEGMENT.limit, -1);
  set(SEGMENT.attributes, attributesOf(code, dpl));
  set(SEGMENT.selector, selector);
}

/** What follows from a CPL while CS, SS, DS and ES are flat and alignment is not checked. */
export function useLevel(b: StateExpressions, cpl: Level): void {
  const user = cpl === 3;
  const mode = MODE.CODE32 | MODE.STACK32 | MODE.FLAT | (user ? MODE.USER : 0);
  b.setState32(CONTROL.cpl, b.const(32, cpl));
  b.setState32(S.jumpKey, b.const(32, jumpKeyOf(mode)));
  b.setState32(S.tlbCode, b.const(32, codeTlbAddress(user)));
  b.setState32(S.tlbRead, b.const(32, tlbAddress(user, false)));
  b.setState32(S.tlbWrite, b.const(32, tlbAddress(user, true)));
}
