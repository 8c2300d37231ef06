/** PCMPESTRI, PCMPESTRM, PCMPISTRI, PCMPISTRM. Intel SDM volume 2, 4.1. */
import { FLAG } from './insn/flags.ts';

const AGGREGATION = { equalAny: 0, ranges: 1, equalEach: 2, equalOrdered: 3 } as const;

export interface StringComparison {
  /** One bit for each element, after the polarity. */
  readonly bits: number;
  /** Of the first or last bit that is set; the number of elements when none is. */
  readonly index: number;
  readonly eflags: number;
}

/** Bit 0 of the control byte: elements are words; bit 1: they are signed. */
function elements(view: DataView, control: number): number[] {
  const words = (control & 1) !== 0;
  const signed = (control & 2) !== 0;
  return Array.from({ length: words ? 8 : 16 }, (_, i) => {
    if (words) return signed ? view.getInt16(i * 2, true) : view.getUint16(i * 2, true);
    return signed ? view.getInt8(i) : view.getUint8(i);
  });
}

/** Up to the first zero. */
function terminated(values: readonly number[]): number {
  const end = values.indexOf(0);
  return end < 0 ? values.length : end;
}

/** Lengths in elements; undefined: the strings end at their first zero. */
export function compareStrings(
  first: DataView,
  second: DataView,
  control: number,
  lengths: readonly [number, number] | undefined,
): StringComparison {
  const x = elements(first, control);
  const y = elements(second, control);
  const count = x.length;
  const saturated = (length: number): number => Math.min(Math.abs(length), count);
  const lengthX = lengths ? saturated(lengths[0]) : terminated(x);
  const lengthY = lengths ? saturated(lengths[1]) : terminated(y);

  const found = (j: number): boolean => {
    switch ((control >> 2) & 3) {
      case AGGREGATION.equalAny:
        return j < lengthY && x.slice(0, lengthX).includes(y[j]);
      case AGGREGATION.ranges:
        if (j >= lengthY) return false;
        for (let i = 0; i + 1 < lengthX; i += 2) if (y[j] >= x[i] && y[j] <= x[i + 1]) return true;
        return false;
      case AGGREGATION.equalEach:
        return j < lengthX && j < lengthY ? x[j] === y[j] : j >= lengthX && j >= lengthY;
      default:
        for (let i = 0; i < lengthX && i + j < count; i++) if (i + j >= lengthY || x[i] !== y[i + j]) return false;
        return true;
    }
  };
  let bits = 0;
  for (let j = 0; j < count; j++) if (found(j)) bits |= 1 << j;
  if (control & 0x10) bits ^= control & 0x20 ? (1 << lengthY) - 1 : (1 << count) - 1;

  const last = (control & 0x40) !== 0;
  const index = bits === 0 ? count : 31 - Math.clz32(last ? bits : bits & -bits);
  const eflags =
    (bits !== 0 ? FLAG.CF : 0) |
    (lengthY < count ? FLAG.ZF : 0) |
    (lengthX < count ? FLAG.SF : 0) |
    (bits & 1 ? FLAG.OF : 0);
  return { bits, index, eflags };
}
