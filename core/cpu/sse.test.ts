/** When MMX and SSE may run, what faults and in which order, where vectors lie in memory and in a saved machine. */
import { describe, expect, test } from 'vitest';
import { CODE, REG, TestCpu, w32 } from './cpu.fixture.ts';
import { VECTOR } from './fault.ts';
import { CONTROL, S, SSE, X87 } from './layout.ts';
import { cpuStateView } from './snapshot.ts';
import { CR0, CR4 } from './state.ts';

const HLT = 0xf4;
const PAGE = 0x20_0000;
const MXCSR_DEFAULT = 0x1f80;
const [IE, ZE, PE] = [1, 4, 0x20];
const SSE_ON = CR4.OSFXSR | CR4.OSXMMEXCPT;

const ADDPS = [0x0f, 0x58, 0xc1]; // addps xmm0,xmm1
const PADDB_MMX = [0x0f, 0xfc, 0xc1]; // paddb mm0,mm1
const CRC32 = [0xf2, 0x0f, 0x38, 0xf1, 0xc1]; // crc32 eax,ecx
const MOVNTI = [0x0f, 0xc3, 0x0d]; // movnti [disp32],ecx
const LFENCE = [0x0f, 0xae, 0xe8];
/** [disp32] forms. */
const MOVAPS_LOAD = [0x0f, 0x28, 0x05];
const MOVAPS_STORE = [0x0f, 0x29, 0x05];
const MOVUPS_LOAD = [0x0f, 0x10, 0x05];
const MOVUPS_STORE = [0x0f, 0x11, 0x05];
const LDMXCSR = [0x0f, 0xae, 0x15];

function machine(cr4: number = SSE_ON, cr0 = 0): TestCpu {
  const t = new TestCpu().enterProtected();
  t.cpu.state.set(CONTROL.cr4, cr4);
  t.cpu.state.set(CONTROL.cr0, t.cpu.state.cr0 | cr0);
  t.cpu.afterFirmware();
  return t;
}

function setXmm(t: TestCpu, register: number, words: readonly number[]): void {
  for (const [i, word] of words.entries()) t.cpu.state.set(SSE.xmm + register * 16 + i * 4, word);
}
const xmm = (t: TestCpu, register: number): number[] =>
  [0, 4, 8, 12].map((at) => t.cpu.state.get(SSE.xmm + register * 16 + at));
const FLOATS = [0x3f80_0000, 0x4000_0000, 0x4040_0000, 0x4080_0000]; // 1 2 3 4
const BYTES = Array.from({ length: 16 }, (_, i) => 0xa0 + i);
const WORDS = [0xa3a2_a1a0, 0xa7a6_a5a4, 0xabaa_a9a8, 0xafae_adac];

const vectors = (t: TestCpu): number[] => t.delivered.map(({ vector }) => vector);

describe('conditions', () => {
  test.each([
    ['SSE without CR4.OSFXSR is undefined', ADDPS, 0, 0, VECTOR.UD],
    ['SSE with CR0.EM is undefined', ADDPS, SSE_ON, CR0.EM, VECTOR.UD],
    ['SSE with CR0.TS waits for the switch', ADDPS, SSE_ON, CR0.TS, VECTOR.NM],
    ['EM goes before TS', ADDPS, SSE_ON, CR0.EM | CR0.TS, VECTOR.UD],
    ['MMX with CR0.EM is undefined', PADDB_MMX, SSE_ON, CR0.EM, VECTOR.UD],
    ['MMX with CR0.TS waits for the switch', PADDB_MMX, SSE_ON, CR0.TS, VECTOR.NM],
    ['MONITOR is undefined', [0x0f, 0x01, 0xc8], SSE_ON, 0, VECTOR.UD],
  ] as const)('%s', (_name, code, cr4, cr0, vector) => {
    const t = machine(cr4, cr0).program(...code, HLT);

    t.cpu.run(10);

    expect(t.delivered).toEqual([{ vector, errorCode: undefined, rip: CODE }]);
  });

  test.each([
    ['MMX', PADDB_MMX],
    ['CRC32', CRC32],
    ['MOVNTI', [...MOVNTI, ...w32(PAGE)]],
    ['LFENCE', LFENCE],
    ['PREFETCHNTA', [0x0f, 0x18, 0x05, ...w32(0xffff_fff0)]],
  ])('%s needs no CR4.OSFXSR', (_name, code) => {
    const t = machine(0).program(...code, HLT);

    expect(t.cpu.run(10)).toBe('halted');
    expect(t.delivered).toEqual([]);
  });

  test('MOV CR4 turns SSE on', () => {
    // mov eax,OSFXSR; mov cr4,eax; addps
    const t = machine(0).program(0xb8, ...w32(CR4.OSFXSR), 0x0f, 0x22, 0xe0, ...ADDPS, HLT);
    setXmm(t, 0, FLOATS);
    setXmm(t, 1, FLOATS);

    t.cpu.run(10);

    expect(t.delivered).toEqual([]);
    expect(xmm(t, 0)).toEqual([0x4000_0000, 0x4080_0000, 0x40c0_0000, 0x4100_0000]);
  });

  test('CLTS lets the instruction run that faulted', () => {
    const t = machine(SSE_ON, CR0.TS).program(0x0f, 0x06, ...ADDPS, HLT);

    expect(t.cpu.run(10)).toBe('halted');
    expect(t.delivered).toEqual([]);
  });

  test('an x87 exception that waits is reported before MMX changes anything', () => {
    const t = machine(SSE_ON, CR0.NE).program(...PADDB_MMX, HLT);
    t.cpu.state.set(X87.status, 0x3880 | ZE);
    t.cpu.state.set(X87.control, 0x037b);

    t.cpu.run(10);

    expect(vectors(t)).toEqual([VECTOR.MF]);
    expect(t.cpu.state.get(X87.status)).toBe(0x3880 | ZE);
  });
});

describe('exceptions of arithmetic', () => {
  const divide = [0x0f, 0x5e, 0xc1]; // divps xmm0,xmm1
  const unmaskedZe = MXCSR_DEFAULT & ~(ZE << 7);

  test.each([
    ['#XM with CR4.OSXMMEXCPT', SSE_ON, VECTOR.XM],
    ['#UD without', CR4.OSFXSR, VECTOR.UD],
  ] as const)('an unmasked one is %s, sets its flag and leaves the register', (_name, cr4, vector) => {
    const t = machine(cr4).program(...divide, HLT);
    setXmm(t, 0, FLOATS);
    t.cpu.state.set(SSE.mxcsr, unmaskedZe);

    t.cpu.run(10);

    expect(t.delivered).toEqual([{ vector, errorCode: undefined, rip: CODE }]);
    expect(xmm(t, 0)).toEqual(FLOATS);
    expect(t.cpu.state.get(SSE.mxcsr)).toBe(unmaskedZe | ZE);
  });

  test('a flag that was set before raises nothing', () => {
    const t = machine().program(...ADDPS, HLT);
    t.cpu.state.set(SSE.mxcsr, unmaskedZe | ZE);

    t.cpu.run(10);

    expect(t.delivered).toEqual([]);
  });

  test('an unmasked invalid operation keeps Precision of the other elements out', () => {
    const t = machine().program(...ADDPS, HLT);
    const mxcsr = MXCSR_DEFAULT & ~(IE << 7);
    setXmm(t, 0, [0x7f80_0001, 0x3f80_0000, 0, 0]); // a signaling NaN, 1
    setXmm(t, 1, [0, 0x3080_0000, 0, 0]); // 0, 2^-30
    t.cpu.state.set(SSE.mxcsr, mxcsr);

    t.cpu.run(10);

    expect(t.cpu.state.get(SSE.mxcsr)).toBe(mxcsr | IE);
  });

  test('Precision is noted the first time that it happens', () => {
    const t = machine().program(...ADDPS, HLT);
    setXmm(t, 0, FLOATS);
    setXmm(t, 1, [0, 0, 0, 0x3080_0000]); // 4 + 2^-30

    t.cpu.run(10);

    expect(t.cpu.state.get(SSE.mxcsr)).toBe(MXCSR_DEFAULT | PE);
  });

  test('LDMXCSR refuses reserved bits', () => {
    const t = machine()
      .program(...LDMXCSR, ...w32(PAGE), HLT)
      .store32(PAGE, 0x1_1f80);

    t.cpu.run(10);

    expect(t.delivered).toEqual([{ vector: VECTOR.GP, errorCode: 0, rip: CODE }]);
    expect(t.cpu.state.get(SSE.mxcsr)).toBe(MXCSR_DEFAULT);
  });
});

describe('memory', () => {
  test.each([
    ['the first access to a page', 0],
    ['a page that is known', 1],
  ])('a misaligned MOVAPS faults: %s', (_name, before) => {
    const touch = Array.from({ length: before }, () => [...MOVAPS_LOAD, ...w32(PAGE)]).flat();
    const t = machine().program(...touch, ...MOVAPS_LOAD, ...w32(PAGE + 8), HLT);

    t.cpu.run(10);

    expect(t.delivered).toEqual([{ vector: VECTOR.GP, errorCode: 0, rip: CODE + touch.length }]);
  });

  test('alignment is that of the linear address', () => {
    // DS has base 8: offset 8 is aligned, offset 0 is not.
    const t = machine().program(...MOVAPS_LOAD, ...w32(PAGE + 8), ...MOVAPS_LOAD, ...w32(PAGE), HLT);
    t.cpu.state.set(S.segments + 3 * 0x28, 8);
    t.cpu.afterFirmware();

    t.cpu.run(10);

    expect(t.delivered.map(({ rip }) => rip)).toEqual([CODE + 7]);
  });

  test.each([0, 1, 7, 15, 0xff1, 0xff8, 0xfff])(
    'MOVUPS moves 16 bytes at offset %i of a page, known or not',
    (offset) => {
      const t = machine().load(PAGE + offset, ...BYTES);
      const [from, to] = [w32(PAGE + offset), w32(PAGE + 0x8000 + offset)];
      const both = [...MOVUPS_LOAD, ...from, ...MOVUPS_STORE, ...to];
      t.program(...both, ...both, HLT);

      t.cpu.run(10);

      expect(xmm(t, 0)).toEqual(WORDS);
      const written = Array.from({ length: 18 }, (_, i) => t.memory.read(PAGE + 0x8000 + offset - 1 + i, 1));
      expect(written).toEqual([0, ...BYTES, 0]);
    },
  );

  test('a store over code takes effect at once', () => {
    // The store replaces what follows it: sixteen INC EAX instead of NOPs.
    const at = CODE + 16;
    const t = machine().program(...MOVAPS_STORE, ...w32(at), ...Array.from({ length: 25 }, () => 0x90), HLT);
    setXmm(t, 0, [0x4040_4040, 0x4040_4040, 0x4040_4040, 0x4040_4040]);

    t.cpu.run(100);

    expect(t.reg(REG.AX)).toBe(16);
  });

  test('beside code the page is read and written as any other', () => {
    const at = CODE + 0x100;
    const t = machine().load(at, ...BYTES);
    t.program(...MOVAPS_LOAD, ...w32(at), ...MOVAPS_STORE, ...w32(at + 16), ...MOVAPS_STORE, ...w32(at + 32), HLT);

    t.cpu.run(10);

    const written = [16, 32].map((offset) => Array.from({ length: 16 }, (_, i) => t.memory.read(at + offset + i, 1)));
    expect(written).toEqual([BYTES, BYTES]);
  });

  test('MASKMOVDQU writes the chosen bytes only', () => {
    const t = machine().program(0x66, 0x0f, 0xf7, 0xc1, HLT);
    setXmm(t, 0, WORDS);
    setXmm(t, 1, [0x8000_0000, 0, 0, 0x0000_0080]);
    t.cpu.state.setGpr(REG.DI, PAGE + 3);

    t.cpu.run(10);

    const written = Array.from({ length: 16 }, (_, i) => t.memory.read(PAGE + 3 + i, 1));
    expect(written).toEqual([0, 0, 0, 0xa3, 0, 0, 0, 0, 0, 0, 0, 0, 0xac, 0, 0, 0]);
  });
});

describe('state', () => {
  test('a saved machine has XMM registers and MXCSR', () => {
    const saved = machine();
    setXmm(saved, 5, WORDS);
    saved.cpu.state.set(SSE.mxcsr, 0x5fa0);
    const loaded = new TestCpu();

    const from = cpuStateView(saved.memory.bytes.buffer);
    const into = cpuStateView(loaded.memory.bytes.buffer);
    for (const name of Object.keys(from) as (keyof typeof from)[])
      (into[name] as Uint8Array).set(from[name] as Uint8Array);
    loaded.cpu.afterLoad();

    expect(xmm(loaded, 5)).toEqual(WORDS);
    expect(loaded.cpu.state.get(SSE.mxcsr)).toBe(0x5fa0);
  });

  test('CPUID reports MMX, SSE to SSE4.2 and the cache line that CLFLUSH works on', () => {
    const t = machine().program(0x0f, 0xa2, HLT);
    t.cpu.state.setGpr(REG.AX, 1);

    t.cpu.run(10);

    const [mmx, sse, sse2, clflush] = [23, 25, 26, 19].map((bit) => (t.reg(REG.DX) >> bit) & 1);
    const [sse3, ssse3, sse41, sse42] = [0, 9, 19, 20].map((bit) => (t.reg(REG.CX) >> bit) & 1);
    expect([mmx, sse, sse2, clflush, sse3, ssse3, sse41, sse42]).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    expect((t.reg(REG.BX) >> 8) & 0xff).toBe(64 / 8);
  });

  test('a reset machine has the default MXCSR', () => {
    expect(new TestCpu().cpu.state.get(SSE.mxcsr)).toBe(MXCSR_DEFAULT);
  });
});
