/** Transfers of control. Near ones are code; far ones, interrupts and returns from them go through segments.ts. */
import { CC } from './builder.ts';
import { insn } from './define.ts';
import { conditionValue, setArithmeticFlags } from './flags.ts';
import type { Opnd } from './operand.ts';
import { pop, push } from './stack.ts';
import type { Builder } from './builder.ts';
import type { Value } from './value.ts';

const SP = 4;
const CX = 1;
const ends = { endsBlock: true } as const;
const calls = { ...ends, link: 'call' } as const;
const returns = { ...ends, link: 'return' } as const;

insn('JMP J', (b, target) => {
  b.checkCodeLimit(b.relativeTarget(target));
  b.jumpRelative(target);
}, ends); // prettier-ignore

insn('JMP', (b, target) => {
  const rip = b.let(b.zext(b.read(target), 32));
  b.checkCodeLimit(rip);
  b.jumpTo(rip);
}, { ...ends, computed: true }); // prettier-ignore

insn('CALL J', (b, target) => {
  b.checkCodeLimit(b.relativeTarget(target));
  push(b, b.let(b.trunc(b.nextIp(), b.operandWidth)));
  b.jumpRelative(target);
}, calls); // prettier-ignore

insn('CALL', (b, target) => {
  const rip = b.let(b.zext(b.read(target), 32));
  b.checkCodeLimit(rip);
  push(b, b.let(b.trunc(b.nextIp(), b.operandWidth)));
  b.jumpTo(rip);
}, { ...calls, computed: true }); // prettier-ignore

insn('RET', (b, release?: Opnd) => {
  const { value, pointer } = pop(b, b.operandWidth);
  const rip = b.let(b.zext(value, 32));
  b.checkCodeLimit(rip);
  b.writeGpr(SP, release ? b.add(pointer, b.zext(b.read(release), b.stackWidth)) : pointer);
  b.jumpTo(rip);
}, returns); // prettier-ignore

function loop(name: string, condition: (b: Builder) => Value | undefined): void {
  insn(
    name,
    (b, target) => {
      const width = b.addressWidth;
      const count = b.let(b.sub(b.readGpr(CX, width), b.const(width, 1)));
      const extra = condition(b);
      const taken = b.let(extra ? b.and(b.nonZero(count), extra) : b.nonZero(count));
      b.if(taken, () => {
        b.checkCodeLimit(b.relativeTarget(target));
        b.writeGpr(CX, count);
        b.jumpRelative(target);
      });
      b.writeGpr(CX, count);
      b.fallThrough();
    },
    ends,
  );
}
loop('LOOP', () => undefined);
loop('LOOPE', (b) => conditionValue(b, CC.Z));
loop('LOOPNE', (b) => conditionValue(b, CC.Z + 1));

insn(
  'JCXZ',
  (b, target) => {
    b.if(b.isZero(b.readGpr(CX, b.addressWidth)), () => {
      b.checkCodeLimit(b.relativeTarget(target));
      b.jumpRelative(target);
    });
    b.fallThrough();
  },
  ends,
);

// --- far transfers -----------------------------------------------------------------------------------------------------------------

function farPointer(b: Builder, pointer: Opnd): { selector: Value; offset: Value } {
  if (pointer.kind === 'far')
    return {
      selector: b.read({ kind: 'imm', width: 16, second: true }),
      offset: b.read({ kind: 'imm', width: b.operandWidth, second: false }),
    };
  const place = { ...pointer, width: b.operandWidth } as Opnd;
  const offset = b.let(b.read(place));
  return { offset, selector: b.let(b.read(b.displaced(place, b.const(32, b.operandWidth / 8), 16))) };
}

for (const [name, helper] of [
  ['JMPF', 'farJump'],
  ['CALLF', 'farCall'],
] as const)
  insn(
    name,
    (b, pointer) => {
      const { selector, offset } = farPointer(b, pointer);
      b.setRip(b.nextIp());
      b.helper(helper, b.zext(selector, 32), b.zext(offset, 32), b.const(32, b.operandWidth));
      b.jumpToRip();
    },
    ends,
  );

insn('RETF', (b, release?: Opnd) => {
  b.helper('farReturn', release ? b.zext(b.read(release), 32) : b.const(32, 0), b.const(32, b.operandWidth));
  b.jumpToRip();
}, ends); // prettier-ignore

insn('IRET', (b) => {
  const general = (): void => {
    b.helper('interruptReturn', b.const(32, b.operandWidth), b.nextIp());
    b.jumpToRip();
  };
  if (b.realMode || b.operandWidth !== 32 || b.stackWidth !== 32) return general();
  b.attempt((giveUp) => {
    const [image, pointer] = b.kernel('returnFromGate', b.readGpr(SP, 32));
    giveUp(b.isZero(image));
    setArithmeticFlags(b, image);
    b.writeGpr(SP, pointer);
    b.jumpToRip();
  }, general);
}, ends); // prettier-ignore

insn('INT', (b, vector) => {
  b.helper('softwareInterrupt', b.zext(b.read({ ...vector, width: 8 } as Opnd), 32), b.nextIp());
  b.jumpToRip();
}, ends); // prettier-ignore

insn('INT3', (b) => {
  b.helper('breakpoint', b.const(32, 3), b.nextIp());
  b.jumpToRip();
}, ends); // prettier-ignore

insn('INT1', (b) => {
  b.helper('debugTrap', b.nextIp());
  b.jumpToRip();
}, ends); // prettier-ignore

insn('INTO', (b) => {
  b.if(conditionValue(b, CC.O), () => {
    b.helper('breakpoint', b.const(32, 4), b.nextIp());
    b.jumpToRip();
  });
  b.fallThrough();
}, ends); // prettier-ignore

insn('BOUND', (b, index, pair) => {
  const place = { ...pair, width: b.operandWidth } as Opnd;
  const value = b.let(b.read(index));
  const lower = b.let(b.read(place));
  const upper = b.let(b.read(b.displaced(place, b.const(32, b.operandWidth / 8), b.operandWidth)));
  b.if(b.or(b.ltS(value, lower), b.ltS(upper, value)), () => b.helper('boundRangeExceeded'));
});
