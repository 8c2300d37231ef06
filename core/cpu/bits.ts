/** Bits of control registers and of segments, where generated code and TypeScript find them. */
export const CR0 = { PE: 1, MP: 2, EM: 4, TS: 8, ET: 16, NE: 32, WP: 1 << 16, AM: 1 << 18, NW: 1 << 29, CD: 1 << 30, PG: 0x8000_0000 } as const; // prettier-ignore
export const CR4 = { VME: 1, PVI: 2, TSD: 4, DE: 8, PSE: 16, PAE: 32, MCE: 64, PGE: 128, PCE: 256, OSFXSR: 512, OSXMMEXCPT: 1024 } as const; // prettier-ignore

/** Bits of a segment's attributes: the descriptor's second word shifted right by 8. */
export const ATTR = {
  TYPE: 0x0f,
  ACCESSED: 0x01,
  /** Data: writable; code: readable. */
  RW: 0x02,
  /** Data: expand-down; code: conforming. */
  EC: 0x04,
  CODE: 0x08,
  S: 0x10,
  DPL_SHIFT: 5,
  P: 0x80,
  L: 0x2000,
  DB: 0x4000,
  G: 0x8000,
} as const;
