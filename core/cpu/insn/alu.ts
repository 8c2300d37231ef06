/** Integer arithmetic and logic. Intel SDM volume 2. */
import { CC, type Builder } from './builder.ts';
import { insn } from './define.ts';
import {
  conditionValue,
  flagsAdd,
  flagsFromBits,
  flagsIncDec,
  flagsLogic,
  flagsSub,
  flagsZero,
  setArithmeticFlags,
  arithmeticFlags,
} from './flags.ts';
import type { Value } from './value.ts';

insn('ADD', (b, dst, src) => {
  const left = b.modify(dst);
  const right = b.read(src);
  const sum = b.let(b.add(left, right));
  flagsAdd(b, left, right, sum);
  b.write(dst, sum);
});

insn('ADC', (b, dst, src) => {
  const left = b.modify(dst);
  const right = b.read(src);
  const sum = b.let(b.add(b.add(left, right), b.zext(conditionValue(b, CC.B), left.width)));
  flagsAdd(b, left, right, sum, true);
  b.write(dst, sum);
});

insn('SUB', (b, dst, src) => {
  const left = b.modify(dst);
  const right = b.read(src);
  const difference = b.let(b.sub(left, right));
  flagsSub(b, left, right, difference);
  b.write(dst, difference);
});

insn('SBB', (b, dst, src) => {
  const left = b.modify(dst);
  const right = b.read(src);
  const difference = b.let(b.sub(b.sub(left, right), b.zext(conditionValue(b, CC.B), left.width)));
  flagsSub(b, left, right, difference, true);
  b.write(dst, difference);
});

insn('CMP', (b, dst, src) => {
  const left = b.read(dst);
  const right = b.read(src);
  flagsSub(b, left, right, b.let(b.sub(left, right)));
});

insn('AND', (b, dst, src) => {
  const result = b.let(b.and(b.modify(dst), b.read(src)));
  flagsLogic(b, result);
  b.write(dst, result);
});

insn('OR', (b, dst, src) => {
  const result = b.let(b.or(b.modify(dst), b.read(src)));
  flagsLogic(b, result);
  b.write(dst, result);
});

insn('XOR', (b, dst, src) => {
  const result = b.let(b.xor(b.modify(dst), b.read(src)));
  flagsLogic(b, result);
  b.write(dst, result);
});

insn('TEST', (b, dst, src) => {
  flagsLogic(b, b.let(b.and(b.read(dst), b.read(src))));
});

insn('INC', (b, dst) => {
  const left = b.modify(dst);
  const result = b.let(b.add(left, b.const(left.width, 1)));
  flagsIncDec(b, left, result, false);
  b.write(dst, result);
});

insn('DEC', (b, dst) => {
  const left = b.modify(dst);
  const result = b.let(b.sub(left, b.const(left.width, 1)));
  flagsIncDec(b, left, result, true);
  b.write(dst, result);
});

insn('NEG', (b, dst) => {
  const right = b.modify(dst);
  const zero = b.const(right.width, 0);
  const result = b.let(b.sub(zero, right));
  flagsSub(b, zero, right, result);
  b.write(dst, result);
});

insn('NOT', (b, dst) => {
  b.write(dst, b.not(b.modify(dst)));
});

insn('XADD', (b, dst, src) => {
  const left = b.modify(dst);
  const right = b.read(src);
  const sum = b.let(b.add(left, right));
  flagsAdd(b, left, right, sum);
  // The source first: with the same register for both, the sum stays.
  b.write(src, left);
  b.write(dst, sum);
});

insn('CMPXCHG', (b, dst, src) => {
  const old = b.modify(dst);
  const width = old.width;
  const accumulator = b.readGpr(0, width);
  const difference = b.let(b.sub(accumulator, old));
  const equal = b.let(b.eq(accumulator, old));
  const replacement = b.let(b.read(src));
  flagsSub(b, accumulator, old, difference);
  // Memory is written in either case, as the processor does.
  b.write(dst, b.select(equal, replacement, old));
  b.if(b.isZero(equal), () => b.writeGpr(0, old));
});

insn('CMPXCHG8B', (b, m) => {
  const old = b.modify(m);
  const pair = (high: number, low: number) =>
    b.or(b.shl(b.zext(b.readGpr(high, 32), 64), 32), b.zext(b.readGpr(low, 32), 64));
  const equal = b.let(b.eq(old, b.let(pair(2, 0))));
  b.write(m, b.select(equal, b.let(pair(1, 3)), old));
  b.if(b.isZero(equal), () => {
    b.writeGpr(0, b.trunc(old, 32));
    b.writeGpr(2, b.trunc(b.shr(old, 32), 32));
  });
  flagsZero(b, equal);
});

// --- decimal adjustment ----------------------------------------------------------------------------------------------------

/** 0 or 1: the sum or difference left the signed range. */
function signedOverflow(b: Builder, left: Value, right: Value, result: Value, subtract: boolean): Value {
  const operands = subtract ? b.xor(left, right) : b.not(b.xor(left, right));
  return b.trunc(b.shr(b.and(operands, b.xor(left, result)), left.width - 1), 8);
}

/** DAA and DAS share their shape; SDM pseudo-code, with OF as an AMD Zen leaves it: that of the whole correction. */
function decimalAdjust(name: string, subtract: boolean): void {
  insn(name, (b) => {
    const old = b.readGpr(0, 8);
    const carry = b.let(conditionValue(b, CC.B));
    const adjust = b.let(b.and(b.shr(b.flagsAux(), 3), b.const(32, 1)));
    const low = b.let(b.or(b.gtU(b.and(old, b.const(8, 0x0f)), b.const(8, 9)), b.trunc(adjust, 8)));
    const high = b.let(b.or(b.gtU(old, b.const(8, 0x99)), carry));
    const six = b.select(low, b.const(8, 0x06), b.const(8, 0));
    const sixty = b.select(high, b.const(8, 0x60), b.const(8, 0));
    const correction = b.let(b.add(six, sixty));
    const result = b.let(subtract ? b.sub(old, correction) : b.add(old, correction));
    b.writeGpr(0, result);
    // DAS also borrows when the low correction alone goes below zero.
    const lowBorrow = subtract ? b.and(low, b.ltU(old, b.const(8, 6))) : b.const(8, 0);
    const overflow = b.let(signedOverflow(b, old, correction, result, subtract));
    flagsFromBits(b, result, b.or(high, lowBorrow), overflow, low);
  });
}
decimalAdjust('DAA', false);
decimalAdjust('DAS', true);

function asciiAdjust(name: string, subtract: boolean): void {
  insn(name, (b) => {
    const ax = b.readGpr(0, 16);
    const adjust = b.and(b.shr(b.flagsAux(), 3), b.const(32, 1));
    const digit = b.and(ax, b.const(16, 0x0f));
    const needed = b.let(b.or(b.gtU(digit, b.const(16, 9)), b.trunc(adjust, 8)));
    const correction = b.let(b.select(needed, b.const(16, 0x106), b.const(16, 0)));
    const result = b.let(subtract ? b.sub(ax, correction) : b.add(ax, correction));
    b.writeGpr(0, b.and(result, b.const(16, 0xff0f)));
    // SF, ZF, PF and OF are undefined; an AMD Zen leaves those of the 16-bit sum.
    flagsFromBits(b, result, needed, b.let(signedOverflow(b, ax, correction, result, subtract)), needed);
  });
}
asciiAdjust('AAA', false);
asciiAdjust('AAS', true);

insn('AAM', (b, base) => {
  const divisor = b.let(b.read({ ...base, width: 8 } as typeof base));
  b.if(b.isZero(divisor), () => b.helper('divideError'));
  const al = b.readGpr(0, 8);
  const quotient = b.let(b.divU(al, divisor));
  const rest = b.let(b.remU(al, divisor));
  b.writeGpr(0, quotient, true);
  b.writeGpr(0, rest);
  flagsLogic(b, rest);
});

insn('AAD', (b, base) => {
  const factor = b.read({ ...base, width: 8 } as typeof base);
  const al = b.readGpr(0, 8);
  const ah = b.readGpr(0, 8, true);
  const tens = b.let(b.mul(ah, factor));
  const result = b.let(b.add(al, tens));
  b.writeGpr(0, b.zext(result, 16));
  // OF, AF and CF are undefined; an AMD Zen leaves those of the addition.
  flagsAdd(b, al, tens, result);
});

// --- flag instructions -------------------------------------------------------------------------------------------------------

insn('LAHF', (b) => {
  const image = b.and(arithmeticFlags(b), b.const(32, 0xd5));
  b.writeGpr(0, b.trunc(b.or(image, b.const(32, 2)), 8), true);
});

insn('SAHF', (b) => {
  const overflow = b.let(b.shl(b.zext(conditionValue(b, CC.O), 32), 11));
  const image = b.and(b.zext(b.readGpr(0, 8, true), 32), b.const(32, 0xd5));
  setArithmeticFlags(b, b.or(image, overflow));
});

insn('SALC', (b) => {
  b.writeGpr(0, b.select(conditionValue(b, CC.B), b.const(8, 0xff), b.const(8, 0)));
});
