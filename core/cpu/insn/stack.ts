/** The stack: PUSH, POP and frames. */
import { SEG } from '../../isa/index.ts';
import type { Builder } from './builder.ts';
import { insn } from './define.ts';
import { ARITHMETIC_FLAGS, FLAG, IRET_WRITABLE, arithmeticFlags, setArithmeticFlags } from './flags.ts';
import { beyondLevel0 } from './privilege.ts';
import { loadSegment } from './mov.ts';
import { isMemory } from './operand.ts';
import { S } from '../layout.ts';
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
  insn(`POP ${name}`, (b, segment) => {
    const { value, pointer } = pop(b, b.operandWidth);
    loadSegment(b, segment, b.let(b.trunc(value, 16)), () => b.writeGpr(SP, pointer));
  });

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
  const control = b.state32(S.eflags);
  const image = b.variable(b.or(b.and(control, b.const(32, ~(FLAG.VM | FLAG.RF))), arithmeticFlags(b)));
  // What virtual-8086 mode sees of IF depends on IOPL.
  if (b.realMode)
    b.if(b.nonZero(b.and(control, b.const(32, FLAG.VM))), () =>
      b.set(image, b.helper('readEflags', b.const(32, b.operandWidth))),
    );
  push(b, b.trunc(b.get(image), b.operandWidth));
});

/** At CPL 0 all but the change of a few flags is storing; those that begin something go by the helper. */
insn('POPF', (b) => {
  const { value, pointer } = pop(b, b.operandWidth);
  const image = b.let(b.zext(value, 32));
  // S.intrPending is 0 or 1.
  const pending = b.mul(b.state32(S.intrPending), b.const(32, FLAG.IF));
  const begins = b.and(image, b.or(pending, b.const(32, FLAG.TF)));
  // Whether ID can change tells whether there is CPUID.
  const changesId = b.and(b.xor(image, b.state32(S.eflags)), b.const(32, b.operandWidth === 16 ? 0 : FLAG.ID));
  b.if(
    b.nonZero(b.or(b.or(beyondLevel0(b), begins), changesId)),
    () => void b.helper('writeEflags', image, b.const(32, b.operandWidth)),
    () => {
      const writable = IRET_WRITABLE & ~(FLAG.RF | FLAG.VIF | FLAG.VIP) & (b.operandWidth === 16 ? 0xffff : -1);
      const kept = b.and(b.state32(S.eflags), b.const(32, ~(writable | FLAG.RF)));
      b.setState32(S.eflags, b.or(kept, b.and(image, b.const(32, writable & ~ARITHMETIC_FLAGS))));
      setArithmeticFlags(b, image);
    },
  );
  b.writeGpr(SP, pointer);
});
