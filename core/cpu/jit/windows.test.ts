/** Accesses that share a look-up: what is known of where they lie, and pages that lie apart. */
import { describe, expect, test } from 'vitest';
import { CODE, REG, TestCpu } from '../cpu.fixture.ts';
import { CONTROL } from '../layout.ts';
import { CR0 } from '../state.ts';
import type { BlockEffects } from './effects.ts';
import { HOT } from './regions.ts';
import { Survey, Windows, type Stage } from './windows.ts';

const LOCALS = [10, 11];
const BASE = 0;
const OTHER = 1;

type Emission = (w: Windows, access: (offset: number, write?: boolean, register?: number) => void) => void;

const NOTHING: BlockEffects = { writes: 0, moves: false };

/** The same emission for each stage, as regions do it; gives what the last one's accesses came to. */
function emit(code: Emission, effects: readonly BlockEffects[] = [NOTHING, NOTHING]) {
  const survey = new Survey(effects);
  let seen: string[] = [];
  for (const stage of ['accesses', 'code'] satisfies Stage[]) {
    seen = [];
    const windows = new Windows(survey, stage, LOCALS, 2);
    code(windows, (offset, write = false, register = BASE) => {
      const { root, offset: from } = windows.register(register);
      const use = windows.use({ root, offset: from + offset }, 4, write);
      seen.push(
        !use ? 'alone' : `${use.opens ? 'opens' : 'in'} ${use.window.from}..${use.window.to} of ${use.window.host}`,
      );
    });
  }
  return seen;
}

describe('what accesses share', () => {
  test('the first opens a window for all that follow by the same register, wherever it has moved to', () => {
    const seen = emit((w, access) => {
      access(4, true);
      w.setRegister(BASE, { ...w.register(BASE), offset: w.register(BASE).offset - 8 });
      access(0);
      access(16);
    });
    expect(seen).toEqual(['opens -8..12 of 10', 'in -8..12 of 10', 'in -8..12 of 10']);
  });

  test('one on its own, and one too far away, look for themselves', () => {
    const seen = emit((w, access) => {
      access(0, false, OTHER);
      access(0);
      access(8);
      access(4000);
    });
    expect(seen).toEqual(['alone', 'opens 0..12 of 10', 'in 0..12 of 10', 'alone']);
  });

  test('a write does not go through a window that a read opened', () => {
    const seen = emit((w, access) => {
      access(0);
      access(4, true);
      access(8);
      access(0, true);
    });
    expect(seen).toEqual(['opens 0..12 of 10', 'opens 0..12 of 11', 'in 0..12 of 10', 'in 0..12 of 11']);
  });

  test('nothing is known of a register whose value is not', () => {
    const seen = emit((w, access) => {
      access(0);
      access(4);
      w.setRegister(BASE, undefined);
      access(0);
      access(4);
    });
    expect(seen).toEqual(['opens 0..8 of 10', 'in 0..8 of 10', 'opens 0..8 of 11', 'in 0..8 of 11']);
  });

  test('what may move pages closes windows', () => {
    const seen = emit((w, access) => {
      access(0);
      access(4);
      w.close();
      access(0);
    });
    expect(seen).toEqual(['opens 0..8 of 10', 'in 0..8 of 10', 'alone']);
  });
});

describe('where paths meet', () => {
  /** Block 0 branches to 1, which comes to 2 as well. */
  const diamond = (between: Emission, effects: Partial<BlockEffects>) =>
    emit(
      (w, access) => {
        access(0);
        w.end(0);
        w.aside(() => {
          between(w, access);
          w.end(1);
        });
        w.end(0);
        w.meet(0, [1]);
        access(4);
      },
      [NOTHING, { ...NOTHING, ...effects }],
    );

  test('a window lasts, and its local is nobody else’s between', () => {
    const seen = diamond(
      (w, access) => {
        for (const distance of [100, 200]) {
          w.setRegister(OTHER, undefined);
          access(distance, false, OTHER);
          access(distance + 4, false, OTHER);
        }
      },
      { writes: 1 << OTHER },
    );
    expect(seen[0]).toBe('opens 0..8 of 10');
    expect(seen.slice(1, 5).filter((use) => use.endsWith('of 10'))).toEqual([]);
    expect(seen[5]).toBe('in 0..8 of 10');
  });

  test('a register that a path writes is not known', () => {
    expect(diamond((w) => w.setRegister(BASE, undefined), { writes: 1 << BASE })).toEqual(['alone', 'alone']);
  });

  test('a window that a path closes is closed', () => {
    expect(diamond((w) => w.close(), { moves: true })).toEqual(['opens 0..8 of 10', 'alone']);
  });

  test('a loop forgets the registers that its blocks write, before they do', () => {
    const seen = emit(
      (w, access) => {
        access(0);
        access(0, false, OTHER);
        w.again([1]);
        access(4);
        access(4, false, OTHER);
        w.setRegister(OTHER, undefined);
        access(4);
      },
      [NOTHING, { writes: 1 << OTHER, moves: false }],
    );
    expect(seen).toEqual(['opens 0..8 of 10', 'alone', 'in 0..8 of 10', 'alone', 'in 0..8 of 10']);
  });

  test('of two ways, what both know is known', () => {
    const seen = emit((w, access) => {
      const { way, join } = w.fork();
      way(() => {
        access(0);
        access(4);
      });
      join(true);
      access(0);
      access(4);
    });
    expect(seen).toEqual(['opens 0..8 of 10', 'in 0..8 of 10', 'opens 0..8 of 10', 'in 0..8 of 10']);
  });
});

describe('a structure across a page’s end', () => {
  const DIRECTORY = 0x10_0000, TABLE = 0x10_1000, PAGE = 0x20_0000, ONE = 0x30_0000, FAR = 0x30_8000; // prettier-ignore
  const PRESENT_WRITABLE = 3;
  const MOV_EAX_ESI = [0x8b, 0x06], ADD_EAX_ESI4 = [0x03, 0x46, 0x04], MOV_ESI8_EAX = [0x89, 0x46, 0x08]; // prettier-ignore
  const DEC_ECX = 0x49, JNZ = 0x75, HLT = 0xf4; // prettier-ignore
  const ROUNDS = 100 * HOT;

  test.each([
    ['that lie side by side', ONE + 0x1000, 1],
    ['that lie apart: compiled again, without windows', FAR, 2],
  ])('pages %s', (_, second, compiled) => {
    const t = new TestCpu({ jit: 'auto' }).enterProtected();
    t.store32(DIRECTORY, TABLE | PRESENT_WRITABLE);
    for (let page = 0; page < 1024; page++) t.store32(TABLE + page * 4, (page << 12) | PRESENT_WRITABLE);
    t.store32(TABLE + (PAGE >>> 12) * 4, ONE | PRESENT_WRITABLE);
    t.store32(TABLE + (PAGE >>> 12) * 4 + 4, second | PRESENT_WRITABLE);
    const { state, mmu } = t.cpu;
    state.set(CONTROL.cr3, DIRECTORY);
    state.set(CONTROL.cr0, (state.cr0 | CR0.PG) >>> 0);
    mmu.flush();
    t.store32(ONE + 0xffc, 40)
      .store32(second, 2)
      .store32(second + 4, 0);
    t.program(...MOV_EAX_ESI, ...ADD_EAX_ESI4, ...MOV_ESI8_EAX, DEC_ECX, JNZ, 0xf5, HLT);
    state.setGpr(REG.SI, PAGE + 0xffc);
    state.setGpr(REG.CX, ROUNDS);
    state.rip = CODE;

    while (t.cpu.run(1000) !== 'halted');

    expect([t.reg(REG.AX), t.memory.read(second + 4, 4), t.reg(REG.CX)]).toEqual([42, 42, 0]);
    expect(t.cpu.regions.compiled).toBe(compiled);
    // What is in the TLB is not looked up again, however often a window opens.
    expect(mmu.counts.tlbFills).toBeLessThan(HOT);
  });
});
