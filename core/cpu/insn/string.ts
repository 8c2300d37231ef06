/** String instructions and port I/O. Repeated ones can be interrupted: they restart with what they have done so far. */
import { REP } from '../../isa/index.ts';
import { CC, type Builder } from './builder.ts';
import { insn } from './define.ts';
import { conditionValue, flagsSub, FLAG } from './flags.ts';
import type { Opnd } from './operand.ts';
import type { Value } from './value.ts';
import { S } from '../layout.ts';

const CX = 1;
const DX = 2;
const SI = 6;
const DI = 7;

/** Step of SI and DI by DF and the element size. */
function stepOf(b: Builder, bytes: number): Value {
  const down = b.and(b.state32(S.eflags), b.const(32, FLAG.DF));
  return b.let(b.select(down, b.const(32, -bytes), b.const(32, bytes)));
}

function advance(b: Builder, index: number, step: Value): void {
  b.writeGpr(index, b.add(b.readGpr(index, b.addressWidth), b.trunc(step, b.addressWidth)));
}

/** `once` does one element and tells whether the repetition goes on (undefined: only the count decides). */
function repeated(b: Builder, once: () => Value | undefined): void {
  if (b.rep === REP.NONE) {
    once();
    return;
  }
  const width = b.addressWidth;
  b.if(b.nonZero(b.readGpr(CX, width)), () => {
    const slice = b.variable(b.state32(S.repeatSlice));
    const more = b.variable(b.const(32, 0));
    b.loop(() => {
      const wanted = once();
      const count = b.let(b.sub(b.readGpr(CX, width), b.const(width, 1)));
      b.writeGpr(CX, count);
      const counted = b.nonZero(count);
      b.set(more, b.zext(wanted ? b.and(counted, wanted) : counted, 32));
      b.set(slice, b.sub(b.get(slice), b.const(32, 1)));
      return b.and(b.get(more), b.zext(b.nonZero(b.get(slice)), 32));
    });
    b.if(b.nonZero(b.get(more)), () => b.restart());
  });
}

const bytesOf = (operand: Opnd): number => operand.width / 8;

insn('MOVS', (b, dst, src) => {
  const step = stepOf(b, bytesOf(dst));
  repeated(b, () => {
    b.write(dst, b.let(b.read(src)));
    advance(b, SI, step);
    advance(b, DI, step);
    return undefined;
  });
});

insn('STOS', (b, dst, accumulator) => {
  const step = stepOf(b, bytesOf(dst));
  repeated(b, () => {
    b.write(dst, b.read(accumulator));
    advance(b, DI, step);
    return undefined;
  });
});

insn('LODS', (b, accumulator, src) => {
  const step = stepOf(b, bytesOf(src));
  repeated(b, () => {
    b.write(accumulator, b.let(b.read(src)));
    advance(b, SI, step);
    return undefined;
  });
});

/** REPE goes on while equal, REPNE while not. */
const whileCondition = (b: Builder): Value => conditionValue(b, b.rep === REP.REPE ? CC.Z : CC.Z + 1);

insn('CMPS', (b, src, dst) => {
  const step = stepOf(b, bytesOf(src));
  repeated(b, () => {
    const left = b.let(b.read(src));
    const right = b.let(b.read(dst));
    flagsSub(b, left, right, b.let(b.sub(left, right)));
    advance(b, SI, step);
    advance(b, DI, step);
    return b.rep === REP.NONE ? undefined : whileCondition(b);
  });
});

insn('SCAS', (b, accumulator, dst) => {
  const step = stepOf(b, bytesOf(dst));
  repeated(b, () => {
    const left = b.let(b.read(accumulator));
    const right = b.let(b.read(dst));
    flagsSub(b, left, right, b.let(b.sub(left, right)));
    advance(b, DI, step);
    return b.rep === REP.NONE ? undefined : whileCondition(b);
  });
});

const portOf = (b: Builder): Value => b.zext(b.readGpr(DX, 16), 32);

insn('INS', (b, dst) => {
  const bytes = b.const(32, bytesOf(dst));
  const step = stepOf(b, bytesOf(dst));
  repeated(b, () => {
    b.helper('checkPort', portOf(b), bytes);
    // Memory must be writable before the port is read: a device gives each byte once.
    b.let(b.modify(dst));
    b.write(dst, b.trunc(b.let(b.helper('portRead', portOf(b), bytes)), dst.width));
    advance(b, DI, step);
    return undefined;
  });
});

insn('OUTS', (b, _port, src) => {
  const bytes = b.const(32, bytesOf(src));
  const step = stepOf(b, bytesOf(src));
  repeated(b, () => {
    b.helper('checkPort', portOf(b), bytes);
    const value = b.let(b.read(src));
    b.helper('portWrite', portOf(b), bytes, b.zext(value, 32));
    advance(b, SI, step);
    return undefined;
  });
});

insn('IN', (b, accumulator, port) => {
  const number = b.let(b.zext(b.read(port), 32));
  const bytes = b.const(32, bytesOf(accumulator));
  b.helper('checkPort', number, bytes);
  b.write(accumulator, b.trunc(b.let(b.helper('portRead', number, bytes)), accumulator.width));
});

insn('OUT', (b, port, accumulator) => {
  const number = b.let(b.zext(b.read(port), 32));
  const bytes = b.const(32, bytesOf(accumulator));
  b.helper('checkPort', number, bytes);
  b.helper('portWrite', number, bytes, b.zext(b.read(accumulator), 32));
});
