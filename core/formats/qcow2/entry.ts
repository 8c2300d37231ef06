/** L1 and L2 entries, as two halves of 32 bits. QEMU docs/interop/qcow2.txt, "Cluster mapping". */
import { decodePlace, type PackedPlace } from './packed.ts';

/** High half: this cluster has one reference and may be written in place. */
export const COPIED_HIGH = 0x80000000;
const PACKED_HIGH = 0x40000000;
const OFFSET_HIGH = 0x00ffffff;
const OFFSET_LOW = 0xfffffe00;
/** Low half: the cluster reads as zeros, whatever it points to. */
const ZERO_LOW = 1;

export type Entry =
  | { readonly kind: 'absent' }
  /** `at` is a cluster that is kept for later, 0 for none. */
  | { readonly kind: 'zero'; readonly at: number; readonly copied: boolean }
  | { readonly kind: 'data'; readonly at: number; readonly copied: boolean }
  | { readonly kind: 'packed'; readonly place: PackedPlace };

const ABSENT: Entry = { kind: 'absent' };

export const offsetOf = (high: number, low: number): number =>
  (high & OFFSET_HIGH) * 2 ** 32 + ((low & OFFSET_LOW) >>> 0);

export const isCopied = (high: number): boolean => (high & COPIED_HIGH) !== 0;

export function readEntry(view: DataView, index: number, clusterBits: number): Entry {
  const high = view.getUint32(index * 8);
  const low = view.getUint32(index * 8 + 4);
  if (high & PACKED_HIGH) return { kind: 'packed', place: decodePlace(high, low, clusterBits) };
  const at = offsetOf(high, low);
  if (low & ZERO_LOW) return { kind: 'zero', at, copied: isCopied(high) };
  return at === 0 ? ABSENT : { kind: 'data', at, copied: isCopied(high) };
}

export function writeHalves(view: DataView, index: number, high: number, low: number): void {
  view.setUint32(index * 8, high);
  view.setUint32(index * 8 + 4, low);
}

/** A cluster or table at `at` that nothing else refers to. */
export const writeOwned = (view: DataView, index: number, at: number): void =>
  writeHalves(view, index, (Math.floor(at / 2 ** 32) | COPIED_HIGH) >>> 0, at % 2 ** 32);

export const writeAbsent = (view: DataView, index: number): void => writeHalves(view, index, 0, 0);
export const writeZero = (view: DataView, index: number): void => writeHalves(view, index, 0, ZERO_LOW);
