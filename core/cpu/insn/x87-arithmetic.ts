/** x87 arithmetic of two operands, and comparisons. Intel SDM volume 2. */
import type { Builder } from './builder.ts';
import { insn } from './define.ts';
import { flagsZeroParityCarry } from './flags.ts';
import { isMemory, type Opnd } from './operand.ts';
import { X87 } from '../layout.ts';
import { CONDITION, EXPONENT_MAX } from '../softfloat/index.ts';
import { ARITHMETIC, COMPARE, DESTINATION_STI, POP, UNARY } from '../x87-operations.ts';
import type { Value } from './value.ts';
import { expandFloat, expandInteger, type Operand80 } from './x87-operand.ts';
import { CONDITIONS, RegisterStack, constant, fromMemory, note, onStack, wait, type Number80 } from './x87-state.ts';

const negated = (b: Builder, { sig, se }: Number80): Number80 => ({
  sig,
  se: b.xor(se, constant(b, EXPONENT_MAX + 1)),
});

/** a operation b: significand, and sign with exponent. */
function binary(b: Builder, operation: number, x: Number80, y: Number80): Value[] {
  const control = b.state32(X87.control);
  const call = (name: 'x87Add' | 'x87Multiply' | 'x87Divide', p: Number80, q: Number80): Value[] =>
    b.kernel(name, control, p.sig, p.se, q.sig, q.se);
  switch (operation) {
    case ARITHMETIC.FADD:
      return call('x87Add', x, y);
    case ARITHMETIC.FSUB:
      return call('x87Add', x, negated(b, y));
    case ARITHMETIC.FSUBR:
      return call('x87Add', y, negated(b, x));
    case ARITHMETIC.FMUL:
      return call('x87Multiply', x, y);
    case ARITHMETIC.FDIV:
      return call('x87Divide', x, y);
    default:
      return call('x87Divide', y, x);
  }
}

/** ST(0) = ST(0) operation a memory operand. */
function withOperand(b: Builder, operation: number, y: Operand80, helper: () => void): void {
  b.attempt((giveUp) => {
    const stack = new RegisterStack(b);
    const st0 = stack.place(0);
    giveUp(b.isZero(b.and(stack.isUsed(st0), b.zext(y.ordinary, 32))));
    stack.replace(st0, binary(b, operation, stack.read(st0), y), 0, giveUp);
  }, helper);
}

for (const [name, operation] of Object.entries(ARITHMETIC)) {
  const inRegisters = (b: Builder, register: Opnd, flags: number): void => {
    const i = b.read(register);
    b.attempt(
      (giveUp) => {
        const stack = new RegisterStack(b);
        const [st0, sti] = [stack.place(0), stack.place(i)];
        // "Reversed" is meant from the destination's point of view.
        const [destination, other] = (flags & DESTINATION_STI) !== 0 ? [sti, st0] : [st0, sti];
        giveUp(b.isZero(b.and(stack.isUsed(st0), stack.isUsed(sti))));
        const result = binary(b, operation, stack.read(destination), stack.read(other));
        stack.replace(destination, result, (flags & POP) !== 0 ? 1 : 0, giveUp);
      },
      () => void b.helper('x87ArithmeticRegister', constant(b, operation), i, constant(b, flags)),
    );
  };
  onStack(`${name} ST0,T`, (b, _st0, register) => inRegisters(b, register, 0));
  onStack(`${name} T,ST0`, (b, register) => inRegisters(b, register, DESTINATION_STI));
  onStack(`${name}P`, (b, register) => inRegisters(b, register, DESTINATION_STI | POP));
  insn(`${name} M`, (b, src) =>
    fromMemory(b, src, false, (raw, lo, hi) =>
      withOperand(b, operation, expandFloat(b, raw), () =>
        raw.wide
          ? b.helper('x87ArithmeticFloat64', constant(b, operation), lo, hi)
          : b.helper('x87ArithmeticFloat32', constant(b, operation), lo),
      ),
    ),
  );
  insn(`FI${name.slice(1)}`, (b, src) =>
    fromMemory(b, src, true, (value, lo) =>
      withOperand(b, operation, expandInteger(b, value), () =>
        b.helper('x87ArithmeticInteger', constant(b, operation), lo),
      ),
    ),
  );
}

// --- comparisons -----------------------------------------------------------------------------------------------------------------------

/** ST(0) with the number that `operand` gives; `flags`: COMPARE.*. */
function comparison(
  b: Builder,
  operand: (stack: RegisterStack, giveUp: (when: Value) => void) => Number80,
  flags: number,
  helper: () => void,
): void {
  b.attempt((giveUp) => {
    const stack = new RegisterStack(b);
    const st0 = stack.place(0);
    giveUp(b.isZero(stack.isUsed(st0)));
    const y = operand(stack, giveUp);
    const x = stack.read(st0);
    const [codes] = b.kernel('x87Compare', x.sig, x.se, y.sig, y.se);
    giveUp(b.isNegative(codes));
    const pops = (flags & COMPARE.popTwice) !== 0 ? 2 : (flags & COMPARE.pop) !== 0 ? 1 : 0;
    if ((flags & COMPARE.eflags) === 0) {
      stack.end({ status: codes, clear: CONDITIONS, pops });
      return;
    }
    // These leave C1 as it was.
    if (pops > 0) stack.end({ clear: 0, pops });
    const is = (code: number): Value => b.nonZero(b.and(codes, constant(b, code)));
    flagsZeroParityCarry(b, b.let(is(CONDITION.C3)), b.const(8, 0), is(CONDITION.C0));
  }, helper);
}

function compareRegister(b: Builder, i: Value, flags: number): void {
  comparison(
    b,
    (stack, giveUp) => {
      const place = stack.place(i);
      giveUp(b.isZero(stack.isUsed(place)));
      return stack.read(place);
    },
    flags,
    () => void b.helper('x87CompareRegister', i, constant(b, flags)),
  );
}

function compareOperand(b: Builder, y: Operand80, flags: number, helper: () => void): void {
  comparison(
    b,
    (_stack, giveUp) => {
      giveUp(b.isZero(y.ordinary));
      return y;
    },
    flags,
    helper,
  );
}

for (const [name, flags] of [
  ['FCOM', 0],
  ['FCOMP', COMPARE.pop],
  ['FUCOM', COMPARE.quiet],
  ['FUCOMP', COMPARE.quiet | COMPARE.pop],
  ['FCOMI', COMPARE.eflags],
  ['FCOMIP', COMPARE.eflags | COMPARE.pop],
  ['FUCOMI', COMPARE.eflags | COMPARE.quiet],
  ['FUCOMIP', COMPARE.eflags | COMPARE.quiet | COMPARE.pop],
] as const)
  insn(name, (b, first, second) => {
    if (isMemory(first)) {
      fromMemory(b, first, false, (raw, lo, hi) =>
        compareOperand(b, expandFloat(b, raw), flags, () =>
          raw.wide
            ? b.helper('x87CompareFloat64', lo, hi, constant(b, flags))
            : b.helper('x87CompareFloat32', lo, constant(b, flags)),
        ),
      );
      return;
    }
    wait(b);
    note(b);
    compareRegister(b, b.read(second), flags);
  });
for (const [name, flags] of [
  ['FCOMPP', 0],
  ['FUCOMPP', COMPARE.quiet],
] as const)
  onStack(name, (b) => compareRegister(b, constant(b, 1), flags | COMPARE.pop | COMPARE.popTwice));
for (const [name, flags] of [
  ['FICOM', 0],
  ['FICOMP', COMPARE.pop],
] as const)
  insn(name, (b, src) =>
    fromMemory(b, src, true, (value, lo) =>
      compareOperand(b, expandInteger(b, value), flags, () => b.helper('x87CompareInteger', lo, constant(b, flags))),
    ),
  );
onStack('FTST', (b) =>
  compareOperand(b, { sig: b.const(64, 0), se: constant(b, 0), ordinary: b.const(8, 1) }, 0, () =>
    b.helper('x87Unary', constant(b, UNARY.FTST)),
  ),
);
