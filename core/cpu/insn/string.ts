/** String instructions and port I/O. Repeated ones can be interrupted: they restart with what they have done so far. */
import { REP } from '../../isa/index.ts';
import { CC, type Builder } from './builder.ts';
import { insn } from './define.ts';
import { conditionValue, flagsSub, FLAG } from './flags.ts';
import type { Opnd } from './operand.ts';
import type { Value } from './value.ts';
import { COPY_DISTANCE } from './string-kernels.ts';
import { S } from '../layout.ts';

const CX = 1;
const DX = 2;
const SI = 6;
const DI = 7;

/** What repeats an element of so many bytes over 64 bits, as a factor. */
const ONES: Readonly<Record<number, bigint>> = {
  1: 0x0101_0101_0101_0101n,
  2: 0x0001_0001_0001_0001n,
  4: 0x1_0000_0001n,
};

const bytesOf = (operand: Opnd): number => operand.width / 8;

/** Step of SI and DI by DF and the element size. */
function stepOf(b: Builder, bytes: number): Value {
  const down = b.and(b.state32(S.eflags), b.const(32, FLAG.DF));
  return b.let(b.select(down, b.const(32, -bytes), b.const(32, bytes)));
}

function advance(b: Builder, index: number, step: Value): void {
  b.writeGpr(index, b.add(b.readGpr(index, b.addressWidth), b.trunc(step, b.addressWidth)));
}

/** Fewer elements than this are done one by one. */
const AT_ONCE = 8;

/**
 * `once` does one element and tells whether the repetition goes on (undefined: only the count decides). `atOnce` does up
 * to so many elements together and gives how many it did; 0: the next one is for `once`.
 */
function repeated(b: Builder, once: () => Value | undefined, atOnce?: (most: Value) => Value): void {
  if (b.rep === REP.NONE) {
    once();
    return;
  }
  const width = b.addressWidth;
  b.if(b.nonZero(b.readGpr(CX, width)), () => {
    const slice = b.variable(b.state32(S.repeatSlice));
    const done = b.variable(b.const(32, 1));
    const more = b.variable(b.const(32, 1));
    b.loop(() => {
      const one = (): void => {
        b.set(done, b.const(32, 1));
        const wanted = once();
        if (wanted) b.set(more, b.zext(wanted, 32));
      };
      if (atOnce) {
        const most = minimum(b, b.zext(b.readGpr(CX, width), 32), b.get(slice));
        b.set(done, b.const(32, 0));
        b.if(b.gtU(most, b.const(32, AT_ONCE - 1)), () => b.set(done, atOnce(most)));
        b.if(b.isZero(b.get(done)), one);
      } else one();
      const count = b.let(b.sub(b.readGpr(CX, width), b.trunc(b.get(done), width)));
      b.writeGpr(CX, count);
      b.set(more, b.and(b.get(more), b.zext(b.nonZero(count), 32)));
      b.set(slice, b.sub(b.get(slice), b.get(done)));
      return b.and(b.get(more), b.zext(b.nonZero(b.get(slice)), 32));
    });
    b.if(b.nonZero(b.get(more)), () => b.restart());
  });
}

function minimum(b: Builder, left: Value, right: Value): Value {
  const [x, y] = [b.let(left), b.let(right)];
  return b.let(b.select(b.ltU(x, y), x, y));
}

/**
 * Upwards, elements that lie in one page of each operand. `move` gets their bytes and where in linear memory they lie.
 * Whatever is not plain memory has no span.
 */
function withinPages(
  b: Builder,
  dst: Opnd,
  src: Opnd | undefined,
  move: (bytes: Value, to: Value, from: Value) => void,
) {
  const shift = Math.log2(bytesOf(dst));
  return (most: Value): Value => {
    const to = b.span(dst, true);
    const from = src ? b.span(src, false) : to;
    const count = b.variable(minimum(b, most, b.shr(minimum(b, to.bytes, from.bytes), shift)));
    const down = b.nonZero(b.and(b.state32(S.eflags), b.const(32, FLAG.DF)));
    const near = b.ltU(b.sub(to.host, from.host), b.const(32, COPY_DISTANCE));
    b.if(src ? b.or(down, near) : down, () => b.set(count, b.const(32, 0)));
    b.if(b.nonZero(b.get(count)), () => {
      const bytes = b.let(b.shl(b.get(count), shift));
      move(bytes, to.host, from.host);
      if (src) advance(b, SI, bytes);
      advance(b, DI, bytes);
    });
    return b.get(count);
  };
}

insn('MOVS', (b, dst, src) => {
  const step = stepOf(b, bytesOf(dst));
  const once = () => {
    b.write(dst, b.let(b.read(src)));
    advance(b, SI, step);
    advance(b, DI, step);
    return undefined;
  };
  repeated(
    b,
    once,
    withinPages(b, dst, src, (bytes, to, from) => void b.kernel('copyUp', to, from, bytes)),
  );
});

insn('STOS', (b, dst, accumulator) => {
  const step = stepOf(b, bytesOf(dst));
  const once = () => {
    b.write(dst, b.read(accumulator));
    advance(b, DI, step);
    return undefined;
  };
  const pattern = () => b.mul(b.zext(b.read(accumulator), 64), b.const(64, ONES[bytesOf(dst)]));
  repeated(
    b,
    once,
    withinPages(b, dst, undefined, (bytes, to) => void b.kernel('fillUp', to, pattern(), bytes)),
  );
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
