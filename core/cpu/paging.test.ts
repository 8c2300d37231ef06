/** Paging as programs see it: SDM volume 3, chapter 4. Protected mode with flat segments; machine code by hand. */
import { describe, expect, test } from 'vitest';
import { CODE, REG, TSS_ESP0, TestCpu, handlerOf, w32 } from './cpu.fixture.ts';
import { CONTROL } from './layout.ts';
import { CR0, CR4 } from './state.ts';

const PF = 14, DF = 8, UD = 6; // prettier-ignore
const INC_AX = 0x40, INC_BX = 0x43, INC_CX = 0x41, RET = 0xc3, HLT = 0xf4, NOP = 0x90; // prettier-ignore
/** Page table entries. */
const P = 1, RW = 2, US = 4, A = 0x20, D = 0x40, PS = 0x80; // prettier-ignore
const ALL = P | RW | US;
/** Page-fault error code. */
const ERROR = { P: 1, W: 2, U: 4, RSVD: 8, ID: 16 } as const;

const DIRECTORY = 0x10_0000, TABLE = 0x10_1000; // prettier-ignore
/** A page that the tests map as they like, and two pages of RAM. */
const PAGE = 0x20_0000, ONE = 0x30_0000, TWO = 0x30_1000; // prettier-ignore
const pte = (linear: number): number => TABLE + (linear >>> 12) * 4;

const LOAD = [0xa1, ...w32(PAGE)]; // MOV EAX,[PAGE]
const STORE = [0xa3, ...w32(PAGE)]; // MOV [PAGE],EAX
const INVLPG = [0x0f, 0x01, 0x3d, ...w32(PAGE)];
const RELOAD_CR3 = [0x0f, 0x20, 0xd9, 0x0f, 0x22, 0xd9]; // MOV ECX,CR3; MOV CR3,ECX
/** MOV dword [address],value */
const store32 = (address: number, value: number): number[] => [0xc7, 0x05, ...w32(address), ...w32(value)];
/** ADD ESP,4; IRETD: back to the instruction that faulted. */
const RETURN = [0x83, 0xc4, 0x04, 0xcf];

interface Paged {
  readonly cpl?: 0 | 3;
  readonly cr0?: number;
  readonly cr4?: number;
}

/** 4 MiB mapped to themselves in pages of 4 KiB, all of them for everyone. */
function paged({ cpl = 0, cr0 = 0, cr4 = 0 }: Paged = {}): TestCpu {
  const t = new TestCpu().enterProtected(cpl);
  t.store32(DIRECTORY, TABLE | ALL);
  for (let page = 0; page < 1024; page++) t.store32(TABLE + page * 4, (page << 12) | ALL);
  return enable(t, DIRECTORY, cr0, cr4);
}

function enable(t: TestCpu, cr3: number, cr0: number, cr4: number): TestCpu {
  const { state, mmu } = t.cpu;
  state.set(CONTROL.cr3, cr3);
  state.set(CONTROL.cr4, cr4);
  state.set(CONTROL.cr0, (state.cr0 | CR0.PG | cr0) >>> 0);
  mmu.flush();
  return t;
}

const cr2 = (t: TestCpu): number => t.cpu.state.get(CONTROL.cr2);

describe('a page fault tells what was tried', () => {
  test.each<[what: string, entry: number, cpl: 0 | 3, program: number[], error: number]>([
    ['a read of a page that is not there', 0, 0, LOAD, 0],
    ['a write to a page that is not there', 0, 0, STORE, ERROR.W],
    ['a read of a page that is not there, at level 3', 0, 3, LOAD, ERROR.U],
    ['a write to a page that is not there, at level 3', 0, 3, STORE, ERROR.U | ERROR.W],
    ['a read of the supervisor’s page at level 3', ONE | P | RW, 3, LOAD, ERROR.P | ERROR.U],
    ['a write to the supervisor’s page at level 3', ONE | P | RW, 3, STORE, ERROR.P | ERROR.U | ERROR.W],
    ['a write to a read-only page at level 3', ONE | P | US, 3, STORE, ERROR.P | ERROR.U | ERROR.W],
    ['a read, modify and write of a read-only page', ONE | P | US, 3, [0xff, 0x05, ...w32(PAGE)], 7],
  ])('%s', (_what, entry, cpl, program, error) => {
    const t = paged({ cpl })
      .store32(pte(PAGE), entry)
      .program(INC_BX, ...program, INC_BX);

    t.cpu.run(20);

    expect(t.delivered).toEqual([{ vector: PF, errorCode: error, rip: CODE + 1 }]);
    expect(cr2(t)).toBe(PAGE);
    expect(t.memory.read(ONE, 4)).toBe(0);
    expect(t.cpu.state.rip).toBe(handlerOf(PF) + 1);
  });

  test('a jump to a page that is not there, with its own address in CR2', () => {
    const t = paged({ cpl: 3 })
      .store32(pte(PAGE), 0)
      .program(0xe9, ...w32(PAGE + 0x10 - CODE - 5));

    t.cpu.run(20);

    expect(t.delivered).toEqual([{ vector: PF, errorCode: ERROR.U, rip: PAGE + 0x10 }]);
    expect(cr2(t)).toBe(PAGE + 0x10);
  });

  test('an instruction whose second page is not there, with the address of that page', () => {
    const t = paged()
      .store32(pte(PAGE), 0)
      .load(PAGE - 1, 0xb8); // MOV EAX,imm32
    t.cpu.state.rip = PAGE - 1;

    t.cpu.run(20);

    expect(t.delivered).toEqual([{ vector: PF, errorCode: 0, rip: PAGE - 1 }]);
    expect(cr2(t)).toBe(PAGE);
  });

  test('a table that is not there counts as a page that is not there', () => {
    const t = paged({ cpl: 3 }).program(0xa1, ...w32(0x40_0123));

    t.cpu.run(20);

    expect(t.delivered.map((d) => [d.vector, d.errorCode])).toEqual([[PF, ERROR.U]]);
    expect(cr2(t)).toBe(0x40_0123);
  });
});

describe('the supervisor and read-only pages', () => {
  test('writes them while CR0.WP is clear', () => {
    const t = paged()
      .store32(pte(PAGE), ONE | P)
      .program(INC_AX, ...STORE, HLT);

    t.cpu.run(20);

    expect(t.delivered).toEqual([]);
    expect(t.memory.read(ONE, 4)).toBe(1);
  });

  test('faults on them while CR0.WP is set, also after a read', () => {
    const t = paged({ cr0: CR0.WP })
      .store32(pte(PAGE), ONE | P)
      .program(...LOAD, ...STORE, HLT);

    t.cpu.run(20);

    expect(t.delivered).toEqual([{ vector: PF, errorCode: ERROR.P | ERROR.W, rip: CODE + 5 }]);
  });
});

describe('after a page fault', () => {
  test('the instruction starts over once the page is there', () => {
    const t = paged()
      .store32(pte(PAGE), 0)
      .load(handlerOf(PF), ...RETURN)
      .load(ONE, 0x11, 0x22, 0x33, 0x44);
    const deliver = t.cpu.onException!;
    t.cpu.onException = (...event) => {
      deliver(...event);
      t.store32(pte(PAGE), ONE | ALL);
    };
    t.program(INC_BX, ...LOAD, INC_BX, HLT);

    t.cpu.run(20);

    expect(t.delivered.map((d) => d.rip)).toEqual([CODE + 1]);
    expect([t.reg(REG.AX), t.reg(REG.BX)]).toEqual([0x44332211, 2]);
  });

  test('a repeated string instruction goes on at the element that faulted', () => {
    const t = paged()
      .store32(pte(PAGE), 0)
      .load(handlerOf(PF), ...RETURN);
    const seen: number[][] = [];
    t.cpu.onException = () => {
      seen.push([REG.CX, REG.DI].map((r) => t.reg(r)));
      t.store32(pte(PAGE), ONE | ALL);
    };
    t.cpu.state.setGpr(REG.CX, 32);
    t.cpu.state.setGpr(REG.DI, PAGE - 16);
    t.cpu.state.setGpr(REG.AX, 0x5a);
    t.program(0xf3, 0xaa, HLT); // REP STOSB

    t.cpu.run(20);

    expect(seen).toEqual([[16, PAGE]]);
    expect([t.reg(REG.CX), t.reg(REG.DI)]).toEqual([0, PAGE + 16]);
    expect([t.memory.read(PAGE - 1, 1), t.memory.read(ONE + 15, 1), t.memory.read(ONE + 16, 1)]).toEqual([
      0x5a, 0x5a, 0,
    ]);
  });

  test('a write across two pages has written neither when the second is not there', () => {
    const t = paged()
      .store32(pte(PAGE), 0)
      .program(0xc7, 0x05, ...w32(PAGE - 2), ...w32(0xffffffff));

    t.cpu.run(20);

    expect(t.delivered.map((d) => d.errorCode)).toEqual([ERROR.W]);
    expect(cr2(t)).toBe(PAGE);
    expect(t.memory.read(PAGE - 2, 2)).toBe(0);
  });

  test('a push that faulted has not moved the stack', () => {
    const t = paged().store32(pte(PAGE), 0);
    t.cpu.state.setGpr(REG.SP, PAGE + 4);
    t.cpu.onException = () => t.store32(pte(PAGE), ONE | ALL);
    t.program(0x50); // PUSH EAX

    t.cpu.run(20);

    // The handler's own frame: error code, EIP, CS, EFLAGS below the old top of the stack.
    expect(t.reg(REG.SP)).toBe(PAGE + 4 - 16);
    expect(cr2(t)).toBe(PAGE);
  });
});

describe('accessed and dirty bits', () => {
  const bits = (t: TestCpu, entry: number): number => t.memory.read(entry, 4) & (A | D);

  test('a read sets accessed in table and directory, a write dirty in the table too', () => {
    const reading = paged()
      .store32(pte(PAGE), ONE | ALL)
      .program(...LOAD, HLT);
    const writing = paged()
      .store32(pte(PAGE), ONE | ALL)
      .program(...STORE, HLT);

    reading.cpu.run(5);
    writing.cpu.run(5);

    expect([bits(reading, pte(PAGE)), bits(reading, DIRECTORY)]).toEqual([A, A]);
    expect([bits(writing, pte(PAGE)), bits(writing, DIRECTORY)]).toEqual([A | D, A]);
  });

  test('a write after a read sets dirty', () => {
    const t = paged()
      .store32(pte(PAGE), ONE | ALL)
      .program(...LOAD, ...STORE, HLT);

    t.cpu.run(5);

    expect(bits(t, pte(PAGE))).toBe(A | D);
  });

  test('a dirty bit that was cleared is set again after INVLPG', () => {
    const t = paged().store32(pte(PAGE), ONE | ALL);
    t.program(...STORE, ...store32(pte(PAGE), ONE | ALL), ...INVLPG, ...STORE, HLT);

    t.cpu.run(8);

    expect(bits(t, pte(PAGE))).toBe(A | D);
  });

  test('an access that faults sets none in the table', () => {
    const t = paged({ cpl: 3 })
      .store32(pte(PAGE), ONE | P | RW)
      .program(...STORE);

    t.cpu.run(5);

    expect(bits(t, pte(PAGE))).toBe(0);
  });

  test('running code marks its page accessed', () => {
    const t = paged().program(NOP, HLT);

    t.cpu.run(5);

    expect(bits(t, pte(CODE))).toBe(A);
  });
});

describe('pages of 4 MiB', () => {
  const LARGE = 0x80_0000;
  const entry = DIRECTORY + (LARGE >>> 22) * 4;

  test('map with CR4.PSE, and keep their dirty bit in the directory', () => {
    const t = paged({ cr4: CR4.PSE })
      .store32(entry, ALL | PS)
      .program(0xc7, 0x05, ...w32(LARGE + ONE), ...w32(7), HLT);

    t.cpu.run(5);

    expect(t.memory.read(ONE, 4)).toBe(7);
    expect(t.memory.read(entry, 4) & (A | D)).toBe(A | D);
  });

  test('are tables while CR4.PSE is clear', () => {
    const t = paged()
      .store32(entry, TABLE | ALL | PS)
      .store32(TABLE, TWO | ALL)
      .load(TWO, 9);
    t.program(0xa1, ...w32(LARGE), HLT);

    t.cpu.run(5);

    expect(t.reg(REG.AX)).toBe(9);
  });

  test('with a reserved bit fault and say so', () => {
    const t = paged({ cr4: CR4.PSE })
      .store32(entry, ALL | PS | 0x20_0000)
      .program(0xa1, ...w32(LARGE));

    t.cpu.run(5);

    expect(t.delivered.map((d) => d.errorCode)).toEqual([ERROR.P | ERROR.RSVD]);
  });
});

describe('a new mapping is seen', () => {
  const remapped = (...refresh: number[]): TestCpu =>
    paged()
      .store32(pte(PAGE), ONE | ALL)
      .store32(ONE, 0x11)
      .store32(TWO, 0x22)
      .program(...LOAD, ...store32(pte(PAGE), TWO | ALL), ...refresh, ...LOAD, HLT);

  test.each([
    ['INVLPG', INVLPG],
    ['a load of CR3', RELOAD_CR3],
  ])('after %s', (_name, refresh) => {
    const t = remapped(...refresh);

    t.cpu.run(20);

    expect(t.reg(REG.AX)).toBe(0x22);
  });

  test('for writes as well', () => {
    const t = paged().store32(pte(PAGE), ONE | ALL);
    t.program(INC_AX, ...STORE, ...store32(pte(PAGE), TWO | ALL), ...INVLPG, INC_AX, ...STORE, HLT);

    t.cpu.run(20);

    expect([t.memory.read(ONE, 4), t.memory.read(TWO, 4)]).toEqual([1, 2]);
  });

  test('by code that has run there before', () => {
    // Two calls to PAGE, with another page behind it in between.
    const t = paged()
      .store32(pte(PAGE), ONE | ALL)
      .load(ONE, INC_BX, RET)
      .load(TWO, INC_CX, RET);
    const call = [0xb8, ...w32(PAGE), 0xff, 0xd0]; // MOV EAX,PAGE; CALL EAX
    t.program(...call, ...call, ...store32(pte(PAGE), TWO | ALL), ...INVLPG, ...call, HLT);

    t.cpu.run(40);

    expect([t.reg(REG.BX), t.reg(REG.CX)]).toEqual([2, 1]);
  });

  test('by a call that has gone there before, and so is a change of what lies there', () => {
    const t = paged()
      .store32(pte(PAGE), ONE | ALL)
      .load(ONE, INC_BX, RET)
      .load(TWO, INC_CX, RET);
    const caller = CODE + 0x80;
    t.load(caller, 0xe8, ...w32(PAGE - caller - 5), RET);
    const call = [0xb8, ...w32(caller), 0xff, 0xd0]; // MOV EAX,caller; CALL EAX
    const change = [0xc6, 0x05, ...w32(TWO), INC_BX]; // MOV byte [TWO],INC EBX
    t.program(...call, ...call, ...store32(pte(PAGE), TWO | ALL), ...INVLPG, ...call, ...change, ...call, HLT);

    t.cpu.run(60);

    expect([t.reg(REG.BX), t.reg(REG.CX)]).toEqual([3, 1]);
  });

  test('by an instruction whose second page moved', () => {
    // MOV ECX,imm32 with its last three bytes in PAGE, run from two different pages behind the same first one.
    const t = paged()
      .store32(pte(PAGE), ONE | ALL)
      .load(PAGE - 2, 0xb9, 0x11);
    t.load(ONE, 0x22, 0x33, 0x44, RET).load(TWO, 0x55, 0x66, 0x77, RET);
    const call = [0xb8, ...w32(PAGE - 2), 0xff, 0xd0, 0x51]; // MOV EAX,PAGE-2; CALL EAX; PUSH ECX
    t.program(...call, ...store32(pte(PAGE), TWO | ALL), ...INVLPG, ...call, HLT);

    t.cpu.run(40);

    expect(t.stack(2)).toEqual([0x77665511, 0x44332211]);
  });

  test('by a write to code through another linear address', () => {
    const t = paged()
      .store32(pte(PAGE), ONE | ALL)
      .load(ONE, INC_BX, RET);
    const call = [0xb8, ...w32(PAGE), 0xff, 0xd0];
    t.program(...call, 0xc6, 0x05, ...w32(ONE), INC_CX, ...call, HLT); // MOV byte [ONE],INC ECX

    t.cpu.run(40);

    expect([t.reg(REG.BX), t.reg(REG.CX)]).toEqual([1, 1]);
  });
});

describe('physical address extension', () => {
  const POINTERS = 0x10_3000, PAE_DIRECTORY = 0x10_4000, PAE_TABLES = 0x10_5000; // prettier-ignore
  const paePte = (linear: number): number => PAE_TABLES + (linear >>> 12) * 8;
  const NX = 0x8000_0000;
  const EFER_NXE = 1 << 11;

  /** 4 MiB mapped to themselves by two tables of 512 entries. */
  function extended(cpl: 0 | 3, efer: number): TestCpu {
    const t = new TestCpu().enterProtected(cpl);
    t.store32(POINTERS, PAE_DIRECTORY | P);
    for (let i = 0; i < 2; i++) t.store32(PAE_DIRECTORY + i * 8, (PAE_TABLES + i * 0x1000) | ALL);
    for (let page = 0; page < 1024; page++) t.store32(PAE_TABLES + page * 8, (page << 12) | ALL);
    t.cpu.state.set(CONTROL.efer, efer);
    return enable(t, POINTERS, 0, CR4.PAE);
  }

  test('maps pages by entries of 64 bits and marks them', () => {
    const t = extended(0, 0)
      .store32(paePte(PAGE), ONE | ALL)
      .program(INC_AX, ...STORE, HLT);

    t.cpu.run(5);

    expect(t.memory.read(ONE, 4)).toBe(1);
    expect(t.memory.read(paePte(PAGE), 4) & (A | D)).toBe(A | D);
  });

  test('maps pages of 2 MiB', () => {
    const t = extended(0, 0)
      .store32(PAE_DIRECTORY + 8, ALL | PS)
      .store32(0x1234, 77);
    t.program(0xa1, ...w32(0x20_1234), HLT);

    t.cpu.run(5);

    expect(t.reg(REG.AX)).toBe(77);
  });

  test.each<[cpl: 0 | 3, error: number]>([
    [0, ERROR.P | ERROR.ID],
    [3, ERROR.P | ERROR.ID | ERROR.U],
  ])('does not execute a page that forbids it, at level %i', (cpl, error) => {
    const t = extended(cpl, EFER_NXE)
      .store32(paePte(PAGE) + 4, NX)
      .load(PAGE, INC_AX);
    t.program(...LOAD, 0xe9, ...w32(PAGE - CODE - 10));

    t.cpu.run(5);

    expect(t.delivered).toEqual([{ vector: PF, errorCode: error, rip: PAGE }]);
    expect(t.reg(REG.AX)).toBe(INC_AX);
  });

  test('tells a fetch from a read also where nothing is', () => {
    const t = extended(0, EFER_NXE)
      .store32(paePte(PAGE), 0)
      .program(0xe9, ...w32(PAGE - CODE - 5));

    t.cpu.run(5);

    expect(t.delivered.map((d) => d.errorCode)).toEqual([ERROR.ID]);
  });

  test('takes the bit as reserved while EFER.NXE is clear', () => {
    const t = extended(0, 0)
      .store32(paePte(PAGE) + 4, NX)
      .program(...LOAD);

    t.cpu.run(5);

    expect(t.delivered.map((d) => d.errorCode)).toEqual([ERROR.P | ERROR.RSVD]);
  });
});

describe('faults upon page faults', () => {
  test('a page fault while one is delivered is a double fault', () => {
    const t = paged({ cpl: 3 })
      .store32(pte(PAGE), 0)
      .program(...LOAD);
    t.store32(TSS_ESP0, PAGE + 0x100); // ESP of level 0, in a page that is not there
    const shadow: number[] = [];
    const deliver = t.cpu.onException!;
    t.cpu.onException = (vector, source, errorCode) => {
      deliver(vector, source, errorCode);
      if (vector === DF) t.store32(pte(PAGE), ONE | ALL);
      shadow.push(cr2(t));
    };

    t.cpu.run(5);

    expect(t.delivered.map((d) => [d.vector, d.errorCode])).toEqual([
      [PF, ERROR.U],
      [DF, 0],
    ]);
    expect(shadow).toEqual([PAGE, PAGE + 0x100 - 4]);
    expect(t.cpu.state.rip).toBe(handlerOf(DF) + 1);
  });

  test('no stack for the double fault either shuts the processor down', () => {
    const t = paged({ cpl: 3 })
      .store32(pte(PAGE), 0)
      .store32(TSS_ESP0, PAGE + 0x100)
      .program(...LOAD);

    expect(t.cpu.run(5)).toBe('shutdown');
  });

  test('a page fault while a benign exception is delivered is a page fault', () => {
    const t = paged({ cpl: 3 })
      .store32(pte(PAGE), 0)
      .store32(TSS_ESP0, PAGE + 0x100)
      .program(0x0f, 0x0b); // UD2
    const deliver = t.cpu.onException!;
    t.cpu.onException = (vector, source, errorCode) => {
      deliver(vector, source, errorCode);
      if (vector === PF) t.store32(pte(PAGE), ONE | ALL);
    };

    t.cpu.run(5);

    expect(t.delivered.map((d) => [d.vector, d.errorCode])).toEqual([
      [UD, undefined],
      [PF, ERROR.W],
    ]);
  });
});

test('A20 masks the physical address, and a change of it is seen at once', () => {
  const t = new TestCpu()
    .enterProtected()
    .store32(ONE, 0xbb)
    .store32(ONE & ~0x10_0000, 0xaa);
  t.program(0xa1, ...w32(ONE), 0xeb, 0xf9); // L: MOV EAX,[ONE]; JMP L

  const seen = [true, false, true].map((enabled) => {
    t.cpu.setA20(enabled);
    t.step(2);
    return t.reg(REG.AX);
  });

  expect(seen).toEqual([0xbb, 0xaa, 0xbb]);
});
