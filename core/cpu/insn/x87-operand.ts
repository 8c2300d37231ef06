/** Memory operands of x87 instructions as registers hold them. Intel SDM vol. 1, 4.2.2. */
import type { Builder } from './builder.ts';
import type { Value } from './value.ts';
import { EXPONENT_BIAS } from '../softfloat/index.ts';
import type { Number80 } from './x87-state.ts';

export interface Operand80 extends Number80 {
  /** Normal or zero (width 8): otherwise the number is not what sig and se say. */
  readonly ordinary: Value;
}

/** The float32 or float64 with these bits. */
export function expandFloat(b: Builder, raw: Value): Operand80 {
  const [fractionBits, maxExponent] = raw.wide ? [52, 0x7ff] : [23, 0xff];
  const exponent = b.let(b.and(b.trunc(b.shr(raw, fractionBits), 32), b.const(32, maxExponent)));
  const normal = b.let(b.ltU(b.sub(exponent, b.const(32, 1)), b.const(32, maxExponent - 1)));
  const sign = b.and(b.trunc(b.shr(raw, raw.width - 16), 32), b.const(32, 0x8000));
  const fraction = b.shl(b.zext(raw, 64), 63 - fractionBits);
  const rebased = b.add(exponent, b.const(32, EXPONENT_BIAS - (maxExponent >> 1)));
  return {
    ordinary: b.or(normal, b.isZero(b.shl(raw, 1))),
    sig: b.let(b.select(normal, b.or(fraction, b.const(64, 1n << 63n)), b.const(64, 0))),
    se: b.let(b.or(sign, b.select(normal, rebased, b.const(32, 0)))),
  };
}

/** A signed integer, of 64 bits or sign-extended to 32. */
export function expandInteger(b: Builder, integer: Value): Operand80 {
  const value = b.let(b.sext(integer, 64));
  const signs = b.let(b.sar(value, 63));
  const magnitude = b.let(b.sub(b.xor(value, signs), signs));
  const count = b.let(b.clz(magnitude));
  const exponent = b.sub(b.const(32, EXPONENT_BIAS + 63), b.trunc(count, 32));
  const sign = b.and(b.trunc(signs, 32), b.const(32, 0x8000));
  return {
    ordinary: b.const(8, 1),
    sig: b.let(b.shl(magnitude, count)),
    se: b.let(b.select(b.isZero(magnitude), b.const(32, 0), b.or(sign, exponent))),
  };
}
