import { describe, expect, test } from 'vitest';
import { decode, newInstruction } from '../../isa/index.ts';
import { CODE, REG, TestCpu } from '../cpu.fixture.ts';
import { definitionOf } from '../insn/index.ts';
import { CONTROL, MODE } from '../layout.ts';
import { CR0, CR4 } from '../state.ts';
import { compiledHandlers, encodeCommonHandlers } from './common-handlers.ts';
import { formKey, formOf, formOfKey } from './form.ts';

test.each([
  ['ADD EAX,[EBX+ECX*4]', [0x03, 0x04, 0x8b]],
  ['MOV FS:[EDI],AX', [0x64, 0x66, 0x89, 0x07]],
  ['MOV SS,[EAX]', [0x8e, 0x10]],
  ['MOV DS,AX', [0x8e, 0xd8]],
  ['LSS ESP,[EAX]', [0x0f, 0xb2, 0x20]],
  ['REP MOVSD', [0xf3, 0xa5]],
  ['JNZ $+10h', [0x75, 0x0e]],
  ['FLD QWORD [ESI+8]', [0xdd, 0x46, 0x08]],
  ['PSHUFB XMM1,[ESP]', [0x66, 0x0f, 0x38, 0x00, 0x0c, 0x24]],
  ['IN AL,DX', [0xec]],
])('the form of %s is made again from its key', (_, bytes) => {
  const insn = newInstruction();
  for (const mode of [MODE.CODE32 | MODE.FLAT | MODE.STACK32, MODE.CODE32, MODE.REAL])
    for (const near of [false, true]) {
      decode(Uint8Array.from(bytes), 0, bytes.length, 32, insn);
      const def = definitionOf(insn.row)!;

      const again = formOfKey(def, insn.row, formKey(insn, mode, near, !near));

      expect(again).toEqual(formOf(def, insn, mode, near, !near));
    }
});

test('the forms that most systems need are of rows that there are, each once', () => {
  const { forms } = encodeCommonHandlers();

  const pairs = new Set(Array.from({ length: forms.length / 2 }, (_, i) => `${forms[2 * i]} ${forms[2 * i + 1]}`));
  expect(pairs.size).toBe(forms.length / 2);
  expect(pairs.size).toBeGreaterThan(1000);
});

describe('a handler of instructions in a row', () => {
  const encoded = encodeCommonHandlers();
  const commonHandlers = compiledHandlers(encoded);
  const STORE_ESI_EAX = [0x89, 0x06], LOAD_EBX_ESI = [0x8b, 0x1e], LOAD_ECX_EDI = [0x8b, 0x0f], HLT = 0xf4; // prettier-ignore
  const DATA = 0x9000;
  /** The first 4 MiB, mapped to themselves. */
  const LARGE_PAGE = 0x83;

  function withProgram(...bytes: number[]): TestCpu {
    const t = new TestCpu({ commonHandlers }).enterProtected().program(...bytes);
    t.store32(DATA, 0x1234_5678);
    t.cpu.state.setGpr(REG.DI, DATA);
    return t;
  }

  test('is there for what these tests run', () => {
    const insn = newInstruction();
    const keys = [STORE_ESI_EAX, LOAD_EBX_ESI, LOAD_ECX_EDI].flatMap((bytes) => {
      decode(Uint8Array.from(bytes), 0, bytes.length, 32, insn);
      return [insn.row.id, formKey(insn, MODE.CODE32 | MODE.FLAT | MODE.STACK32, false, true)];
    });

    expect(encoded.sequences.join()).toContain(`,2,${keys.slice(0, 4).join()},`);
    expect(encoded.sequences.join()).toContain(`,2,${keys.slice(2).join()},`);
  });

  test('comes back before the next instruction when a device kicks', () => {
    const t = withProgram(...STORE_ESI_EAX, ...LOAD_EBX_ESI, ...LOAD_ECX_EDI, HLT);
    t.cpu.state.setGpr(REG.SI, 0xa0000);
    const kick = (): number => {
      t.cpu.kick();
      return 7;
    };
    t.memory.mapMmio({ base: 0xa0000, size: 0x1000, device: { mmioRead: kick, mmioWrite: kick } });

    const stops = Array.from({ length: 3 }, () => [t.cpu.run(10), t.cpu.state.rip - CODE, t.cpu.retired]);

    expect(stops).toEqual([['kicked', 2, 1], ['kicked', 4, 2], ['halted', 7, 4]]); // prettier-ignore
    expect([t.reg(REG.BX), t.reg(REG.CX)]).toEqual([7, 0x1234_5678]);
  });

  test('goes on with what an instruction of it made of the next', () => {
    const again = [0x8b, 0x5f, 0x04, 0x90]; // MOV EBX,[EDI+4]; NOP
    const t = withProgram(...STORE_ESI_EAX, ...LOAD_EBX_ESI, 0x90, 0x90, HLT).store32(DATA + 4, 5);
    t.cpu.state.setGpr(REG.SI, CODE + 2);
    t.cpu.state.setGpr(REG.AX, Buffer.from(again).readUInt32LE());

    expect(t.cpu.run(100)).toBe('halted');

    expect(t.reg(REG.BX)).toBe(5);
  });

  test('faults at the instruction that faults, with those before it done', () => {
    const t = withProgram(...LOAD_EBX_ESI, ...LOAD_ECX_EDI, HLT).store32(0x10_0000, LARGE_PAGE);
    const { state, mmu } = t.cpu;
    state.set(CONTROL.cr3, 0x10_0000);
    state.set(CONTROL.cr4, CR4.PSE);
    state.set(CONTROL.cr0, (state.cr0 | CR0.PG) >>> 0);
    mmu.flush();
    state.setGpr(REG.SI, DATA);
    state.setGpr(REG.DI, 0x50_0000);

    t.cpu.run(100);

    expect(t.delivered).toMatchObject([{ vector: 14, rip: CODE + 2 }]);
    expect(t.reg(REG.BX)).toBe(0x1234_5678);
  });
});
