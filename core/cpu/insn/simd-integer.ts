/**
 * Packed integers of MMX and SSE2 to SSE4.2: one definition for both register files. An MMX register takes part as a
 * vector that holds it twice; what depends on a register's length gets that in bits.
 */
import { OPV } from '../../wasm/index.ts';
import type { Builder } from './builder.ts';
import { flagsZeroParityCarry } from './flags.ts';
import type { Opnd } from './operand.ts';
import { IOTA, byteVector, lanes, low64, mmx, pick, readVector, splat, sse, wide, zeroVector } from './simd.ts';
import type { Value } from './value.ts';

type Bits = 64 | 128;
type Packed = (b: Builder, x: Value, y: Value, bits: Bits) => Value;

function xmmOnly(name: string, packed: Packed, suffix = ''): void {
  sse(name + suffix, (b, dst, src) => {
    const y = readVector(b, src);
    const x = readVector(b, dst);
    b.write(dst, packed(b, x, y, 128));
  });
}

function both(name: string, packed: Packed): void {
  mmx(`${name} P`, (b, dst, src) => {
    const y = readVector(b, src);
    const x = readVector(b, dst);
    b.write(dst, low64(b, packed(b, x, y, 64)));
  });
  xmmOnly(name, packed, ' V');
}

const direct =
  (op: number): Packed =>
  (b, x, y) =>
    b.vector(op, x, y);

for (const [name, op] of [
  ['PADDB', OPV.i8x16Add],
  ['PADDW', OPV.i16x8Add],
  ['PADDD', OPV.i32x4Add],
  ['PADDQ', OPV.i64x2Add],
  ['PADDSB', OPV.i8x16AddSatS],
  ['PADDSW', OPV.i16x8AddSatS],
  ['PADDUSB', OPV.i8x16AddSatU],
  ['PADDUSW', OPV.i16x8AddSatU],
  ['PSUBB', OPV.i8x16Sub],
  ['PSUBW', OPV.i16x8Sub],
  ['PSUBD', OPV.i32x4Sub],
  ['PSUBQ', OPV.i64x2Sub],
  ['PSUBSB', OPV.i8x16SubSatS],
  ['PSUBSW', OPV.i16x8SubSatS],
  ['PSUBUSB', OPV.i8x16SubSatU],
  ['PSUBUSW', OPV.i16x8SubSatU],
  ['PAND', OPV.v128And],
  ['POR', OPV.v128Or],
  ['PXOR', OPV.v128Xor],
  ['PCMPEQB', OPV.i8x16Eq],
  ['PCMPEQW', OPV.i16x8Eq],
  ['PCMPEQD', OPV.i32x4Eq],
  ['PCMPGTB', OPV.i8x16GtS],
  ['PCMPGTW', OPV.i16x8GtS],
  ['PCMPGTD', OPV.i32x4GtS],
  ['PMULLW', OPV.i16x8Mul],
  ['PMADDWD', OPV.i32x4DotI16x8S],
  ['PMINUB', OPV.i8x16MinU],
  ['PMAXUB', OPV.i8x16MaxU],
  ['PMINSW', OPV.i16x8MinS],
  ['PMAXSW', OPV.i16x8MaxS],
  ['PAVGB', OPV.i8x16AvgrU],
  ['PAVGW', OPV.i16x8AvgrU],
] as const)
  both(name, direct(op));

for (const [name, op] of [
  ['PCMPEQQ', OPV.i64x2Eq],
  ['PCMPGTQ', OPV.i64x2GtS],
  ['PMULLD', OPV.i32x4Mul],
  ['PMINSB', OPV.i8x16MinS],
  ['PMINSD', OPV.i32x4MinS],
  ['PMINUW', OPV.i16x8MinU],
  ['PMINUD', OPV.i32x4MinU],
  ['PMAXSB', OPV.i8x16MaxS],
  ['PMAXSD', OPV.i32x4MaxS],
  ['PMAXUW', OPV.i16x8MaxU],
  ['PMAXUD', OPV.i32x4MaxU],
  ['ANDPS', OPV.v128And],
  ['ANDPD', OPV.v128And],
  ['ORPS', OPV.v128Or],
  ['ORPD', OPV.v128Or],
  ['XORPS', OPV.v128Xor],
  ['XORPD', OPV.v128Xor],
] as const)
  xmmOnly(name, direct(op));

const andNot: Packed = (b, x, y) => b.vector(OPV.v128Andnot, y, x);
both('PANDN', andNot);
xmmOnly('ANDNPS', andNot);
xmmOnly('ANDNPD', andNot);

// --- multiplication -----------------------------------------------------------------------------------------------------------

/** The upper words of the products. */
function highProducts(low: number, high: number): Packed {
  return (b, x, y) => pick(b, b.vector(low, x, y), b.vector(high, x, y), 2, [1, 3, 5, 7, 9, 11, 13, 15]);
}
both('PMULHW', highProducts(OPV.i32x4ExtmulLowI16x8S, OPV.i32x4ExtmulHighI16x8S));
both('PMULHUW', highProducts(OPV.i32x4ExtmulLowI16x8U, OPV.i32x4ExtmulHighI16x8U));

const evenProducts =
  (op: number): Packed =>
  (b, x, y) =>
    b.vector(op, pick(b, x, x, 4, [0, 2]), pick(b, y, y, 4, [0, 2]));
both('PMULUDQ', evenProducts(OPV.i64x2ExtmulLowI32x4U));
xmmOnly('PMULDQ', evenProducts(OPV.i64x2ExtmulLowI32x4S));

/** WebAssembly saturates the one product that overflows, 8000h times itself; x86 gives 8000h. */
both('PMULHRSW', (b, x, y) => {
  const least = lanes(b, 16, 0x8000n);
  const overflow = b.vector(OPV.v128And, b.vector(OPV.i16x8Eq, x, least), b.vector(OPV.i16x8Eq, y, least));
  return b.vector(OPV.v128Xor, b.vector(OPV.i16x8Q15mulrSatS, x, y), overflow);
});

/** Unsigned bytes times signed ones, neighbours added with saturation. */
both('PMADDUBSW', (b, x, y) => {
  const eight = b.const(32, 8);
  const even = b.vector(
    OPV.i16x8Mul,
    b.vector(OPV.v128And, x, lanes(b, 16, 0xffn)),
    b.vector(OPV.i16x8ShrS, b.vector(OPV.i16x8Shl, y, eight), eight),
  );
  const odd = b.vector(OPV.i16x8Mul, b.vector(OPV.i16x8ShrU, x, eight), b.vector(OPV.i16x8ShrS, y, eight));
  return b.vector(OPV.i16x8AddSatS, even, odd);
});

/** Sums of absolute differences of eight bytes. */
both('PSADBW', (b, x, y) => {
  const difference = b.vector(OPV.v128Or, b.vector(OPV.i8x16SubSatU, x, y), b.vector(OPV.i8x16SubSatU, y, x));
  const words = b.vector(OPV.i16x8ExtaddPairwiseI8x16U, difference);
  const quarters = b.let(b.vector(OPV.i32x4ExtaddPairwiseI16x8U, words));
  const upper = b.vector(OPV.i64x2ShrU, quarters, b.const(32, 32));
  return b.vector(OPV.i64x2Add, b.vector(OPV.v128And, quarters, lanes(b, 64, 0xffff_ffffn)), upper);
});

// --- packing, interleaving, horizontal arithmetic -----------------------------------------------------------------------------

/** Both sources one after the other in what a narrowing reads first. */
const narrow =
  (op: number): Packed =>
  (b, x, y, bits) => {
    if (bits === 128) return b.vector(op, x, y);
    const joined = b.let(pick(b, x, y, 8, [0, 2]));
    return b.vector(op, joined, joined);
  };
both('PACKSSWB', narrow(OPV.i8x16NarrowI16x8S));
both('PACKUSWB', narrow(OPV.i8x16NarrowI16x8U));
both('PACKSSDW', narrow(OPV.i16x8NarrowI32x4S));
xmmOnly('PACKUSDW', narrow(OPV.i16x8NarrowI32x4U));

function interleave(size: number, high: boolean): Packed {
  return (b, x, y, bits) => {
    const half = bits / 8 / size / 2;
    const elements = Array.from({ length: half * 2 }, (_, i) => (high ? half : 0) + (i >> 1) + (i & 1) * (16 / size));
    return pick(b, x, y, size, elements);
  };
}
for (const [suffix, size] of [
  ['BW', 1],
  ['WD', 2],
  ['DQ', 4],
] as const) {
  both(`PUNPCKL${suffix}`, interleave(size, false));
  both(`PUNPCKH${suffix}`, interleave(size, true));
}
for (const [suffix, size] of [
  ['QDQ', 8],
  ['PS', 4],
  ['PD', 8],
] as const) {
  const name = suffix === 'QDQ' ? 'PUNPCK' : 'UNPCK';
  xmmOnly(`${name}L${suffix}`, interleave(size, false));
  xmmOnly(`${name}H${suffix}`, interleave(size, true));
}

/** Every second element of both sources, from number `first` on. */
export function everySecond(b: Builder, x: Value, y: Value, size: number, first: number, bits: Bits = 128): Value {
  const count = bits / 8 / size / 2;
  const elements = Array.from({ length: count * 2 }, (_, i) => (i < count ? 0 : 16 / size) + (i % count) * 2 + first);
  return pick(b, x, y, size, elements);
}
const horizontal =
  (op: number, size: number): Packed =>
  (b, x, y, bits) =>
    b.vector(op, everySecond(b, x, y, size, 0, bits), everySecond(b, x, y, size, 1, bits));
both('PHADDW', horizontal(OPV.i16x8Add, 2));
both('PHADDD', horizontal(OPV.i32x4Add, 4));
both('PHADDSW', horizontal(OPV.i16x8AddSatS, 2));
both('PHSUBW', horizontal(OPV.i16x8Sub, 2));
both('PHSUBD', horizontal(OPV.i32x4Sub, 4));
both('PHSUBSW', horizontal(OPV.i16x8SubSatS, 2));

/** The smallest word and its number: each word carries its number below it while the smallest is found. */
xmmOnly('PHMINPOSUW', (b, _x, y) => {
  const sixteen = b.const(32, 16);
  const numbered = (op: number, first: number): Value =>
    b.vector(
      OPV.v128Or,
      b.vector(OPV.i32x4Shl, b.vector(op, y), sixteen),
      byteVector(
        b,
        IOTA.map((i) => (i % 4 === 0 ? first + i / 4 : 0)),
      ),
    );
  const least = (x: Value, z: Value): Value => b.let(b.vector(OPV.i32x4MinU, x, z));
  const four = least(numbered(OPV.i32x4ExtendLowI16x8U, 0), numbered(OPV.i32x4ExtendHighI16x8U, 4));
  const two = least(four, pick(b, four, four, 4, [2, 3, 0, 1]));
  const one = least(two, pick(b, two, two, 4, [1, 0, 3, 2]));
  return pick(b, one, zeroVector(b), 2, [1, 0, 8]);
});

// --- sign and magnitude ---------------------------------------------------------------------------------------------------------

for (const [letter, absolute, negative, less, equal] of [
  ['B', OPV.i8x16Abs, OPV.i8x16Neg, OPV.i8x16LtS, OPV.i8x16Eq],
  ['W', OPV.i16x8Abs, OPV.i16x8Neg, OPV.i16x8LtS, OPV.i16x8Eq],
  ['D', OPV.i32x4Abs, OPV.i32x4Neg, OPV.i32x4LtS, OPV.i32x4Eq],
] as const) {
  both(`PABS${letter}`, (b, _x, y) => b.vector(absolute, y));
  both(`PSIGN${letter}`, (b, x, y) => {
    const zero = zeroVector(b);
    const signed = b.vector(OPV.v128Bitselect, b.vector(negative, x), x, b.vector(less, y, zero));
    return b.vector(OPV.v128Andnot, signed, b.vector(equal, y, zero));
  });
}

// --- shifts ------------------------------------------------------------------------------------------------------------------------

/** Counts from the width on give zero, or copies of the sign. */
function shift(name: string, op: number, width: number, arithmetic: boolean): void {
  const shifted = (b: Builder, x: Value, count: Value): Value => {
    const last = b.const(count.width, width - 1);
    const within = b.let(b.isZero(b.gtU(count, last)));
    const amount = (value: Value): Value => (value.wide ? b.trunc(value, 32) : b.zext(value, 32));
    if (arithmetic) return b.vector(op, x, b.select(within, amount(count), b.const(32, width - 1)));
    return b.select(within, b.vector(op, x, amount(count)), zeroVector(b));
  };
  const countOf = (b: Builder, src: Opnd): Value => {
    if (src.kind === 'imm') return b.let(b.read(src));
    return b.let(low64(b, readVector(b, src)));
  };
  for (const kind of ['P', 'N'])
    mmx(`${name} ${kind}`, (b, dst, src) => {
      const count = countOf(b, src);
      b.write(dst, low64(b, shifted(b, readVector(b, dst), count)));
    });
  for (const kind of ['V', 'U'])
    sse(`${name} ${kind}`, (b, dst, src) => {
      const count = countOf(b, src);
      b.write(dst, shifted(b, readVector(b, dst), count));
    });
}
shift('PSLLW', OPV.i16x8Shl, 16, false);
shift('PSLLD', OPV.i32x4Shl, 32, false);
shift('PSLLQ', OPV.i64x2Shl, 64, false);
shift('PSRLW', OPV.i16x8ShrU, 16, false);
shift('PSRLD', OPV.i32x4ShrU, 32, false);
shift('PSRLQ', OPV.i64x2ShrU, 64, false);
shift('PSRAW', OPV.i16x8ShrS, 16, true);
shift('PSRAD', OPV.i32x4ShrS, 32, true);

/** Bytes of x from `offset` on, zero where there are none: a swizzle gives zero for numbers outside 0 to 15. */
const bytesFrom = (b: Builder, x: Value, offset: Value): Value =>
  b.vector(OPV.i8x16Swizzle, x, b.vector(OPV.i8x16Add, byteVector(b, IOTA), b.vector(OPV.i8x16Splat, offset)));

const limited = (b: Builder, value: Value, limit: number): Value => {
  const kept = b.let(b.zext(value, 32));
  return b.let(b.select(b.gtU(kept, b.const(32, limit)), b.const(32, limit), kept));
};

sse('PSRLDQ', (b, dst, count) => b.write(dst, bytesFrom(b, readVector(b, dst), limited(b, b.read(count), 16))));
sse('PSLLDQ', (b, dst, count) => b.write(dst, bytesFrom(b, readVector(b, dst), b.neg(limited(b, b.read(count), 16)))));

/** The sources as one number, the first above the second, shifted right by bytes. */
sse('PALIGNR V', (b, dst, src, count) => {
  const y = readVector(b, src);
  const offset = limited(b, b.read(count), 32);
  const upper = bytesFrom(b, readVector(b, dst), b.sub(offset, b.const(32, 16)));
  b.write(dst, b.vector(OPV.v128Or, bytesFrom(b, y, offset), upper));
});
mmx('PALIGNR P', (b, dst, src, count) => {
  const y = readVector(b, src);
  const joined = pick(b, y, readVector(b, dst), 8, [0, 2]);
  b.write(dst, low64(b, bytesFrom(b, joined, limited(b, b.read(count), 16))));
});

// --- shuffles ---------------------------------------------------------------------------------------------------------------------

/** Bit 7 of a selecting byte gives zero. */
both('PSHUFB', (b, x, y, bits) => {
  const selectors = b.vector(OPV.v128And, y, lanes(b, 8, bits === 64 ? 0x87n : 0x8fn));
  return b.vector(OPV.i8x16Swizzle, x, selectors);
});

/** Byte numbers from four selectors of two bits: elements of `size` bytes; the other half of words stays (`keep`). */
function selectedBytes(b: Builder, control: Value, size: 2 | 4, keep?: 'low' | 'high'): Value {
  const word = b.let(b.zext(control, 32));
  const spread = [6, 12, 18].reduce((all, by) => b.or(all, b.shl(word, by)), word);
  const selectors = b.let(b.vector(OPV.i32x4Splat, b.and(spread, b.const(32, 0x0303_0303))));
  const scaled = b.vector(OPV.i16x8Shl, selectors, b.const(32, Math.log2(size)));
  const spots = pick(b, scaled, scaled, 1, IOTA.map((i) => (i / size) & 3)); // prettier-ignore
  const within = b.vector(OPV.i8x16Add, spots, byteVector(b, IOTA.map((i) => (i % size) + (keep === 'low' ? 8 : 0)))); // prettier-ignore
  if (!keep) return within;
  const unchanged = byteVector(b, IOTA);
  return keep === 'high' ? pick(b, within, unchanged, 8, [0, 3]) : pick(b, unchanged, within, 8, [0, 3]);
}

sse('PSHUFD', (b, dst, src, control) =>
  b.write(dst, b.vector(OPV.i8x16Swizzle, readVector(b, src), selectedBytes(b, b.read(control), 4))),
);
sse('PSHUFLW', (b, dst, src, control) =>
  b.write(dst, b.vector(OPV.i8x16Swizzle, readVector(b, src), selectedBytes(b, b.read(control), 2, 'high'))),
);
sse('PSHUFHW', (b, dst, src, control) =>
  b.write(dst, b.vector(OPV.i8x16Swizzle, readVector(b, src), selectedBytes(b, b.read(control), 2, 'low'))),
);
mmx('PSHUFW', (b, dst, src, control) =>
  b.write(dst, low64(b, b.vector(OPV.i8x16Swizzle, readVector(b, src), selectedBytes(b, b.read(control), 2, 'high')))),
);

/** The lower half of the result from the first operand, the upper from the second. */
function shuffleHalves(b: Builder, dst: Opnd, src: Opnd, control: Value): void {
  const y = readVector(b, src);
  const selectors = b.let(selectedBytes(b, control, 4));
  const lower = b.vector(OPV.i8x16Swizzle, readVector(b, dst), selectors);
  b.write(dst, pick(b, lower, b.vector(OPV.i8x16Swizzle, y, selectors), 8, [0, 3]));
}
sse('SHUFPS', (b, dst, src, control) => shuffleHalves(b, dst, src, b.read(control)));
/** A bit that selects a quadword is the selectors 0 and 1, or 2 and 3, of its doublewords. */
sse('SHUFPD', (b, dst, src, control) => {
  const word = b.let(b.zext(b.read(control), 32));
  const lower = b.mul(b.and(word, b.const(32, 1)), b.const(32, 0x0a));
  const upper = b.mul(b.and(word, b.const(32, 2)), b.const(32, 0x50));
  shuffleHalves(b, dst, src, b.add(b.add(lower, upper), b.const(32, 0x44)));
});

// --- single elements ----------------------------------------------------------------------------------------------------------------

const REPLACE_COMPARE = { 8: OPV.i8x16Eq, 16: OPV.i16x8Eq, 32: OPV.i32x4Eq } as const;

/** x with the element of that number replaced. */
function withElement(b: Builder, x: Value, number: Value, size: 8 | 16 | 32, value: Value): Value {
  const numbers = byteVector(b, IOTA.map((i) => (i % (size / 8) === 0 ? i / (size / 8) : 0))); // prettier-ignore
  const place = b.vector(REPLACE_COMPARE[size], numbers, splat(b, b.trunc(b.zext(number, 32), size)));
  return b.vector(OPV.v128Bitselect, splat(b, b.trunc(value, size)), x, place);
}

/** The element of that number, zero-extended to 32 bits. */
function element(b: Builder, x: Value, number: Value, size: 8 | 16 | 32): Value {
  const found = bytesFrom(b, x, b.mul(b.zext(number, 32), b.const(32, size / 8)));
  if (size === 8) return b.lane(OPV.i8x16ExtractLaneU, 32, found, 0);
  return size === 16 ? b.lane(OPV.i16x8ExtractLaneU, 32, found, 0) : b.lane(OPV.i32x4ExtractLane, 32, found, 0);
}

const numberFrom = (b: Builder, control: Opnd, mask: number): Value => b.let(b.and(b.read(control), b.const(8, mask)));

for (const [letter, size] of [
  ['B', 8],
  ['W', 16],
  ['D', 32],
] as const) {
  const mask = 128 / size - 1;
  sse(`PINSR${letter} V`, (b, dst, src, control) => {
    const value = b.let(b.read(src));
    b.write(dst, withElement(b, readVector(b, dst), numberFrom(b, control, mask), size, value));
  });
  sse(`PEXTR${letter}`, (b, dst, src, control) => {
    const value = element(b, readVector(b, src), numberFrom(b, control, mask), size);
    b.write(dst, b.trunc(value, dst.width));
  });
}
sse('EXTRACTPS', (b, dst, src, control) => b.write(dst, element(b, readVector(b, src), numberFrom(b, control, 3), 32)));
mmx('PINSRW P', (b, dst, src, control) => {
  const value = b.let(b.read(src));
  b.write(dst, low64(b, withElement(b, readVector(b, dst), numberFrom(b, control, 3), 16, value)));
});
mmx('PEXTRW G,N', (b, dst, src, control) =>
  b.write(dst, element(b, readVector(b, src), numberFrom(b, control, 3), 16)),
);

/** Bits 7-6 choose the source's element (memory has but one), 5-4 its place, 3-0 elements to clear. */
sse('INSERTPS', (b, dst, src, control) => {
  const memory = src.kind === 'mem';
  const y = readVector(b, memory ? src : wide(src));
  const word = b.let(b.zext(b.read(control), 32));
  const value = memory ? b.lane(OPV.i32x4ExtractLane, 32, y, 0) : element(b, y, b.shr(word, 6), 32);
  const whole = wide(dst);
  const inserted = withElement(b, readVector(b, whole), b.and(b.shr(word, 4), b.const(32, 3)), 32, value);
  b.write(whole, b.vector(OPV.v128Andnot, inserted, maskFromBits(b, word, 32)));
});

// --- blends, masks and tests ------------------------------------------------------------------------------------------------------

/** A mask of elements from the low bits of a word. */
export function maskFromBits(b: Builder, word: Value, size: 16 | 32 | 64): Value {
  const bits = b.const(
    128,
    IOTA.slice(0, 128 / size).reduce((all, i) => all | (1n << BigInt(i * size + i)), 0n),
  );
  const test = { 16: OPV.i16x8Eq, 32: OPV.i32x4Eq, 64: OPV.i64x2Eq }[size];
  const set = b.vector(OPV.v128And, splat(b, size === 64 ? b.zext(word, 64) : b.trunc(word, size)), bits);
  return b.vector(test, set, bits);
}

for (const [name, size] of [
  ['PBLENDW', 16],
  ['BLENDPS', 32],
  ['BLENDPD', 64],
] as const)
  sse(name, (b, dst, src, control) => {
    const y = readVector(b, src);
    const mask = maskFromBits(b, b.zext(b.read(control), 32), size);
    b.write(dst, b.vector(OPV.v128Bitselect, y, readVector(b, dst), mask));
  });

for (const [name, op, last] of [
  ['PBLENDVB', OPV.i8x16ShrS, 7],
  ['BLENDVPS', OPV.i32x4ShrS, 31],
  ['BLENDVPD', OPV.i64x2ShrS, 63],
] as const)
  sse(name, (b, dst, src, selector) => {
    const y = readVector(b, src);
    const mask = b.vector(op, readVector(b, selector), b.const(32, last));
    b.write(dst, b.vector(OPV.v128Bitselect, y, readVector(b, dst), mask));
  });

sse('PMOVMSKB', (b, dst, src) => b.write(dst, b.vectorTest(OPV.i8x16Bitmask, readVector(b, src))));
mmx('PMOVMSKB G,N', (b, dst, src) => {
  const bits = b.vectorTest(OPV.i8x16Bitmask, readVector(b, src));
  b.write(dst, b.and(bits, b.const(32, 0xff)));
});
sse('MOVMSKPS', (b, dst, src) => b.write(dst, b.vectorTest(OPV.i32x4Bitmask, readVector(b, src))));
sse('MOVMSKPD', (b, dst, src) => b.write(dst, b.vectorTest(OPV.i64x2Bitmask, readVector(b, src))));

sse('PTEST', (b, first, second) => {
  const y = readVector(b, second);
  const x = readVector(b, first);
  const none = (vector: Value): Value => b.let(b.isZero(b.vectorTest(OPV.v128AnyTrue, vector)));
  const zero = none(b.vector(OPV.v128And, x, y));
  const carry = none(b.vector(OPV.v128Andnot, y, x));
  flagsZeroParityCarry(b, zero, b.const(8, 0), carry);
});

// --- widening and differences ---------------------------------------------------------------------------------------------------------

for (const [letter, words, doublewords, quadwords] of [
  ['S', OPV.i16x8ExtendLowI8x16S, OPV.i32x4ExtendLowI16x8S, OPV.i64x2ExtendLowI32x4S],
  ['Z', OPV.i16x8ExtendLowI8x16U, OPV.i32x4ExtendLowI16x8U, OPV.i64x2ExtendLowI32x4U],
] as const)
  for (const [suffix, steps] of [
    ['BW', [words]],
    ['BD', [words, doublewords]],
    ['BQ', [words, doublewords, quadwords]],
    ['WD', [doublewords]],
    ['WQ', [doublewords, quadwords]],
    ['DQ', [quadwords]],
  ] as const)
    sse(`PMOV${letter}X${suffix}`, (b, dst, src) => {
      const y = readVector(b, src);
      b.write(
        dst,
        steps.reduce((vector: Value, step) => b.vector(step, vector), y),
      );
    });

/** Eight sums of absolute differences of four bytes: one group of the source against eight overlapping ones. */
sse('MPSADBW', (b, dst, src, control) => {
  const y = readVector(b, src);
  const x = readVector(b, dst);
  const word = b.let(b.zext(b.read(control), 32));
  const groups = b.let(bytesFrom(b, x, b.and(word, b.const(32, 4))));
  const group = b.let(bytesFrom(b, y, b.shl(b.and(word, b.const(32, 3)), 2)));
  let sum = zeroVector(b);
  for (let i = 0; i < 4; i++) {
    const left = b.vector(
      OPV.i16x8ExtendLowI8x16U,
      pick(
        b,
        groups,
        groups,
        1,
        IOTA.map((n) => (n + i) & 15),
      ),
    );
    const right = b.vector(OPV.i16x8ExtendLowI8x16U, pick(b, group, group, 1, [i]));
    sum = b.vector(OPV.i16x8Add, sum, b.vector(OPV.i16x8Abs, b.vector(OPV.i16x8Sub, left, right)));
  }
  b.write(dst, sum);
});
