/** Bit tests, bit scans, byte order, set and move on condition. */
import { CC, type Builder } from './builder.ts';
import { insn } from './define.ts';
import { AUX, conditionValue, flagsCarry } from './flags.ts';
import { isMemory, type Opnd } from './operand.ts';
import type { Value } from './value.ts';

/** In a flags result: neither zero nor negative, whatever the low byte that parity is taken of. */
const NONZERO = 0x100;

/**
 * BT and its relatives. With a register index a memory operand is a string of bits that reaches beyond the operand,
 * in both directions; an immediate index stays within it.
 */
function bitTest(name: string, change?: (b: Builder, word: Value, mask: Value) => Value): void {
  insn(name, (b, dst, index) => {
    const offset = b.let(b.read(index));
    const width = dst.width;
    let place: Opnd = dst;
    if (isMemory(dst) && index.kind === 'reg') {
      const words = b.sar(offset, Math.log2(width));
      place = b.displaced(dst, b.mul(b.sext(words, 32), b.const(32, width / 8)), width);
    }
    const word = b.let(change ? b.modify(place) : b.read(place));
    const bit = b.let(b.and(b.zext(b.trunc(offset, 8), width), b.const(width, width - 1)));
    const carry = b.let(b.trunc(b.and(b.shr(word, bit), b.const(width, 1)), 8));
    const result = change && b.let(change(b, word, b.shl(b.const(width, 1), bit)));
    flagsCarry(b, carry);
    if (result) b.write(place, result);
  });
}
bitTest('BT');
bitTest('BTS', (b, word, mask) => b.or(word, mask));
bitTest('BTR', (b, word, mask) => b.and(word, b.not(mask)));
bitTest('BTC', (b, word, mask) => b.xor(word, mask));

/**
 * A source of zero sets ZF and leaves the destination, as both vendors' processors do. The undefined flags are an AMD
 * Zen's: PF by the index found, the others 0.
 */
function bitScan(name: string, find: (b: Builder, source: Value) => Value): void {
  insn(name, (b, dst, src) => {
    const source = b.let(b.read(src));
    const index = b.let(find(b, source));
    b.if(b.nonZero(source), () => b.write(dst, index));
    const found = b.or(b.zext(index, 32), b.const(32, NONZERO));
    b.setFlagsWords(b.select(b.isZero(source), b.const(32, 0), found), b.const(32, 0));
  });
}
bitScan('BSF', (b, source) => b.ctz(source));
bitScan('BSR', (b, source) => {
  const width = source.width;
  const carrier = width === 64 ? 64 : 32;
  return b.trunc(b.sub(b.const(carrier, carrier - 1), b.clz(b.zext(source, carrier))), width);
});

insn('POPCNT', (b, dst, src) => {
  const source = b.let(b.read(src));
  flagsPopcnt(b, source);
  b.write(dst, b.popcnt(source));
});

/** ZF tells a zero source; all other arithmetic flags are cleared. */
function flagsPopcnt(b: Builder, source: Value): void {
  // A low byte of 0 has even parity: the parity byte turns PF off.
  const result = b.select(b.isZero(source), b.const(32, 0), b.const(32, NONZERO));
  b.setFlagsWords(result, b.const(32, 1 << AUX.PARITY_SHIFT));
}

function byteSwap(b: Builder, value: Value): Value {
  const mask = b.const(32, 0x00ff00ff);
  const rotated = b.let(value);
  const odd = b.and(b.rotl32(rotated, b.const(32, 8)), mask);
  const even = b.rotr32(b.and(rotated, mask), b.const(32, 8));
  return b.or(odd, even);
}

function byteSwap64(b: Builder, value: Value): Value {
  const low = b.zext(byteSwap(b, b.trunc(b.shr(value, 32), 32)), 64);
  return b.or(b.shl(b.zext(byteSwap(b, b.trunc(value, 32)), 64), 32), low);
}

/** A 16-bit BSWAP is undefined; processors give zero. */
insn('BSWAP', (b, dst) => {
  const value = b.let(b.read(dst));
  if (value.width === 16) b.write(dst, b.const(16, 0));
  else b.write(dst, value.wide ? byteSwap64(b, value) : byteSwap(b, value));
});

insn('MOVBE', (b, dst, src) => {
  const value = b.let(b.read(src));
  if (value.width === 16) b.write(dst, b.or(b.shl(value, 8), b.shr(value, 8)));
  else b.write(dst, value.wide ? byteSwap64(b, value) : byteSwap(b, value));
});

/** CRC-32C (polynomial 11EDC6F41h, reflected), one bit at a time. */
insn('CRC32', (b, dst, src) => {
  const source = b.read(src);
  const start = b.trunc(b.read(dst), 32);
  const crc = b.variable(start);
  const feed = (word: Value, bits: number): void => {
    b.set(crc, b.xor(b.get(crc), b.zext(word, 32)));
    const left = b.variable(b.const(32, bits));
    b.loop(() => {
      const now = b.get(crc);
      const polynomial = b.and(b.neg(b.and(now, b.const(32, 1))), b.const(32, 0x82f63b78));
      b.set(crc, b.xor(b.shr(now, 1), polynomial));
      b.set(left, b.sub(b.get(left), b.const(32, 1)));
      return b.nonZero(b.get(left));
    });
  };
  if (source.wide) {
    b.let(source);
    feed(b.trunc(source, 32), 32);
    feed(b.trunc(b.shr(source, 32), 32), 32);
  } else feed(source, source.width);
  b.write(dst, b.zext(b.get(crc), dst.width));
});

// --- conditions ----------------------------------------------------------------------------------------------------------------

/** Suffixes by condition code. */
export const CONDITIONS = [
  'O', 'NO', 'B', 'NB', 'Z', 'NZ', 'BE', 'NBE', 'S', 'NS', 'P', 'NP', 'L', 'NL', 'LE', 'NLE',
] as const; // prettier-ignore

CONDITIONS.forEach((suffix, condition) => {
  insn(`SET${suffix}`, (b, dst) => b.write(dst, conditionValue(b, condition)));

  insn(`CMOV${suffix}`, (b, dst, src) => {
    // The source is read, and may fault, whatever the condition.
    const value = b.let(b.read(src));
    b.write(dst, b.select(conditionValue(b, condition), value, b.read(dst)));
  });

  insn(
    `J${suffix}`,
    (b, target) => {
      b.if(conditionValue(b, condition), () => b.jumpRelative(target));
      b.fallThrough();
    },
    { endsBlock: true },
  );
});

insn('CLC', (b) => flagsCarry(b, b.const(8, 0)));
insn('STC', (b) => flagsCarry(b, b.const(8, 1)));
insn('CMC', (b) => flagsCarry(b, b.isZero(conditionValue(b, CC.B))));
