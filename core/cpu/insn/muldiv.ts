/** Multiplication and division. */
import { insn } from './define.ts';
import type { Builder } from './builder.ts';
import { FLAG, arithmeticFlags, flagsCarryOverflow, setArithmeticFlags } from './flags.ts';
import type { Opnd } from './operand.ts';
import type { Value, Width } from './value.ts';

const twice = (width: Width): Width => (width * 2) as Width;

/** Of the flags only CF and OF change, as on AMD processors; the SDM leaves the others undefined. */

/** MUL and one-operand IMUL: the double-width product goes to AX, DX:AX, EDX:EAX. */
function multiplyAccumulator(name: string, signed: boolean): void {
  insn(`${name}`, (b, src) => multiplyInto(b, src, signed));
}

function multiplyInto(b: Builder, src: Opnd, signed: boolean): void {
  const right = b.let(b.read(src));
  const width = right.width;
  const left = b.readGpr(0, width);
  const wide = twice(width);
  const extend = (v: Value): Value => (signed ? b.sext(v, wide) : b.zext(v, wide));
  const product = b.let(b.mul(extend(left), extend(right)));
  const low = b.let(b.trunc(product, width));
  const overflow = b.let(signed ? b.ne(b.sext(low, wide), product) : b.nonZero(b.shr(product, width)));
  if (width === 8) b.writeGpr(0, product);
  else {
    b.writeGpr(0, low);
    b.writeGpr(2, b.trunc(b.shr(product, width), width));
  }
  flagsCarryOverflow(b, overflow, overflow);
}

multiplyAccumulator('MUL', false);
insn('IMUL', (b, ...operands) => {
  if (operands.length === 1) {
    multiplyInto(b, operands[0], true);
    return;
  }
  const [dst, first, second = dst] = operands;
  const left = b.let(b.read(operands.length === 2 ? dst : first));
  const right = b.let(b.read(operands.length === 2 ? first : second));
  const width = left.width;
  const wide = twice(width);
  const product = b.let(b.mul(b.sext(left, wide), b.sext(right, wide)));
  const low = b.let(b.trunc(product, width));
  const overflow = b.let(b.ne(b.sext(low, wide), product));
  flagsCarryOverflow(b, overflow, overflow);
  b.write(dst, low);
});

/** All flags are undefined after a division; an AMD Zen keeps CF and OF, sets AF and clears the others. */
function flagsDivide(b: Builder): void {
  const kept = b.and(arithmeticFlags(b), b.const(32, FLAG.CF | FLAG.OF));
  setArithmeticFlags(b, b.or(kept, b.const(32, FLAG.AF)));
}

function divide(name: string, signed: boolean): void {
  insn(name, (b, src) => {
    const divisor = b.let(b.read(src));
    const width = divisor.width;
    const wide = twice(width);
    const carrier: Width = width === 32 ? 64 : 32;
    const dividend =
      width === 8
        ? b.readGpr(0, 16)
        : b.or(b.shl(b.zext(b.readGpr(2, width), wide), width), b.zext(b.readGpr(0, width), wide));
    const extend = (v: Value): Value => (signed ? b.sext(v, carrier) : b.zext(v, carrier));
    const top = b.let(extend(b.let(dividend)));
    const bottom = b.let(extend(divisor));
    b.if(b.isZero(bottom), () => b.helper('divideError'));
    if (signed) {
      // The most negative dividend by -1 would trap in the host; it overflows the quotient in any case.
      const minimum = b.const(carrier, -(1n << BigInt(carrier - 1)));
      b.if(b.and(b.eq(top, minimum), b.eq(bottom, b.const(carrier, -1))), () => b.helper('divideError'));
    }
    const quotient = b.let(signed ? b.divS(top, bottom) : b.divU(top, bottom));
    const rest = b.let(signed ? b.remS(top, bottom) : b.remU(top, bottom));
    const low = b.let(b.trunc(quotient, width));
    b.if(b.ne(extend(low), quotient), () => b.helper('divideError'));
    b.writeGpr(0, low);
    if (width === 8) b.writeGpr(0, b.trunc(rest, 8), true);
    else b.writeGpr(2, b.trunc(rest, width));
    flagsDivide(b);
  });
}
divide('DIV', false);
divide('IDIV', true);

// --- sign extension of the accumulator ---------------------------------------------------------------------------------------

/** CBW, CWDE, CDQE by operand size. */
insn('CBW', (b) => {
  const width = b.operandWidth;
  b.writeGpr(0, b.sext(b.readGpr(0, (width / 2) as Width), width));
});
/** CWD, CDQ, CQO by operand size. */
insn('CWD', (b) => {
  const width = b.operandWidth;
  b.writeGpr(2, b.sar(b.readGpr(0, width), width - 1));
});
