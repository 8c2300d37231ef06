/**
 * What MMX and SSE instructions share: whether they may run, how their operands become vectors, shuffles by element.
 * Intel SDM volume 3, 13.1 (conditions of SSE), volume 1, 9.5 (MMX and the x87 state).
 */
import { OPV } from '../../wasm/index.ts';
import { CONTROL, X87 } from '../layout.ts';
import { CR0, CR4 } from '../state.ts';
import type { Builder } from './builder.ts';
import { insn, type Semantics } from './define.ts';
import type { Opnd } from './operand.ts';
import type { Value } from './value.ts';

/** #UD with CR0.EM or without CR4.OSFXSR, #NM with CR0.TS. */
export function requireSse(b: Builder): void {
  const stopped = b.and(b.state32(CONTROL.cr0), b.const(32, CR0.EM | CR0.TS));
  const enabled = b.and(b.state32(CONTROL.cr4), b.const(32, CR4.OSFXSR));
  b.attempt(
    (giveUp) => giveUp(b.nonZero(b.or(stopped, b.xor(enabled, b.const(32, CR4.OSFXSR))))),
    () => void b.helper('sseUnavailable'),
  );
}

const STATUS_ES = 0x80;
const STATUS_TOP = 0x3800;

/** #UD with CR0.EM, #NM with CR0.TS, and what an x87 exception leads to that waits. */
export function requireMmx(b: Builder): void {
  const stopped = b.and(b.state32(CONTROL.cr0), b.const(32, CR0.EM | CR0.TS));
  const pending = b.and(b.state32(X87.status), b.const(32, STATUS_ES));
  b.attempt(
    (giveUp) => giveUp(b.nonZero(b.or(stopped, pending))),
    () => b.if(b.nonZero(b.helper('mmxBlocked')), () => b.restart()),
  );
}

/** The FPU sees eight registers in use from the first on. */
export function enterMmx(b: Builder): void {
  b.setState32(X87.status, b.and(b.state32(X87.status), b.const(32, ~STATUS_TOP)));
  b.setState32(X87.inUse, b.const(32, 0xff));
}

export function sse(name: string, semantics: Semantics): void {
  insn(name, (b, ...operands) => {
    requireSse(b);
    semantics(b, ...operands);
  });
}

export function mmx(name: string, semantics: Semantics): void {
  insn(name, (b, ...operands) => {
    requireMmx(b);
    semantics(b, ...operands);
    enterMmx(b);
  });
}

// --- vectors from operands --------------------------------------------------------------------------------------------------

const SPLAT = { 8: OPV.i8x16Splat, 16: OPV.i16x8Splat, 32: OPV.i32x4Splat, 64: OPV.i64x2Splat } as const;

/** Repeats a word in every lane of its width. */
export const splat = (b: Builder, value: Value): Value => b.vector(SPLAT[value.width as keyof typeof SPLAT], value);

/** An operand as a vector; one that is narrower is in every lane of its width. */
export function readVector(b: Builder, operand: Opnd): Value {
  const value = b.read(operand);
  return b.let(value.width === 128 ? value : splat(b, value));
}

export const zeroVector = (b: Builder): Value => b.const(128, 0);
export const low64 = (b: Builder, vector: Value): Value => b.lane(OPV.i64x2ExtractLane, 64, vector, 0);
export const high64 = (b: Builder, vector: Value): Value => b.lane(OPV.i64x2ExtractLane, 64, vector, 1);
export const low32 = (b: Builder, vector: Value): Value => b.lane(OPV.i32x4ExtractLane, 32, vector, 0);

/** The same constant in every lane of `bits`. */
export function lanes(b: Builder, bits: 8 | 16 | 32 | 64, value: bigint): Value {
  let all = 0n;
  for (let at = 0; at < 128; at += bits) all |= BigInt.asUintN(bits, value) << BigInt(at);
  return b.const(128, all);
}

/** A constant of 16 bytes. */
export const byteVector = (b: Builder, bytes: readonly number[]): Value =>
  b.const(
    128,
    bytes.reduce((all, byte, i) => all | (BigInt(byte & 0xff) << BigInt(8 * i)), 0n),
  );
export const IOTA = Array.from({ length: 16 }, (_, i) => i);

/** Picks elements of `size` bytes: numbers count on from the first vector into the second; the last one is repeated. */
export function pick(b: Builder, x: Value, y: Value, size: number, elements: readonly number[]): Value {
  return b.shuffle(x, y, IOTA.map((i) => {
    const at = Math.min(Math.floor(i / size), elements.length - 1);
    return elements[at] * size + (i % size);
  })); // prettier-ignore
}

/** The operand with a full register's width. */
export const wide = (operand: Opnd): Opnd => ({ ...operand, width: 128 }) as Opnd;
/** A memory operand that need not be aligned. */
export const unaligned = (operand: Opnd): Opnd => (operand.kind === 'mem' ? { ...operand, unaligned: true } : operand);
