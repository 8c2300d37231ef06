/**
 * Shifts and rotates. Where the SDM leaves flags undefined they are what an AMD Zen computes (measured by
 * test/isa/host-cpu): OF by the formula for a count of one, applied to the result; AF set by shifts.
 */
import { CC, type Builder } from './builder.ts';
import { insn } from './define.ts';
import { auxFromBits, conditionValue, flagsCarryOverflow } from './flags.ts';
import type { Opnd } from './operand.ts';
import type { Value, Width } from './value.ts';

const topBit = (b: Builder, value: Value): Value => b.trunc(b.shr(value, value.width - 1), 8);
const secondBit = (b: Builder, value: Value): Value =>
  b.trunc(b.and(b.shr(value, value.width - 2), b.const(value.width, 1)), 8);
const lowBit = (b: Builder, value: Value): Value => b.trunc(b.and(value, b.const(value.width, 1)), 8);

/** The count masked to 5 bits (6 for 64-bit operands), kept, as wide as the operand. */
function maskedCount(b: Builder, count: Opnd, width: Width): Value {
  const raw = b.trunc(b.read(count), 8);
  return b.let(b.zext(b.and(raw, b.const(8, width === 64 ? 63 : 31)), width));
}

interface Step {
  readonly result: Value;
  readonly flags: () => void;
}

/** Runs `step` when the count is not zero. */
function counted(b: Builder, dst: Opnd, count: Opnd, step: (value: Value, count: Value) => Step): void {
  const value = b.let(b.modify(dst));
  const masked = maskedCount(b, count, value.width);
  b.if(b.nonZero(masked), () => {
    const { result, flags } = step(value, masked);
    b.let(result);
    flags();
    b.write(dst, result);
  });
}

interface Shift {
  readonly result: (b: Builder, value: Value, count: Value) => Value;
  readonly carry: (b: Builder, value: Value, count: Value) => Value;
  readonly overflow: (b: Builder, result: Value, carry: Value) => Value;
}

function shift(name: string, { result: compute, carry, overflow }: Shift): void {
  insn(name, (b, dst, count) =>
    counted(b, dst, count, (left, right) => {
      const result = b.let(compute(b, left, right));
      return { result, flags: () => flagsShift(b, { result, left, right }, carry, overflow) };
    }),
  );
}

/** Flags of shifting `left` by `right` bits. */
function flagsShift(
  b: Builder,
  operation: { readonly result: Value; readonly left: Value; readonly right: Value },
  carry: Shift['carry'],
  overflow: (b: Builder, result: Value, carry: Value, value: Value, count: Value) => Value,
): void {
  b.setFlags({
    ...operation,
    aux: ({ result, left, right }) => {
      const c = b.let(carry(b, left, right));
      return auxFromBits(b, c, overflow(b, result, c, left, right), b.const(8, 1));
    },
  });
}

const minusOne = (b: Builder, n: Value): Value => b.sub(n, b.const(n.width, 1));
const carryLeft = (b: Builder, value: Value, n: Value): Value => topBit(b, b.shl(value, minusOne(b, n)));
const carryRight = (b: Builder, value: Value, n: Value): Value => lowBit(b, b.shr(value, minusOne(b, n)));
const overflowRight = (b: Builder, result: Value): Value => b.xor(topBit(b, result), secondBit(b, result));

shift('SHL', {
  result: (b, value, n) => b.shl(value, n),
  carry: carryLeft,
  overflow: (b, result, carry) => b.xor(topBit(b, result), carry),
});

shift('SHR', { result: (b, value, n) => b.shr(value, n), carry: carryRight, overflow: overflowRight });

shift('SAR', {
  result: (b, value, n) => b.sar(value, n),
  carry: (b, value, n) => lowBit(b, b.sar(value, minusOne(b, n))),
  overflow: (b) => b.const(8, 0),
});

function rotate(name: string, left: boolean): void {
  insn(name, (b, dst, count) =>
    counted(b, dst, count, (value, n) => {
      const width = value.width;
      let result: Value;
      if (width >= 32) result = left ? b.rotl32(value, n) : b.rotr32(value, n);
      else {
        const by = b.let(b.and(n, b.const(width, width - 1)));
        const rest = b.sub(b.const(width, width), by);
        const [up, down] = left ? [by, rest] : [rest, by];
        // A count of 0 (mod width) shifts by 0 and by the whole width: both give the value or nothing of it.
        result = b.or(b.shl(value, up), b.shr(value, down));
      }
      b.let(result);
      return {
        result,
        flags: () => {
          const carry = b.let(left ? lowBit(b, result) : topBit(b, result));
          const overflow = left ? b.xor(topBit(b, result), carry) : b.xor(topBit(b, result), secondBit(b, result));
          flagsCarryOverflow(b, carry, overflow);
        },
      };
    }),
  );
}
rotate('ROL', true);
rotate('ROR', false);

/** Through carry: operand and CF form one word of width + 1 bits, which rotates in 64 bits. */
function rotateCarry(name: string, left: boolean): void {
  insn(name, (b, dst, count) => {
    const value = b.let(b.modify(dst));
    const width = value.width;
    const masked = maskedCount(b, count, 32);
    const n = width === 32 ? masked : b.let(b.remU(masked, b.const(32, width + 1)));
    // A whole turn (count 9 or 17 and so on) changes no bit, but OF is computed all the same.
    b.if(b.nonZero(masked), () => {
      const carryIn = b.shl(b.zext(conditionValue(b, CC.B), 64), width);
      const word = b.let(b.or(b.zext(value, 64), carryIn));
      const rest = b.sub(b.const(32, width + 1), n);
      const [up, down] = left ? [n, rest] : [rest, n];
      const turned = b.let(b.or(b.shl(word, up), b.shr(word, down)));
      const result = b.let(b.trunc(turned, width));
      const carry = b.let(b.trunc(b.and(b.shr(turned, width), b.const(64, 1)), 8));
      const overflow = left ? b.xor(topBit(b, result), carry) : b.xor(topBit(b, result), secondBit(b, result));
      flagsCarryOverflow(b, carry, overflow);
      b.write(dst, result);
    });
  });
}
rotateCarry('RCL', true);
rotateCarry('RCR', false);

/**
 * Double shifts. A 16-bit operand with a count above 16 takes further bits from the source again, and the flags are
 * those of shifting the destination alone (AMD).
 */
function doubleShift(name: string, left: boolean): void {
  insn(name, (b, dst, src, count) =>
    counted(b, dst, count, (value, n) => {
      const width = value.width;
      const other = b.let(b.read(src));
      let result: Value;
      if (width === 16) {
        const at = (v: Value, position: number): Value => b.shl(b.zext(v, 64), position);
        const [top, bottom] = left ? [value, other] : [other, value];
        const word = b.or(at(top, 32), b.or(at(other, 16), at(bottom, 0)));
        const turned = left ? b.shr(b.shl(word, b.zext(n, 64)), 32) : b.shr(word, b.zext(n, 64));
        result = b.trunc(turned, 16);
      } else {
        const rest = b.sub(b.const(width, width), n);
        result = left ? b.or(b.shl(value, n), b.shr(other, rest)) : b.or(b.shr(value, n), b.shl(other, rest));
      }
      b.let(result);
      const flags = (): void =>
        left
          ? flagsShift(b, { result, left: value, right: n }, carryLeft, (_, _r, carry, was, by) =>
              b.xor(topBit(b, b.shl(was, by)), carry),
            )
          : flagsShift(b, { result, left: value, right: n }, carryRight, overflowRight);
      return { result, flags };
    }),
  );
}
doubleShift('SHLD', true);
doubleShift('SHRD', false);
