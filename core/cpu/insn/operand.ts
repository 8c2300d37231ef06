import type { Value, Width } from './value.ts';

/**
 * An operand as a semantics sees it. Where the register number, address or immediate comes from (a record or a
 * constant) is the builder's business.
 */
export type Opnd =
  /** `slot` 1 or 2: named by the instruction; `gpr`: fixed by the opcode (AL, rAX, DX, ...), high: AH..BH. */
  | { readonly kind: 'reg'; readonly width: Width; readonly slot: 1 | 2 }
  /** XMM and MMX registers; a width below the register's is its low part. `xmm0`: fixed by the opcode. */
  | { readonly kind: 'xmm'; readonly width: Width; readonly slot: 1 | 2 }
  | { readonly kind: 'mmx'; readonly width: Width; readonly slot: 1 | 2 }
  | { readonly kind: 'xmm0'; readonly width: 128 }
  | { readonly kind: 'gpr'; readonly width: Width; readonly index: number; readonly high: boolean }
  /** Memory named by ModRM or moffs; `offset` in bytes is added to its effective address. */
  | {
      readonly kind: 'mem';
      readonly width: Width;
      readonly offset?: Value;
      /** 128 bits are aligned to 16 bytes, or #GP, unless the instruction says that they need not be. */
      readonly unaligned?: boolean;
    }
  /** String operands: DS:rSI (or override) and ES:rDI. */
  | { readonly kind: 'src'; readonly width: Width }
  | { readonly kind: 'dst'; readonly width: Width }
  | { readonly kind: 'imm'; readonly width: Width; readonly second: boolean }
  | { readonly kind: 'const'; readonly width: Width; readonly value: number }
  /** Relative branch target. */
  | { readonly kind: 'rel'; readonly width: Width }
  /** Segment register by its number; `stack`: it is SS, whose load holds interrupts off for one instruction. */
  | { readonly kind: 'seg'; readonly width: 16; readonly slot: 1 | 2; readonly stack: boolean }
  | { readonly kind: 'far'; readonly width: Width }
  /** Control, debug and other registers reached only by helpers: their number is ModRM.reg. */
  | { readonly kind: 'special'; readonly width: Width };

export type Memory = Extract<Opnd, { kind: 'mem' | 'src' | 'dst' }>;

export const isMemory = (operand: Opnd): operand is Memory =>
  operand.kind === 'mem' || operand.kind === 'src' || operand.kind === 'dst';
