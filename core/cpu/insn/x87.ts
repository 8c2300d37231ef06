/**
 * x87. Intel SDM volume 2. Every instruction first looks whether the FPU may be used (#NM) and, unless its name says
 * "no wait", whether an exception is pending; then reads memory; then notes itself as the last instruction; then computes.
 */
import { CC, type Builder } from './builder.ts';
import { insn } from './define.ts';
import { conditionValue } from './flags.ts';
import { isMemory, type Opnd } from './operand.ts';
import type { HelperName } from '../helpers.ts';
import { SEG } from '../../isa/index.ts';
import { CONTROL, S, SEGMENT, SEGMENT_BYTES, X87 } from '../layout.ts';
import { CR0 } from '../state.ts';
import {
  ARITHMETIC,
  COMPARE,
  CONSTANT_NAMES,
  CONTROL_OP,
  DESTINATION_STI,
  POP,
  PUSHING,
  STACK_BINARY,
  UNARY,
} from '../x87-operations.ts';
import type { Value } from './value.ts';

/** Status word: error summary. */
const ES = 0x80;
const OPCODE: Opnd = { kind: 'imm', width: 32, second: true };

/** A frozen instruction starts again after the next interrupt. */
function callUnlessReady(b: Builder, blocked: Value, helper: 'x87Blocked' | 'x87Wait'): void {
  b.if(blocked, () => {
    const frozen = b.helper(helper);
    b.if(b.nonZero(frozen), () => b.restart());
  });
}

function usable(b: Builder): Value {
  return b.and(b.state32(CONTROL.cr0), b.const(32, CR0.EM | CR0.TS));
}

/** Instructions that do not wait: #NM only. */
function withoutWait(b: Builder): void {
  b.if(b.nonZero(usable(b)), () => void b.helper('x87NotAvailable'));
}

function wait(b: Builder): void {
  const pending = b.and(b.state32(X87.status), b.const(32, ES));
  callUnlessReady(b, b.nonZero(b.or(usable(b), pending)), 'x87Blocked');
}

/** Last instruction pointer, opcode and data pointer. */
function note(b: Builder, memory?: Opnd): void {
  b.setState32(X87.ip, b.thisIp());
  b.setState32(X87.cs, b.state32(S.segments + SEG.CS * SEGMENT_BYTES + SEGMENT.selector));
  b.setState32(X87.opcode, b.read(OPCODE));
  if (!memory) return;
  b.setState32(X87.dp, b.zext(b.address(memory), 32));
  b.setState32(X87.ds, b.zext(b.segmentSelector(memory), 32));
}

const constant = (b: Builder, value: number): Value => b.const(32, value);
const low = (b: Builder, value: Value): Value => b.trunc(value, 32);
const high = (b: Builder, value: Value): Value => b.trunc(b.shr(value, 32), 32);

/** Defines an instruction that works on the register stack alone. */
function onStack(name: string, body: (b: Builder, ...operands: Opnd[]) => void): void {
  insn(name, (b, ...operands) => {
    wait(b);
    note(b);
    body(b, ...operands);
  });
}

/** Reads a memory operand and calls a helper with what it read as two words: signed integers extended, or as they are. */
function fromMemory(b: Builder, source: Opnd, integer: boolean, call: (lo: Value, hi: Value) => void): void {
  wait(b);
  const raw = b.let(b.read(source));
  note(b, source);
  const value = integer && raw.width < 64 ? b.let(b.sext(raw, 32)) : raw;
  if (value.wide) call(low(b, value), high(b, value));
  else call(value, b.sar(value, 31));
}

// --- waiting and control ---------------------------------------------------------------------------------------------------------

insn('WAIT', (b) => {
  const lazily = constant(b, CR0.MP | CR0.TS);
  const away = b.eq(b.and(b.state32(CONTROL.cr0), lazily), lazily);
  const pending = b.nonZero(b.and(b.state32(X87.status), constant(b, ES)));
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
  b.helper('x87LoadControl', b.zext(b.read(src), 32));
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

insn('FLD M', (b, src) =>
  fromMemory(b, src, false, (lo, hi) =>
    src.width === 64 ? b.helper('x87LoadFloat64', lo, hi) : b.helper('x87LoadFloat32', lo),
  ),
);
onStack('FLD T', (b, register) => void b.helper('x87LoadRegister', b.read(register)));
insn('FILD', (b, src) => fromMemory(b, src, true, (lo, hi) => b.helper('x87LoadInteger', lo, hi)));
for (const [number, name] of CONSTANT_NAMES.entries())
  onStack(name, (b) => void b.helper('x87LoadConstant', constant(b, number)));

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
    b.helper(helper, low(b, value), high(b, value), last);
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
    const last = b.helper(helper);
    b.if(b.isZero(b.isNegative(last)), () => {
      b.write(significand, b.state64(S.transfer));
      b.write(top, b.trunc(last, 16));
    });
  });

/** Stores what a helper left in S.transfer, unless an exception forbids it. */
function toMemory(b: Builder, dst: Opnd, helper: HelperName, ...args: number[]): void {
  wait(b);
  b.modify(dst);
  note(b, dst);
  const stored = b.helper(helper, ...args.map((value) => constant(b, value)));
  b.if(b.nonZero(stored), () => {
    const value = b.state64(S.transfer);
    b.write(dst, dst.width === 64 ? value : b.trunc(value, dst.width));
  });
}

for (const [name, pop] of [
  ['FST', 0],
  ['FSTP', 1],
] as const) {
  insn(`${name} M`, (b, dst) => toMemory(b, dst, dst.width === 64 ? 'x87StoreFloat64' : 'x87StoreFloat32', pop));
  onStack(
    `${name} T`,
    (b, register) => void b.helper('x87StoreRegister', b.read(register), constant(b, pop), b.read(OPCODE)),
  );
}
for (const [name, truncate, pop] of [
  ['FIST', 0, 0],
  ['FISTP', 0, 1],
  ['FISTTP', 1, 1],
] as const)
  insn(name, (b, dst) => toMemory(b, dst, 'x87StoreInteger', dst.width, truncate, pop));

onStack('FXCH', (b, _st0, register) => void b.helper('x87Exchange', b.read(register)));

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
    b.helper('x87ConditionalMove', holds, b.read(register));
  });

// --- arithmetic ----------------------------------------------------------------------------------------------------------------------

for (const [name, operation] of Object.entries(ARITHMETIC)) {
  const call = (b: Builder, register: Opnd, flags: number): void => {
    b.helper('x87ArithmeticRegister', constant(b, operation), b.read(register), constant(b, flags));
  };
  onStack(`${name} ST0,T`, (b, _st0, register) => call(b, register, 0));
  onStack(`${name} T,ST0`, (b, register) => call(b, register, DESTINATION_STI));
  onStack(`${name}P`, (b, register) => call(b, register, DESTINATION_STI | POP));
  insn(`${name} M`, (b, src) =>
    fromMemory(b, src, false, (lo, hi) =>
      src.width === 64
        ? b.helper('x87ArithmeticFloat64', constant(b, operation), lo, hi)
        : b.helper('x87ArithmeticFloat32', constant(b, operation), lo),
    ),
  );
  insn(`FI${name.slice(1)}`, (b, src) =>
    fromMemory(b, src, true, (lo) => b.helper('x87ArithmeticInteger', constant(b, operation), lo)),
  );
}

// --- comparisons -----------------------------------------------------------------------------------------------------------------------

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
      fromMemory(b, first, false, (lo, hi) =>
        first.width === 64
          ? b.helper('x87CompareFloat64', lo, hi, constant(b, flags))
          : b.helper('x87CompareFloat32', lo, constant(b, flags)),
      );
      return;
    }
    wait(b);
    note(b);
    b.helper('x87CompareRegister', b.read(second), constant(b, flags));
  });
for (const [name, flags] of [
  ['FCOMPP', 0],
  ['FUCOMPP', COMPARE.quiet],
] as const)
  onStack(
    name,
    (b) => void b.helper('x87CompareRegister', constant(b, 1), constant(b, flags | COMPARE.pop | COMPARE.popTwice)),
  );
for (const [name, flags] of [
  ['FICOM', 0],
  ['FICOMP', COMPARE.pop],
] as const)
  insn(name, (b, src) => fromMemory(b, src, true, (lo) => b.helper('x87CompareInteger', lo, constant(b, flags))));

// --- the rest works on the top of the stack ----------------------------------------------------------------------------------------------

for (const [operations, helper] of [
  [UNARY, 'x87Unary'],
  [STACK_BINARY, 'x87Binary'],
  [PUSHING, 'x87Pushing'],
] as const)
  for (const [name, operation] of Object.entries(operations))
    onStack(name, (b) => void b.helper(helper, constant(b, operation)));
