/** System instructions: checks and effects live in TypeScript helpers, which every engine calls. */
import { CC, type Builder } from './builder.ts';
import { insn } from './define.ts';
import { conditionValue, flagsZero, FLAG } from './flags.ts';
import { isMemory, type Opnd } from './operand.ts';
import { beyondLevel0 } from './privilege.ts';
import type { HelperName } from '../helpers.ts';
import { CONTROL, S, SHADOW } from '../layout.ts';

const ends = { endsBlock: true } as const;

const none = (): void => {};
for (const name of ['NOP', 'PAUSE', 'PREFETCH', 'PREFETCHW', 'PREFETCHNTA', 'PREFETCHT0', 'PREFETCHT1', 'PREFETCHT2'])
  insn(name, none);

for (const name of ['UD0', 'UD1', 'UD2']) insn(name, (b) => void b.helper('undefinedOpcode'), ends);

const direction = (b: Builder, set: boolean): void => {
  const flags = b.state32(S.eflags);
  b.setState32(S.eflags, set ? b.or(flags, b.const(32, FLAG.DF)) : b.and(flags, b.const(32, ~FLAG.DF)));
};
insn('CLD', (b) => direction(b, false));
insn('STD', (b) => direction(b, true));

insn('CLI', (b) =>
  b.if(
    b.nonZero(beyondLevel0(b)),
    () => void b.helper('clearInterruptFlag'),
    () => b.setState32(S.eflags, b.and(b.state32(S.eflags), b.const(32, ~FLAG.IF))),
  ),
);
/** Nothing is taken between STI and the instruction after it. */
insn('STI', (b) =>
  b.if(
    b.nonZero(b.or(beyondLevel0(b), b.state32(S.intrPending))),
    () => void b.helper('setInterruptFlag', b.nextIp()),
    () => {
      const flags = b.state32(S.eflags);
      b.if(b.isZero(b.and(flags, b.const(32, FLAG.IF))), () => {
        b.setState32(S.eflags, b.or(flags, b.const(32, FLAG.IF)));
        b.setState32(S.shadowRip, b.nextIp());
        b.setState32(S.shadowActive, b.const(32, SHADOW.STI));
      });
    },
  ),
);

insn('HLT', (b) => {
  b.setRip(b.nextIp());
  b.helper('halt');
  b.leave();
}, ends); // prettier-ignore

// --- descriptor tables -----------------------------------------------------------------------------------------------------------

for (const [name, helper] of [
  ['SGDT', 'storeGdtr'],
  ['SIDT', 'storeIdtr'],
  ['LGDT', 'loadGdtr'],
  ['LIDT', 'loadIdtr'],
] as const)
  insn(name, (b, place) => {
    b.helper(helper, b.zext(b.address(place), 32), b.segmentIndex(place), b.const(32, b.operandWidth));
  });

/** Instructions that exist in protected mode only. */
function protectedOnly(b: Builder, emit: () => void): void {
  if (b.realMode) b.helper('undefinedOpcode');
  else emit();
}

for (const [name, helper] of [
  ['SLDT', 'storeLdtr'],
  ['STR', 'storeTr'],
] as const)
  insn(name, (b, dst) =>
    protectedOnly(b, () => {
      const selector = b.let(b.helper(helper));
      b.write(dst, isMemory(dst) ? b.trunc(selector, 16) : b.trunc(selector, dst.width));
    }),
  );

for (const [name, helper] of [
  ['LLDT', 'loadLdtr'],
  ['LTR', 'loadTr'],
] as const)
  insn(name, (b, src) =>
    protectedOnly(b, () => void b.helper(helper, b.zext(b.read({ ...src, width: 16 } as Opnd), 32))),
  );

for (const [name, helper] of [
  ['VERR', 'verifyRead'],
  ['VERW', 'verifyWrite'],
] as const)
  insn(name, (b, src) =>
    protectedOnly(b, () =>
      flagsZero(b, b.let(b.trunc(b.helper(helper, b.zext(b.read({ ...src, width: 16 } as Opnd), 32)), 8))),
    ),
  );

/** ZF tells whether the selector may be looked at; the destination changes only then. */
for (const [name, helper] of [
  ['LAR', 'loadAccessRights'],
  ['LSL', 'loadSegmentLimit'],
] as const)
  insn(name, (b, dst, src) =>
    protectedOnly(b, () => {
      const value = b.let(b.helper(helper, b.zext(b.read({ ...src, width: 16 } as Opnd), 32)));
      b.if(conditionValue(b, CC.Z), () => b.write(dst, b.trunc(value, dst.width)));
    }),
  );

insn('ARPL', (b, dst, src) =>
  protectedOnly(b, () => {
    const selector = b.let(b.modify(dst));
    const requested = b.let(b.and(b.read(src), b.const(16, 3)));
    const raise = b.let(b.ltU(b.and(selector, b.const(16, 3)), requested));
    flagsZero(b, raise);
    b.write(dst, b.select(raise, b.or(b.and(selector, b.const(16, 0xfffc)), requested), selector));
  }),
);

// --- control and debug registers -----------------------------------------------------------------------------------------------------

/** CR2 and CR3 are what they hold; page faults and switches of address spaces read them. */
insn('MOV R,C', (b, dst, register) => {
  const number = b.let(b.read(register));
  const value = b.variable(b.const(32, 0));
  b.if(
    b.or(b.ne(b.and(number, b.const(32, ~1)), b.const(32, 2)), b.nonZero(beyondLevel0(b))),
    () => b.set(value, b.helper('readControlRegister', number)),
    () => b.set(value, b.stateAt(CONTROL.cr2, b.shl(b.and(number, b.const(32, 1)), 3), 32)),
  );
  b.write(dst, b.get(value));
});
insn('MOV R,D', (b, dst, register) => b.write(dst, b.let(b.helper('readDebugRegister', b.read(register)))));

for (const [kind, write] of [
  ['C', 'writeControlRegister'],
  ['D', 'writeDebugRegister'],
] as const)
  insn(
    `MOV ${kind},R`,
    (b, register, src) => {
      b.helper(write, b.read(register), b.read(src));
      b.goToNext();
    },
    ends,
  );

insn('SMSW', (b, dst) => {
  const word = b.let(b.helper('storeMachineStatus'));
  b.write(dst, b.trunc(word, isMemory(dst) ? 16 : dst.width));
});

function helperThenNext(name: string, helper: HelperName): void {
  insn(name, (b) => {
    b.helper(helper);
    b.goToNext();
  }, ends); // prettier-ignore
}

insn('LMSW', (b, src) => {
  b.helper('loadMachineStatus', b.zext(b.read({ ...src, width: 16 } as Opnd), 32));
  b.goToNext();
}, ends); // prettier-ignore

helperThenNext('CLTS', 'clearTaskSwitched');
helperThenNext('WRMSR', 'writeMsr');
helperThenNext('INVD', 'invalidateCaches');
helperThenNext('WBINVD', 'invalidateCaches');
insn('RDMSR', (b) => void b.helper('readMsr'));
insn('RDTSC', (b) => void b.helper('readTimeStamp'));
insn('RDPMC', (b) => void b.helper('readPerformanceCounter'));
insn('CPUID', (b) => void b.helper('cpuid'));
insn('INVLPG', (b, place) => {
  b.helper('invalidatePage', b.zext(b.address(place), 32), b.segmentIndex(place));
  b.goToNext();
}, ends); // prettier-ignore

insn('RSM', (b) => void b.helper('undefinedOpcode'), ends);
