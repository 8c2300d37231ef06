import { describe, expect, test } from 'vitest';
import { CODE, REG, TestCpu } from './cpu.fixture.ts';
import { FLAG } from './insn/flags.ts';
import { CONTROL, S } from './layout.ts';
import { CPU_MODELS, type CpuModelName } from './models.ts';
import { CR4 } from './state.ts';

const UD = 6, GP = 13; // prettier-ignore

const INSTRUCTIONS = {
  CMPXCHG: [0x0f, 0xb1, 0xc8],
  BSWAP: [0x0f, 0xc8],
  CPUID: [0x0f, 0xa2],
  RDTSC: [0x0f, 0x31],
  RDMSR: [0x0f, 0x32],
  'MOV EAX, CR4': [0x0f, 0x20, 0xe0],
  'CMPXCHG8B [BX]': [0x0f, 0xc7, 0x0f],
  'PADDB MM0, MM1': [0x0f, 0xfc, 0xc1],
  'CMOVZ AX, CX': [0x0f, 0x44, 0xc1],
  'FCMOVE ST1': [0xda, 0xc9],
  RDPMC: [0x0f, 0x33],
  NOPW: [0x0f, 0x1f, 0xc0],
  SYSENTER: [0x0f, 0x34],
  'FXSAVE [BX]': [0x0f, 0xae, 0x07],
  'ADDPS XMM0, XMM1': [0x0f, 0x58, 0xc1],
  'ADDPD XMM0, XMM1': [0x66, 0x0f, 0x58, 0xc1],
  'PSHUFB XMM0, XMM1': [0x66, 0x0f, 0x38, 0x00, 0xc1],
  'POPCNT AX, CX': [0xf3, 0x0f, 0xb8, 0xc1],
} as const;
type Name = keyof typeof INSTRUCTIONS;
const NAMES = Object.keys(INSTRUCTIONS) as Name[];

const machine = (name: CpuModelName): TestCpu => new TestCpu({ model: CPU_MODELS[name] });

/** Those that raise #UD. */
function missing(name: CpuModelName): Name[] {
  const t = machine(name);
  return NAMES.filter((instruction) => {
    t.program(...INSTRUCTIONS[instruction]);
    t.delivered.length = 0;
    t.cpu.state.rip = CODE;
    t.cpu.state.set(CONTROL.cr4, CR4.OSFXSR);
    t.cpu.state.setGpr(REG.BX, 0x5000);
    t.step(1);
    return t.delivered[0]?.vector === UD;
  });
}

function cpuid(t: TestCpu, leaf: number): { eax: number; ebx: number; ecx: number; edx: number } {
  t.program(...INSTRUCTIONS.CPUID);
  t.cpu.state.setGpr(REG.AX, leaf);
  t.cpu.run(1);
  return { eax: t.reg(REG.AX), ebx: t.reg(REG.BX), ecx: t.reg(REG.CX), edx: t.reg(REG.DX) };
}

describe('what exists', () => {
  test.each<[CpuModelName, Name]>([
    ['486', 'CPUID'],
    ['pentium', 'CMOVZ AX, CX'],
    ['pentium3', 'ADDPD XMM0, XMM1'],
  ])('on a %s everything from %s on is an invalid opcode', (name, first) => {
    expect(missing(name)).toEqual(NAMES.slice(NAMES.indexOf(first)));
  });

  test('on the default processor everything is there', () => {
    expect(missing('default')).toEqual([]);
  });

  test('EFLAGS.ID can be changed exactly where CPUID exists', () => {
    const changeable = (Object.keys(CPU_MODELS) as CpuModelName[]).filter((name) => {
      // POPFD
      const t = machine(name)
        .program(0x66, 0x9d)
        .store32(0x7000, FLAG.ID | 2);
      t.step(1);
      return (t.cpu.state.eflags & FLAG.ID) !== 0;
    });

    expect(changeable).toEqual(['default', 'pentium', 'pentium3']);
  });

  test('CR4 takes the bits of what exists', () => {
    const accepted = (name: CpuModelName, value: number): boolean => {
      const t = machine(name).program(0x0f, 0x22, 0xe0);
      t.cpu.state.setGpr(REG.AX, value);
      t.step(1);
      return !t.delivered.some(({ vector }) => vector === GP);
    };

    expect([accepted('pentium', CR4.VME | CR4.PSE), accepted('pentium', CR4.PAE)]).toEqual([true, false]);
    expect([accepted('pentium3', CR4.PAE | CR4.OSFXSR), accepted('default', CR4.OSXMMEXCPT)]).toEqual([true, true]);
  });
});

describe('CPUID', () => {
  test.each<[CpuModelName, number]>([
    ['486', 0x433],
    ['pentium', 0x543],
    ['pentium3', 0x673],
    ['default', 0x106ca],
  ])('a %s says its signature after reset', (name, signature) => {
    const t = machine(name);
    t.cpu.reset();

    expect(t.reg(REG.DX)).toBe(signature);
    expect(t.cpu.state.get(S.rip)).toBe(0xfff0);
  });

  test('old systems see no leaf that they do not know', () => {
    const { eax } = cpuid(machine('pentium3'), 0);

    expect(eax).toBe(2);
    expect(cpuid(machine('pentium3'), 0x8000_0000).eax).toBe(0);
    expect(cpuid(machine('pentium3'), 1).ecx).toBe(0);
  });

  test('the default one tells the frequencies of its clocks', () => {
    const { eax, ebx, ecx } = cpuid(new TestCpu({ busHz: 5e8 }), 0x15);

    // The fraction is in lowest terms: kernels multiply with it in 32 bits.
    expect([eax, ebx, ecx]).toEqual([1, 2, 5e8]);
  });

  test('IA32_TSC_ADJUST moves the time-stamp counter', () => {
    // WRMSR; RDTSC
    const t = new TestCpu().program(0x0f, 0x30, 0x0f, 0x31);
    t.timeStamp = 1000;
    [REG.CX, REG.AX, REG.DX].forEach((register, i) => t.cpu.state.setGpr(register, [0x3b, 500, 0][i]));

    t.step(2);

    expect(t.reg(REG.AX)).toBe(1500);
  });
});
