import { SEG } from '../../isa/index.ts';
import {
  CONTROL,
  KNOWN_SEGMENT,
  KNOWN_SEGMENTS,
  KNOWN_SEGMENT_BYTES,
  MODE,
  S,
  SEGMENT_BYTES,
  STATE,
  TLB,
  TLB_ENTRIES,
  segmentAddress,
  tlbAddress,
} from '../layout.ts';
import type { Kernel } from './kernel.ts';

/** Segment register and selector; gives 1 when the register is loaded, 0 when TypeScript has to look. */
const loadKnownSegment: Kernel = {
  params: [32, 32],
  results: [32],
  emit: (k, segment, selector) => {
    const c = (value: number) => k.const(32, value);
    const state = (offset: number) => k.load(32, c(STATE), offset);
    const unless = (condition: ReturnType<typeof c>): void => k.if(condition, () => k.return(c(0)));
    const cpl = state(CONTROL.cpl);
    const slot = k.or(k.and(k.shr(selector, 3), c(31)), k.shl(k.and(cpl, c(1)), 5));
    const entry = k.let(k.add(k.mul(slot, c(KNOWN_SEGMENT_BYTES)), c(KNOWN_SEGMENTS)));
    unless(k.ne(k.load(32, entry, KNOWN_SEGMENT.selector), selector));
    unless(k.ne(k.load(32, entry, KNOWN_SEGMENT.cpl), cpl));
    const kind = k.load(32, entry, KNOWN_SEGMENT.kind);
    unless(k.isZero(kind));
    // ES and DS are part of the mode: only a flat segment in place of a flat one leaves it alone.
    k.if(k.ltU(segment, c(SEG.FS)), () =>
      unless(
        k.isZero(
          k.and(
            k.and(kind, c(KNOWN_SEGMENT.FLAT)),
            k.mul(k.and(state(S.jumpKey), c(MODE.FLAT)), c(KNOWN_SEGMENT.FLAT / MODE.FLAT)),
          ),
        ),
      ),
    );
    k.if(k.isZero(k.and(kind, c(KNOWN_SEGMENT.NULL))), () => {
      const offset = k.let(k.and(selector, c(0xfff8)));
      unless(k.gtU(k.add(offset, c(7)), state(CONTROL.gdtrLimit)));
      const linear = k.let(k.add(state(CONTROL.gdtrBase), offset));
      const tlb = k.let(k.shl(k.and(k.shr(linear, 12), c(TLB_ENTRIES - 1)), 4));
      const page = k.and(k.add(linear, c(7)), c(-4096));
      unless(k.ne(k.load(32, tlb, tlbAddress(false, false) + TLB.tag), page));
      const host = k.let(k.add(linear, k.load(32, tlb, tlbAddress(false, false) + TLB.addend)));
      unless(k.ne(k.load(64, host), k.load(64, entry, KNOWN_SEGMENT.descriptor)));
    });
    const hidden = k.let(k.add(k.mul(segment, c(SEGMENT_BYTES)), c(segmentAddress(0))));
    for (let at = 0; at < SEGMENT_BYTES; at += 8) k.store(hidden, k.load(64, entry, KNOWN_SEGMENT.hidden + at), at);
    k.return(c(1));
  },
};

export const SEGMENT_KERNELS = { loadKnownSegment };
