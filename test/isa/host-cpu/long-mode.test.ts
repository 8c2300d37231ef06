/** The re-encoder for hosts whose kernel runs no 32-bit programs, and the choice of what a case is compared with. */
import { describe, expect, it } from 'vitest';
import { decode, newInstruction } from '../../../core/isa/index.ts';
import { hexBytes } from '../cpu-under-test.ts';
import { correctQemu } from './differences.ts';
import { allForms } from './forms.ts';
import { makeCase } from './generator.ts';
import { fromLongMode, toLongMode } from './long-mode.ts';
import { whyNo32BitPrograms } from './native.ts';
import { CODE, type HostCase, type HostResult } from './stream.ts';
import { HostRuns, planFor, why64Bit } from './truth.ts';

const NO_PATCH = { offset: 0, bytes: [] };
const REGS = [0x11110001, 0x22220002, 0x33330003, 0x44449000, 0x9100, 0x9200, 0x55550010, 0x9400];

const caseOf = (...code: number[]): HostCase => ({ regs: REGS, eflags: 0x202, code, patch: NO_PATCH });
const reencoded = (...code: number[]): string | undefined => {
  const longMode = toLongMode(caseOf(...code));
  return longMode && hexBytes(longMode.code);
};

describe('re-encoding for 64-bit mode', () => {
  it('keeps 32-bit addresses by an address-size prefix', () => {
    expect(reencoded(0x8b, 0x44, 0x8b, 0x10)).toBe('67 8B 44 8B 10');
    expect(reencoded(0xa1, 0x00, 0x90, 0, 0)).toBe('67 A1 00 90 00 00');
    expect(reencoded(0xf3, 0xa4)).toBe('67 F3 A4');
    expect(reencoded(0xe2, 0x40)).toBe('67 E2 40');
  });

  it('gives an absolute address the form that is not relative to RIP', () => {
    expect(reencoded(0x8b, 0x0d, 0x00, 0x90, 0, 0)).toBe('67 8B 0C 25 00 90 00 00');
  });

  it('works out a 16-bit address from the registers of the case', () => {
    // [BX+SI-1]: 9000h + 10h - 1
    expect(reencoded(0x67, 0x80, 0x40, 0xff, 0x7f)).toBe('67 80 04 25 0F 90 00 00 7F');
    // not known after another instruction
    expect(reencoded(0x43, 0x67, 0x80, 0x40, 0xff, 0x7f)).toBeUndefined();
  });

  it('leaves register operands alone', () => {
    expect(reencoded(0x66, 0x01, 0xd8)).toBe('66 01 D8');
  });

  it('has the long form of INC and DEC, and 80h for 82h', () => {
    expect(reencoded(0x43)).toBe('FF C3');
    expect(reencoded(0x66, 0x4f)).toBe('66 FF CF');
    expect(reencoded(0x82, 0xc1, 0x05)).toBe('80 C1 05');
  });

  it('keeps the end of the code, and with it the targets of jumps, in place', () => {
    const longMode = toLongMode(caseOf(0x43, 0x74, 0x40))!;

    expect(hexBytes(longMode.code)).toBe('FF C3 74 40');
    expect(longMode.start).toBe(CODE - 1);
  });

  it('re-aims a jump to an instruction of the case', () => {
    // DEC EBX; JNZ back to it
    expect(reencoded(0x4b, 0x75, 0xfd)).toBe('FF CB 75 FC');
  });

  it('knows what has no counterpart', () => {
    const without = [
      [0x37], // AAA
      [0x50], // PUSH EAX
      [0xc3], // RET
      [0xe8, 0, 1, 0, 0], // CALL
      [0x60], // PUSHA
      [0x63, 0xc8], // ARPL
      [0x67, 0xa4], // MOVSB with SI, DI
      [0x67, 0x8d, 0x07], // LEA EAX,[BX]: the address is the result
      [0x66, 0x75, 0x10], // JNZ with a 16-bit instruction pointer
      [0xff, 0x23], // JMP [EBX]
    ];
    for (const code of without) expect(reencoded(...code), hexBytes(code)).toBeUndefined();
  });

  it('leaves an instruction that means the same: every form of the tables', () => {
    const insn = newInstruction();
    let count = 0;
    for (const [i, form] of allForms().entries()) {
      const hostCase = makeCase(form, i);
      const longMode = toLongMode(hostCase);
      const bytes = longMode && Uint8Array.from(longMode.code);
      // with a LOCK that is not allowed there is nothing to decode
      if (!bytes || decode(Uint8Array.from(hostCase.code), 0, hostCase.code.length, 32, insn) !== 'ok') continue;
      const { reg, operandSize } = insn;
      const { mnemonic } = insn.row;
      count++;

      expect(decode(bytes, 0, bytes.length, 64, insn), form.name).toBe('ok');

      expect([insn.row.mnemonic, insn.length], form.name).toEqual([mnemonic, bytes.length]);
      if (form.memory) expect([insn.addressSize, insn.reg], form.name).toEqual([4, reg]);
      if (form.row.size64 === '') expect(insn.operandSize, form.name).toBe(operandSize);
    }
    expect(count).toBeGreaterThan(1_000);
  });

  it('translates instruction pointers and the FPU opcode back', () => {
    const longMode = toLongMode(caseOf(0xd8, 0x05, 0x00, 0x90, 0, 0))!; // FADD dword [9000h]
    const fpu = new Uint8Array(108);
    new DataView(fpu.buffer).setUint32(12, longMode.start, true);
    fpu[18] = 0x04;
    const end = longMode.start + longMode.code.length;
    const result: HostResult = {
      vector: undefined, errorCode: 0, regs: REGS, eip: end, eflags: 0x202, changes: [], fpu,
    }; // prettier-ignore

    const translated = fromLongMode(result, longMode);

    expect(translated.eip).toBe(CODE + 6);
    expect(new DataView(translated.fpu!.buffer).getUint32(12, true)).toBe(CODE);
    expect(translated.fpu![18]).toBe(0x05);
  });
});

describe('what a case is compared with', () => {
  it('is the processor in 32-bit mode wherever the kernel runs 32-bit programs', () => {
    for (const code of [[0x43], [0x37], [0x50]]) expect(planFor(caseOf(...code), true).truth).toBe('processor32');
  });

  it('is otherwise the processor in 64-bit mode, or QEMU', () => {
    expect(planFor(caseOf(0x43), false).truth).toBe('processor64');
    expect(planFor(caseOf(0x37), false).truth).toBe('qemu');
    expect(planFor(caseOf(0x43, 0x37), false).truth).toBe('qemu');
  });

  it('follows from what the kernel does with the 32-bit program', () => {
    expect(why64Bit()).toBe(whyNo32BitPrograms());
  });

  it('may differ within a run, whose patches every case finds', () => {
    const load = (opcode: number): number[] => [opcode, 0x35, 0x00, 0x90, 0, 0];
    const first = { ...caseOf(...load(0x8b)), patch: { offset: 0x1000, bytes: [1, 2, 3, 4] } };
    const second = caseOf(0xff, ...load(0).slice(1)); // PUSH [9000h]

    const run = new HostRuns(1, () => ({ image: new Uint8Array(0x2000), cases: [first, second] })).run(0);

    expect(run.results[0].regs[6]).toBe(0x04030201);
    expect(run.results[1].regs[4]).toBe(REGS[4] - 4);
    expect(run.results[1].changes).toEqual([[0x10fc, 1], [0x10fd, 2], [0x10fe, 3], [0x10ff, 4]]); // prettier-ignore
  });

  it('is the manual where QEMU takes a LOCK that it should not', () => {
    const executed: HostResult = {
      vector: undefined, errorCode: 0, regs: REGS, eip: CODE + 4, eflags: 2, changes: [[0, 1]],
    }; // prettier-ignore

    expect(correctQemu(caseOf(0x67, 0xf0, 0x8d, 0x07), executed)).toMatchObject({ vector: 6, eip: CODE, changes: [] });
    expect(correctQemu(caseOf(0x68, 0xf0, 0, 0, 0), executed)).toBe(executed);
  });
});
