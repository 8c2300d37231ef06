/** The stack: PUSH, POP and frames. */
import { SEG } from '../../isa/index.ts';
import type { Builder } from './builder.ts';
import { insn } from './define.ts';
import { loadSegment } from './mov.ts';
import { isMemory } from './operand.ts';
import type { Value, Width } from './value.ts';

const SP = 4;
const BP = 5;

/** Stack pointers are kept as wide as the stack segment says; an address is 32 bits. */
const stackAddress = (b: Builder, pointer: Value): Value => b.zext(pointer, 32);

export function push(b: Builder, value: Value): void {
  const pointer = b.let(b.sub(b.readGpr(SP, b.stackWidth), b.const(b.stackWidth, value.width / 8)));
  b.store(SEG.SS, stackAddress(b, pointer), value);
  b.writeGpr(SP, pointer);
}

/** Reads the top; the caller writes the stack pointer when nothing can fault any more. */
export function pop(b: Builder, width: Width): { value: Value; pointer: Value } {
  const old = b.readGpr(SP, b.stackWidth);
  const value = b.let(b.load(SEG.SS, stackAddress(b, old), width));
  return { value, pointer: b.let(b.add(old, b.const(b.stackWidth, width / 8))) };
}

insn('PUSH', (b, src) => push(b, b.let(b.zext(b.read(src), b.operandWidth))));

insn('POP', (b, dst) => {
  const { value, pointer } = pop(b, b.operandWidth);
  // Memory may fault, so it is written before SP changes. (Addresses by SP count from its new value: see blocks.ts.)
  if (isMemory(dst)) {
    b.write(dst, value);
    b.writeGpr(SP, pointer);
  } else {
    b.writeGpr(SP, pointer);
    b.write(dst, value);
  }
});

for (const name of ['ES', 'SS', 'DS', 'FS', 'GS'])
  insn(
    `POP ${name}`,
    (b, segment) => {
      const { value, pointer } = pop(b, b.operandWidth);
      loadSegment(b, segment, b.let(b.trunc(value, 16)), () => b.writeGpr(SP, pointer));
    },
    { endsBlock: 'protected' },
  );

insn('PUSHA', (b) => {
  const size = b.operandWidth / 8;
  const old = b.let(b.readGpr(SP, b.stackWidth));
  const at = (slot: number): Value => b.sub(old, b.const(b.stackWidth, slot * size));
  for (let i = 0; i < 8; i++) {
    const value = b.readGpr(i, b.operandWidth);
    b.store(SEG.SS, stackAddress(b, b.let(at(i + 1))), value);
  }
  b.writeGpr(SP, at(8));
});

insn('POPA', (b) => {
  const size = b.operandWidth / 8;
  const old = b.let(b.readGpr(SP, b.stackWidth));
  const at = (slot: number): Value => b.let(b.add(old, b.const(b.stackWidth, slot * size)));
  const values = [...Array(8).keys()].map((slot) => b.let(b.load(SEG.SS, stackAddress(b, at(slot)), b.operandWidth)));
  // DI is on top; the image of SP is skipped.
  values.forEach((value, slot) => {
    if (7 - slot !== SP) b.writeGpr(7 - slot, value);
  });
  b.writeGpr(SP, at(8));
});

insn('LEAVE', (b) => {
  const frame = b.let(b.readGpr(BP, b.stackWidth));
  const value = b.let(b.load(SEG.SS, stackAddress(b, frame), b.operandWidth));
  b.writeGpr(SP, b.add(frame, b.const(b.stackWidth, b.operandWidth / 8)));
  b.writeGpr(BP, value);
});

insn('ENTER', (b, bytes, level) => {
  const width = b.operandWidth;
  const stack = b.stackWidth;
  const size = b.const(stack, width / 8);
  const pointer = b.variable(b.sub(b.readGpr(SP, stack), size));
  b.store(SEG.SS, stackAddress(b, b.get(pointer)), b.readGpr(BP, width));
  const frame = b.get(pointer);
  const depth = b.let(b.and(b.zext(b.read(level), 32), b.const(32, 31)));
  b.if(b.nonZero(depth), () => {
    const left = b.variable(b.sub(depth, b.const(32, 1)));
    const source = b.variable(b.readGpr(BP, stack));
    const pushValue = (value: Value): void => {
      b.set(pointer, b.sub(b.get(pointer), size));
      b.store(SEG.SS, stackAddress(b, b.get(pointer)), value);
    };
    b.if(b.nonZero(b.get(left)), () =>
      b.loop(() => {
        b.set(source, b.sub(b.get(source), size));
        pushValue(b.let(b.load(SEG.SS, stackAddress(b, b.get(source)), width)));
        b.set(left, b.sub(b.get(left), b.const(32, 1)));
        return b.nonZero(b.get(left));
      }),
    );
    pushValue(b.let(width <= stack ? b.trunc(frame, width) : b.zext(frame, width)));
  });
  b.writeGpr(BP, width <= stack ? b.trunc(frame, width) : b.zext(frame, width));
  b.writeGpr(SP, b.sub(b.get(pointer), b.trunc(b.zext(b.read(bytes), 32), stack)));
});

insn('PUSHF', (b) => {
  const image = b.let(b.helper('readEflags', b.const(32, b.operandWidth)));
  push(b, b.operandWidth === 16 ? b.trunc(image, 16) : image);
});

insn(
  'POPF',
  (b) => {
    const { value, pointer } = pop(b, b.operandWidth);
    b.helper('writeEflags', b.zext(value, 32), b.const(32, b.operandWidth));
    b.writeGpr(SP, pointer);
    b.goToNext();
  },
  { endsBlock: true },
);
