/**
 * x87. Intel SDM volume 2. Every instruction first looks whether the FPU may be used (#NM) and, unless its name says
 * "no wait", whether an exception is pending; then reads memory; then notes itself as the last instruction; then computes.
 *
 * The common case is generated code: the stack neither over- nor underflows, and numbers are such as the kernels take.
 * Everything else is a TypeScript helper's, which does the whole instruction from the state it finds.
 */
import { CC, type Builder } from './builder.ts';
import { insn } from './define.ts';
import { conditionValue } from './flags.ts';
import type { KernelName } from './kernels.ts';
import type { Opnd } from './operand.ts';
import { CONTROL, S, X87 } from '../layout.ts';
import { CR0 } from '../state.ts';
import {
  CONSTANT_NAMES,
  CONTROL_OP,
  CONTROL_WORD,
  EXCEPTIONS,
  PUSHING,
  STACK_BINARY,
  STATUS,
  UNARY,
} from '../x87-operations.ts';
import type { Value } from './value.ts';
import { EXPONENT_BIAS, EXPONENT_MAX } from '../softfloat/index.ts';
import { STATUS_SHIFT } from './x87-kernels.ts';
import { expandFloat, expandInteger } from './x87-operand.ts';
import {
  OPCODE,
  RegisterStack,
  callUnlessReady,
  constant,
  fromMemory,
  high,
  low,
  note,
  onStack,
  wait,
  withoutWait,
  type Number80,
} from './x87-state.ts';

// --- waiting and control ---------------------------------------------------------------------------------------------------------

insn('WAIT', (b) => {
  const lazily = constant(b, CR0.MP | CR0.TS);
  const away = b.eq(b.and(b.state32(CONTROL.cr0), lazily), lazily);
  const pending = b.nonZero(b.and(b.state32(X87.status), constant(b, STATUS.ES)));
  callUnlessReady(b, b.or(away, pending), 'x87Wait');
});

onStack('FNOP', () => {});
for (const [name, operation] of [
  ['FINCSTP', CONTROL_OP.increment],
  ['FDECSTP', CONTROL_OP.decrement],
] as const)
  onStack(name, (b) => void b.helper('x87Control', constant(b, operation)));
for (const [name, operation] of [
  ['FFREE', CONTROL_OP.free],
  ['FFREEP', CONTROL_OP.freeAndPop],
] as const)
  onStack(name, (b, register) => void b.helper('x87Control', constant(b, operation), b.read(register)));

for (const name of ['FNENI', 'FNDISI', 'FNSETPM']) insn(name, withoutWait);
for (const [name, operation] of [
  ['FNCLEX', CONTROL_OP.clearExceptions],
  ['FNINIT', CONTROL_OP.initialize],
] as const)
  insn(name, (b) => {
    withoutWait(b);
    b.helper('x87Control', constant(b, operation));
  });

for (const [name, word] of [
  ['FNSTCW', X87.control],
  ['FNSTSW', X87.status],
] as const)
  insn(name, (b, dst) => {
    withoutWait(b);
    b.write(dst, b.trunc(b.state32(word), 16));
  });
insn('FLDCW', (b, src) => {
  wait(b);
  const word = b.let(b.zext(b.read(src), 32));
  // Without an exception that is pending, or would be now, nothing but the word changes.
  const unmasked = b.and(b.state32(X87.status), b.or(b.not(word), constant(b, STATUS.ES)));
  b.if(
    b.isZero(b.and(unmasked, constant(b, EXCEPTIONS | STATUS.ES))),
    () => {
      const kept = b.and(word, constant(b, CONTROL_WORD.WRITABLE));
      b.setState32(X87.control, b.or(kept, constant(b, CONTROL_WORD.FIXED)));
    },
    () => void b.helper('x87LoadControl', word),
  );
});

for (const [name, helper, waits] of [
  ['FNSTENV', 'x87StoreEnvironment', false],
  ['FLDENV', 'x87LoadEnvironment', true],
  ['FNSAVE', 'x87Save', false],
  ['FRSTOR', 'x87Restore', true],
  ['FXSAVE', 'x87StoreFx', false],
  ['FXRSTOR', 'x87LoadFx', false],
] as const)
  insn(name, (b, place) => {
    if (waits) wait(b);
    else withoutWait(b);
    b.helper(helper, b.zext(b.address(place), 32), b.segmentIndex(place), constant(b, b.operandWidth));
  });

// --- loads and stores ------------------------------------------------------------------------------------------------------------

/** Pushes a number where there is room for it; otherwise the helper does the whole load. */
function load(
  b: Builder,
  read: (stack: RegisterStack, giveUp: (when: Value) => void) => Number80,
  helper: () => void,
): void {
  b.attempt((giveUp) => {
    const stack = new RegisterStack(b);
    const below = stack.place(-1);
    giveUp(stack.isUsed(below));
    stack.push(below, read(stack, giveUp));
  }, helper);
}

insn('FLD M', (b, src) =>
  fromMemory(b, src, false, (raw, lo, hi) =>
    load(
      b,
      (_stack, giveUp) => {
        const { ordinary, ...number } = expandFloat(b, raw);
        giveUp(b.isZero(ordinary));
        return number;
      },
      () => void (raw.wide ? b.helper('x87LoadFloat64', lo, hi) : b.helper('x87LoadFloat32', lo)),
    ),
  ),
);
insn('FILD', (b, src) =>
  fromMemory(b, src, true, (value, lo, hi) =>
    load(
      b,
      () => expandInteger(b, value),
      () => void b.helper('x87LoadInteger', lo, hi),
    ),
  ),
);
onStack('FLD T', (b, register) => {
  const i = b.read(register);
  load(
    b,
    (stack, giveUp) => {
      const place = stack.place(i);
      giveUp(b.isZero(stack.isUsed(place)));
      return stack.read(place);
    },
    () => void b.helper('x87LoadRegister', i),
  );
});

/** Constants that no rounding control changes. */
const EXACT_CONSTANTS: Readonly<Record<string, readonly [sig: bigint, se: number]>> = {
  FLD1: [1n << 63n, EXPONENT_BIAS],
  FLDZ: [0n, 0],
};
for (const [number, name] of CONSTANT_NAMES.entries())
  onStack(name, (b) => {
    const helper = (): void => void b.helper('x87LoadConstant', constant(b, number));
    const exact = EXACT_CONSTANTS[name];
    if (exact) load(b, () => ({ sig: b.const(64, exact[0]), se: constant(b, exact[1]) }), helper);
    else helper();
  });

/** The two parts of a ten-byte operand. */
function tenBytes(b: Builder, place: Opnd): { significand: Opnd; top: Opnd } {
  return { significand: { ...place, width: 64 } as Opnd, top: b.displaced(place, constant(b, 8), 16) };
}

for (const [name, helper] of [
  ['FLD Mt', 'x87LoadExtended'],
  ['FBLD', 'x87LoadPacked'],
] as const)
  insn(name, (b, src) => {
    wait(b);
    const { significand, top } = tenBytes(b, src);
    const value = b.let(b.read(significand));
    const last = b.let(b.zext(b.read(top), 32));
    note(b, src);
    const general = (): void => void b.helper(helper, low(b, value), high(b, value), last);
    if (name === 'FBLD') general();
    else load(b, () => ({ sig: value, se: last }), general);
  });

for (const [name, helper] of [
  ['FSTP Mt', 'x87StoreExtended'],
  ['FBSTP', 'x87StorePacked'],
] as const)
  insn(name, (b, dst) => {
    wait(b);
    const { significand, top } = tenBytes(b, dst);
    b.modify(significand);
    b.modify(top);
    note(b, dst);
    const store = (sig: Value, se: Value): void => {
      b.write(significand, sig);
      b.write(top, b.trunc(se, 16));
    };
    // Negative: nothing is stored.
    const general = (): void => {
      const last = b.helper(helper);
      b.if(b.isZero(b.isNegative(last)), () => store(b.state64(S.transfer), last));
    };
    if (name === 'FBSTP') general();
    else
      b.attempt((giveUp) => {
        const stack = new RegisterStack(b);
        const st0 = stack.place(0);
        giveUp(b.isZero(stack.isUsed(st0)));
        const { sig, se } = stack.read(st0);
        stack.end({ pops: 1 });
        store(sig, se);
      }, general);
  });

/**
 * Converts ST(0) and stores it. The helper leaves its result in S.transfer and answers 0 when an exception forbids to
 * store. `truncate`: with that rounding, whatever the control word says.
 */
function toMemory(
  b: Builder,
  dst: Opnd,
  pop: 0 | 1,
  convert: { kernel: KernelName; width?: number; truncate?: boolean },
  helper: () => Value,
): void {
  wait(b);
  b.modify(dst);
  note(b, dst);
  const store = (value: Value): void => b.write(dst, b.trunc(value, dst.width));
  b.attempt(
    (giveUp) => {
      const stack = new RegisterStack(b);
      const st0 = stack.place(0);
      giveUp(b.isZero(stack.isUsed(st0)));
      const { sig, se } = stack.read(st0);
      const control = b.state32(X87.control);
      const rounding = convert.truncate ? b.or(control, constant(b, CONTROL_WORD.RC)) : control;
      const width = convert.width === undefined ? [] : [constant(b, convert.width)];
      const [value, status] = b.kernel(convert.kernel, rounding, sig, se, ...width);
      giveUp(b.isNegative(status));
      stack.end({ status: b.shr(status, STATUS_SHIFT), pops: pop });
      store(value);
    },
    () => b.if(helper(), () => store(b.state64(S.transfer))),
  );
}

for (const [name, pop] of [
  ['FST', 0],
  ['FSTP', 1],
] as const) {
  insn(`${name} M`, (b, dst) => {
    const [kernel, helper] =
      dst.width === 64
        ? (['x87ToFloat64', 'x87StoreFloat64'] as const)
        : (['x87ToFloat32', 'x87StoreFloat32'] as const);
    toMemory(b, dst, pop, { kernel }, () => b.helper(helper, constant(b, pop)));
  });
  onStack(`${name} T`, (b, register) => {
    const i = b.read(register);
    b.attempt(
      (giveUp) => {
        const stack = new RegisterStack(b);
        const st0 = stack.place(0);
        giveUp(b.isZero(stack.isUsed(st0)));
        const place = stack.place(i);
        stack.write(place, stack.read(st0));
        stack.end({ filled: place, pops: pop });
      },
      () => void b.helper('x87StoreRegister', i, constant(b, pop), b.read(OPCODE)),
    );
  });
}
for (const [name, truncate, pop] of [
  ['FIST', false, 0],
  ['FISTP', false, 1],
  ['FISTTP', true, 1],
] as const)
  insn(name, (b, dst) =>
    toMemory(b, dst, pop, { kernel: 'x87ToInteger', width: dst.width, truncate }, () =>
      b.helper('x87StoreInteger', constant(b, dst.width), constant(b, truncate ? 1 : 0), constant(b, pop)),
    ),
  );

/** Both registers are there: `then` works on them. */
function withBoth(
  b: Builder,
  i: Value,
  then: (stack: RegisterStack, st0: Value, sti: Value) => void,
  helper: () => void,
): void {
  b.attempt((giveUp) => {
    const stack = new RegisterStack(b);
    const [st0, sti] = [stack.place(0), stack.place(i)];
    giveUp(b.isZero(b.and(stack.isUsed(st0), stack.isUsed(sti))));
    then(stack, st0, sti);
  }, helper);
}

onStack('FXCH', (b, _st0, register) => {
  const i = b.read(register);
  withBoth(
    b,
    i,
    (stack, st0, sti) => {
      const x = stack.read(st0);
      stack.write(st0, stack.read(sti));
      stack.write(sti, x);
      stack.end();
    },
    () => void b.helper('x87Exchange', i),
  );
});

for (const [name, condition] of [
  ['FCMOVB', CC.B],
  ['FCMOVE', CC.Z],
  ['FCMOVBE', CC.BE],
  ['FCMOVU', CC.P],
  ['FCMOVNB', CC.B + 1],
  ['FCMOVNE', CC.Z + 1],
  ['FCMOVNBE', CC.BE + 1],
  ['FCMOVNU', CC.P + 1],
] as const)
  onStack(name, (b, _st0, register) => {
    const holds = b.let(b.zext(conditionValue(b, condition), 32));
    const i = b.read(register);
    withBoth(
      b,
      i,
      (stack, st0, sti) => b.if(holds, () => stack.write(st0, stack.read(sti))),
      () => void b.helper('x87ConditionalMove', holds, i),
    );
  });

// --- the top of the stack ------------------------------------------------------------------------------------------------------

/** What ST(0)'s sign becomes, whatever the number is. */
const SIGNS: Readonly<Record<string, (b: Builder, se: Value) => Value>> = {
  FCHS: (b, se) => b.xor(se, constant(b, EXPONENT_MAX + 1)),
  FABS: (b, se) => b.and(se, constant(b, EXPONENT_MAX)),
};
for (const [name, operation] of Object.entries(UNARY)) {
  if (name === 'FTST') continue;
  onStack(name, (b) => {
    const general = (): void => void b.helper('x87Unary', constant(b, operation));
    const sign = SIGNS[name];
    if (!sign && name !== 'FRNDINT') {
      general();
      return;
    }
    b.attempt((giveUp) => {
      const stack = new RegisterStack(b);
      const st0 = stack.place(0);
      giveUp(b.isZero(stack.isUsed(st0)));
      const x = stack.read(st0);
      if (sign) {
        stack.write(st0, { sig: x.sig, se: sign(b, x.se) });
        stack.end();
      } else stack.replace(st0, b.kernel('x87RoundToInteger', b.state32(X87.control), x.sig, x.se), 0, giveUp);
    }, general);
  });
}

for (const [operations, helper] of [
  [STACK_BINARY, 'x87Binary'],
  [PUSHING, 'x87Pushing'],
] as const)
  for (const [name, operation] of Object.entries(operations))
    onStack(name, (b) => void b.helper(helper, constant(b, operation)));
