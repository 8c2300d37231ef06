import { describe, expect, it } from 'vitest';
import { parseRows } from './row-text.ts';

describe('parseRows', () => {
  it('reads pattern, operands and flags', () => {
    const [{ row, encoding }] = parseRows('NP/66 0F C7 /13 rexW=0 | NAME Mq sIb AL | lock d64 cx8', '', 5);

    expect(row).toEqual({
      id: 5,
      mnemonic: 'NAME',
      lock: true,
      no64: false,
      only64: false,
      size64: 'd',
      feature: 'cx8',
      operands: [
        { kind: 'M', size: 'q' },
        { kind: 'I', size: 'b', signExtended: true },
        { kind: 'K', size: 'b', fixed: 'AL' },
      ],
    });
    expect(encoding).toMatchObject({
      map: 1,
      opcode: 0xc7,
      opcodeCount: 1,
      prefixMask: 3,
      regMask: 10,
      modMask: 1,
      rexWMask: 1,
      longMask: 3,
      hasModrm: true,
    });
  });

  it('skips blank lines and comments, and gives the default feature', () => {
    const parsed = parseRows('\n# comment\n90 | NOP\n', 'fpu', 0);

    expect(parsed.map(({ row }) => row.feature)).toEqual(['fpu']);
  });

  it.each([
    ['90 NOP', 'without pattern or mnemonic'],
    ['90 | NOP Eh~', 'unknown operand'],
    ['90 what | NOP', 'unknown token'],
    ['90 mod=3 | NOP Mb', 'contradictory'],
    ['90 91 | NOP', 'contradictory'],
    ['90 | NOP | sse mmx', 'two features'],
  ])('names the row that it cannot read: %s', (line, problem) => {
    expect(() => parseRows(line, '', 0)).toThrow(problem);
  });
});
