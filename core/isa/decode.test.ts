import { describe, expect, it } from 'vitest';
import { REP, SEG, decode, newInstruction, rows } from './index.ts';
import type { CodeSize, DecodeStatus, Instruction } from './index.ts';
import { encodings } from './opcode-map.ts';
import type { Encoding } from './row-text.ts';

const CODE_SIZES: readonly CodeSize[] = [16, 32, 64];

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

function decoded(hex: string, codeSize: CodeSize): Instruction {
  const bytes = bytesOf(hex),
    insn = newInstruction();
  expect(decode(bytes, 0, bytes.length, codeSize, insn)).toBe('ok');
  expect(insn.length).toBe(bytes.length);
  return insn;
}

function statusOf(hex: string, codeSize: CodeSize): DecodeStatus {
  const bytes = bytesOf(hex);
  return decode(bytes, 0, bytes.length, codeSize, newInstruction());
}

/** Numerical Recipes' linear congruential generator: the same bytes in every run. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('decode', () => {
  it('takes operand and address size from the code size and their prefixes', () => {
    const sizes = (hex: string, codeSize: CodeSize): number[] => {
      const { operandSize, addressSize } = decoded(hex, codeSize);
      return [operandSize, addressSize];
    };

    expect(sizes('8907', 16)).toEqual([2, 2]);
    expect(sizes('6667 8907', 16)).toEqual([4, 4]);
    expect(sizes('8907', 32)).toEqual([4, 4]);
    expect(sizes('6667 8907', 32)).toEqual([2, 2]);
    expect(sizes('8907', 64)).toEqual([4, 8]);
    expect(sizes('6667 8907', 64)).toEqual([2, 4]);
    expect(sizes('66 48 8907', 64)).toEqual([8, 8]);
  });

  it('gives stack instructions 64 bits in 64-bit mode unless 66 makes them 16', () => {
    expect(decoded('50', 64).operandSize).toBe(8);
    expect(decoded('66 50', 64).operandSize).toBe(2);
    expect(decoded('50', 32).operandSize).toBe(4);
  });

  it('keeps near branches at 64 bits in 64-bit mode even with 66', () => {
    const insn = decoded('66 E8 FCFFFFFF', 64);

    expect(insn.operandSize).toBe(8);
    expect(insn.imm).toBe(-4);
  });

  it('ignores a REX prefix that does not stand right before the opcode', () => {
    const insn = decoded('48 66 01 C8', 64);

    expect(insn.operandSize).toBe(2);
    expect(insn.hasRex).toBe(false);
  });

  it('extends general and XMM registers by REX, segment and MMX registers not', () => {
    expect(decoded('45 01 C8', 64)).toMatchObject({ reg: 9, rm: 8 });
    expect(decoded('45 0F 58 C8', 64)).toMatchObject({ reg: 9, rm: 8 });
    expect(decoded('45 0F FC C8', 64)).toMatchObject({ reg: 1, rm: 0 });
    expect(decoded('44 8E D8', 64)).toMatchObject({ reg: SEG.DS, rm: 0 });
    expect(decoded('41 50', 64).opcodeReg).toBe(8);
  });

  it('overwrites the fields that an earlier instruction set', () => {
    const insn = newInstruction(),
      first = bytesOf('F0 64 81 84 88 78563412 F0DEBC9A'),
      second = bytesOf('90');
    decode(first, 0, first.length, 32, insn);
    decode(second, 0, second.length, 32, insn);

    expect(insn).toEqual(decoded('90', 32));
  });

  it('decodes from an offset and stops at the end it is given', () => {
    const bytes = bytesOf('90 90 B8 01000000'),
      insn = newInstruction();

    expect(decode(bytes, 2, bytes.length, 32, insn)).toBe('ok');
    expect(insn.imm).toBe(1);
    expect(decode(bytes, 2, bytes.length - 1, 32, insn)).toBe('need-more');
    expect(decode(bytes, 2, 2, 32, insn)).toBe('need-more');
  });

  it('sign-extends immediates to 64 bits where the row says so and zero-extends the others', () => {
    expect(decoded('48 83 C0 FF', 64)).toMatchObject({ imm: -1, immHigh: -1 });
    expect(decoded('48 81 C0 00000080', 64)).toMatchObject({ imm: -0x80000000, immHigh: -1 });
    expect(decoded('66 81 C0 0080', 32)).toMatchObject({ imm: -0x8000, immHigh: -1 });
    expect(decoded('B8 FFFFFFFF', 64)).toMatchObject({ imm: -1, immHigh: 0 });
    expect(decoded('B0 FF', 64)).toMatchObject({ imm: 0xff, immHigh: 0 });
    expect(decoded('48 B8 8877665544332211', 64)).toMatchObject({ imm: 0x55667788, immHigh: 0x11223344 });
  });

  it('puts the selector of a far pointer and the level of ENTER into the second immediate', () => {
    expect(decoded('EA 78563412 BC9A', 32)).toMatchObject({ imm: 0x12345678, imm2: 0x9abc });
    expect(decoded('EA 3412 BC9A', 16)).toMatchObject({ imm: 0x1234, imm2: 0x9abc });
    expect(decoded('C8 3412 1F', 32)).toMatchObject({ imm: 0x1234, imm2: 0x1f });
  });

  it('reads memory offsets of address size without a sign', () => {
    expect(decoded('A0 F0FF', 16)).toMatchObject({ disp: 0xfff0, dispHigh: 0, hasMemory: true });
    expect(decoded('A0 F0FFFFFF', 32)).toMatchObject({ disp: 0xfffffff0, dispHigh: 0 });
    expect(decoded('A0 F0FFFFFF F1FFFFFF', 64)).toMatchObject({ disp: 0xfffffff0, dispHigh: 0xfffffff1 });
  });

  it('addresses relative to the instruction pointer in 64-bit mode only', () => {
    expect(decoded('8B 05 10000000', 64)).toMatchObject({ base: 16, disp: 16 });
    expect(decoded('8B 05 10000000', 32)).toMatchObject({ base: -1, disp: 16 });
    expect(decoded('8B 04 25 10000000', 64)).toMatchObject({ base: -1, index: -1, disp: 16 });
  });

  it('defaults to SS where rSP or rBP is the base, and to DS for R12 and R13', () => {
    expect(decoded('8B 45 00', 32).segment).toBe(SEG.SS);
    expect(decoded('8B 04 24', 32).segment).toBe(SEG.SS);
    expect(decoded('8B 46 00', 16).segment).toBe(SEG.SS);
    expect(decoded('41 8B 45 00', 64).segment).toBe(SEG.DS);
    expect(decoded('8B 04 68', 32).segment).toBe(SEG.DS);
  });

  it('lets overrides change the source of string instructions and never the destination', () => {
    expect(decoded('26 A4', 32)).toMatchObject({ segment: SEG.ES, segmentOverride: SEG.ES });
    expect(decoded('A4', 32)).toMatchObject({ segment: SEG.DS, hasMemory: true });
    expect(decoded('64 AA', 32)).toMatchObject({ segment: SEG.ES, segmentOverride: SEG.FS });
  });

  it('obeys FS and GS alone in 64-bit mode', () => {
    expect(decoded('2E 8B 45 00', 64).segment).toBe(SEG.SS);
    expect(decoded('64 8B 45 00', 64).segment).toBe(SEG.FS);
    expect(decoded('64 2E 8B 45 00', 64).segment).toBe(SEG.FS);
  });

  it('reports the last of F2 and F3, and picks mandatory-prefix rows by it before 66', () => {
    expect(decoded('F2 F3 A4', 32).rep).toBe(REP.REPE);
    expect(decoded('F3 F2 A6', 32).rep).toBe(REP.REPNE);
    expect(decoded('66 F3 0F 10 C1', 32).row.mnemonic).toBe('MOVSS');
    expect(decoded('F3 66 F2 0F 10 C1', 32).row.mnemonic).toBe('MOVSD');
    expect(decoded('66 0F 10 C1', 32).row.mnemonic).toBe('MOVUPD');
  });

  it('allows LOCK on lockable instructions with a memory destination alone', () => {
    expect(decoded('F0 01 00', 32).lock).toBe(true);
    expect(statusOf('F0 01 C0', 32)).toBe('invalid');
    expect(statusOf('F0 03 00', 32)).toBe('invalid');
    expect(statusOf('F0 38 00', 32)).toBe('invalid');
    expect(statusOf('F0 90', 32)).toBe('invalid');
    expect(decoded('F0 0F C7 08', 32).row.mnemonic).toBe('CMPXCHG8B');
  });

  it('rejects MOV to CS and from segment registers that do not exist', () => {
    expect(statusOf('8E C8', 32)).toBe('invalid');
    expect(statusOf('8C F0', 32)).toBe('invalid');
    expect(statusOf('8C C8', 32)).toBe('ok');
  });

  it('knows the control registers 0, 2, 3, 4 and 8, and ignores the mod field of their moves', () => {
    expect(statusOf('0F 20 C8', 32)).toBe('invalid');
    expect(decoded('44 0F 20 C0', 64).reg).toBe(8);
    expect(statusOf('44 0F 20 D0', 64)).toBe('invalid');
    expect(statusOf('44 0F 21 C0', 64)).toBe('invalid');
    expect(decoded('0F 22 05', 32)).toMatchObject({ mod: 3, reg: 0, rm: 5, length: 3 });
  });

  it('rejects register forms of instructions that need memory', () => {
    for (const hex of ['8D C0', 'FF D8', 'FF E8', 'C4 C0', '62 C0', '0F C7 C8', '0F 01 F8', '0F AE C0']) {
      expect(statusOf(hex, 32), hex).toBe('invalid');
    }
  });

  it('drops in 64-bit mode what x86-64 removed', () => {
    const removed = '06 07 0E 16 17 1E 1F 27 2F 37 3F 60 61 62 82 9A C4 C5 CE D4 D5 D6 EA'.split(' ');

    for (const opcode of removed) {
      expect(statusOf(`${opcode} 00 00 00 00 00 00 00`, 64), opcode).toBe('invalid');
      expect(statusOf(`${opcode} 00 00 00 00 00 00 00`, 32), opcode).toBe('ok');
    }
  });

  it('reads 63 as ARPL in legacy modes and as MOVSXD in 64-bit mode', () => {
    expect(decoded('63 C8', 32).row.mnemonic).toBe('ARPL');
    expect(decoded('48 63 C8', 64).row.mnemonic).toBe('MOVSXD');
  });

  it('reads 90 as NOP, with F3 as PAUSE, with REX.B as an exchange', () => {
    expect(decoded('90', 64).row.mnemonic).toBe('NOP');
    expect(decoded('F3 90', 64).row.mnemonic).toBe('PAUSE');
    expect(decoded('49 90', 64)).toMatchObject({ opcodeReg: 8, row: { mnemonic: 'XCHG' } });
  });

  it('limits an instruction to 15 bytes', () => {
    expect(statusOf(`${'66'.repeat(14)}90`, 32)).toBe('ok');
    expect(statusOf(`${'66'.repeat(15)}90`, 32)).toBe('too-long');
    expect(statusOf('66'.repeat(15), 32)).toBe('too-long');
    expect(statusOf('66'.repeat(14), 32)).toBe('need-more');
    expect(statusOf(`${'2E'.repeat(11)}B8`, 32)).toBe('too-long');
  });
});

describe('decode of random bytes', () => {
  it.each(CODE_SIZES)('keeps every field in its range in %i-bit code', (codeSize) => {
    const random = pseudoRandom(codeSize),
      insn = newInstruction();
    const bytes = Uint8Array.from({ length: 200_000 }, () => Math.floor(random() * 256));
    const outcomes = { ok: 0, invalid: 0, 'too-long': 0, 'need-more': 0 };

    for (let offset = 0; offset < bytes.length; offset++) {
      const status = decode(bytes, offset, bytes.length, codeSize, insn);
      outcomes[status]++;
      if (status !== 'ok') continue;
      const inRange =
        insn.length >= 1 &&
        insn.length <= 15 &&
        insn.reg < 16 &&
        insn.rm < 16 &&
        insn.opcodeReg < 16 &&
        insn.base >= -1 &&
        insn.base <= 16 &&
        insn.index >= -1 &&
        insn.index < 16 &&
        insn.segment <= SEG.GS &&
        [1, 2, 4, 8].includes(insn.scale) &&
        Number.isInteger(insn.disp) &&
        insn.imm === (insn.imm | 0) &&
        insn.immHigh === (insn.immHigh | 0) &&
        insn.imm2 === (insn.imm2 & 0xffff);
      if (!inRange) expect.fail(`at ${offset}: ${JSON.stringify(insn)}`);
    }

    expect(outcomes.ok).toBeGreaterThan(bytes.length / 2);
    expect(outcomes.invalid).toBeGreaterThan(0);
    expect(outcomes['need-more']).toBeLessThan(15);
  });

  it('depends on no byte after the length that it reports', () => {
    const random = pseudoRandom(7),
      insn = newInstruction();

    for (let i = 0; i < 20_000; i++) {
      const bytes = Uint8Array.from({ length: 20 }, () => Math.floor(random() * 256));
      const codeSize = CODE_SIZES[i % 3];
      if (decode(bytes, 0, bytes.length, codeSize, insn) !== 'ok') continue;
      const { row, length } = insn;

      expect(decode(bytes, 0, length, codeSize, insn)).toBe('ok');
      expect(insn.row).toBe(row);
      expect(decode(bytes, 0, length - 1, codeSize, insn)).toBe('need-more');
    }
  });
});

describe('opcode tables', () => {
  const firstBit = (mask: number): number => 31 - Math.clz32(mask & -mask);

  /** All encodings of a row with the given choices, as bytes. */
  function* encode(encoding: Encoding): Generator<number[]> {
    const prefixes = [[], [0x66], [0xf3], [0xf2]].filter((_, column) => (encoding.prefixMask >> column) & 1);
    const escape = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]][encoding.map];
    // the first of several opcodes may belong to another row as well (90)
    const opcode = encoding.opcode + encoding.opcodeCount - 1;
    const rex = encoding.rexWMask === 2 ? [0x48] : [];
    for (const prefix of prefixes) {
      for (let modrm = 0; modrm < 256; modrm++) {
        const mod = modrm >> 6 === 3 ? 2 : 1;
        const fits =
          encoding.modMask & mod &&
          (encoding.regMask >> ((modrm >> 3) & 7)) & 1 &&
          (mod === 1 || (encoding.rmMask >> (modrm & 7)) & 1);
        if (fits) yield [...prefix, ...rex, ...escape, opcode, modrm, ...new Array<number>(12).fill(0)];
        if (!encoding.hasModrm) return;
      }
    }
  }

  it('reach every row', () => {
    const insn = newInstruction();
    const unreached = rows.filter((row) => {
      const codeSize = firstBit(encodings[row.id].longMask) === 0 && encodings[row.id].rexWMask !== 2 ? 32 : 64;
      for (const bytes of encode(encodings[row.id])) {
        if (decode(Uint8Array.from(bytes), 0, bytes.length, codeSize, insn) === 'ok' && insn.row === row) return false;
      }
      return true;
    });

    expect(unreached.map(({ mnemonic, operands }) => [mnemonic, ...operands.map(({ kind }) => kind)])).toEqual([]);
  });

  it('number the rows by their position', () => {
    expect(rows.every(({ id }, position) => id === position)).toBe(true);
  });

  it('mark as lockable exactly the read-modify-write instructions of the manual', () => {
    const lockable = new Set(rows.filter(({ lock }) => lock).map(({ mnemonic }) => mnemonic));

    expect([...lockable].sort()).toEqual([
      'ADC',
      'ADD',
      'AND',
      'BTC',
      'BTR',
      'BTS',
      'CMPXCHG',
      'CMPXCHG16B',
      'CMPXCHG8B',
      'DEC',
      'INC',
      'NEG',
      'NOT',
      'OR',
      'SBB',
      'SUB',
      'XADD',
      'XCHG',
      'XOR',
    ]);
  });
});
