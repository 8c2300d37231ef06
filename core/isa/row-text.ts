/**
 * The text form of opcode rows, read once at load.
 *
 * `PATTERN | MNEMONIC operands | flags`, in the notation of Intel SDM volume 2 (sections 3.1.1 and appendix A.2):
 *
 * - PATTERN: mandatory prefix (`NP` none, `66`, `F2`, `F3`, or several as `NP/66`; without one the prefixes do not
 *   matter), the opcode bytes, then conditions: `/5` or `/0234` values of ModRM.reg, `mod=m` memory, `mod=3` register,
 *   `rm=1` value of ModRM.rm, `+r` a register in the opcode's low three bits, `rexW=1` `rexW=0` `rexB=0` bits of REX.
 * - Operands as in `Operand`; a leading `s` means sign-extended (`sIb`). M implies `mod=m`; R, N, U, T imply `mod=3`.
 * - Flags: `lock`, `no64`, `only64`, `d64` (operand size defaults to 64 in 64-bit mode), `f64` (is forced to 64),
 *   `anymod` (ModRM.mod is ignored, ModRM.rm is always a register); any other word is the CPUID feature.
 */
import type { OpcodeRow, Operand, OperandKind } from './instruction.ts';

/** Mandatory-prefix column: what of F3 and F2 stands last decides, else 66, else none. */
export const PREFIX_COLUMN = { NP: 0, P66: 1, F3: 2, F2: 3 } as const;

/** Where a row applies. Masks hold one bit per allowed value. */
export interface Encoding {
  /** 0 one-byte, 1 0F, 2 0F 38, 3 0F 3A. */
  readonly map: number;
  readonly opcode: number;
  /** 1, or 8 when the low three bits name a register. */
  readonly opcodeCount: number;
  readonly prefixMask: number;
  readonly regMask: number;
  /** Bit 0 memory, bit 1 register. */
  readonly modMask: number;
  readonly rmMask: number;
  /** Bit 0 legacy modes, bit 1 64-bit mode. */
  readonly longMask: number;
  readonly rexWMask: number;
  readonly rexBMask: number;
  readonly hasModrm: boolean;
  readonly anyMod: boolean;
}

export interface ParsedRow {
  readonly row: OpcodeRow;
  readonly encoding: Encoding;
}

const FIXED_SIZES: Readonly<Record<string, string>> = {
  AL: 'b',
  CL: 'b',
  AX: 'w',
  DX: 'w',
  rAX: 'v',
  eAX: 'z',
  ES: 'w',
  CS: 'w',
  SS: 'w',
  DS: 'w',
  FS: 'w',
  GS: 'w',
  ST0: 't',
  XMM0: 'x',
  '1': 'b',
  '3': 'b',
};

const PREFIX_BITS: Readonly<Record<string, number>> = {
  NP: 1 << PREFIX_COLUMN.NP,
  '66': 1 << PREFIX_COLUMN.P66,
  F3: 1 << PREFIX_COLUMN.F3,
  F2: 1 << PREFIX_COLUMN.F2,
};

const MODRM_KINDS = 'EMRGSCDPQNVWUT';
const REGISTER_ONLY_KINDS = 'RNUT';

/** Reads the lines of a table; `feature` holds for rows that name none. Blank lines and lines with # are skipped. */
export function parseRows(text: string, feature: string, firstId: number): ParsedRow[] {
  const parsed: ParsedRow[] = [];
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    parsed.push(parseRow(trimmed, feature, firstId + parsed.length));
  }
  return parsed;
}

function parseRow(line: string, defaultFeature: string, id: number): ParsedRow {
  const [pattern, instruction, flagText = ''] = line.split('|').map((part) => part.trim());
  if (!pattern || !instruction) throw new Error(`opcode row without pattern or mnemonic: ${line}`);
  const [mnemonic, ...operandTexts] = instruction.split(/\s+/);
  const operands = operandTexts.map((text) => parseOperand(text, line));

  const flags = new Set(flagText === '' ? [] : flagText.split(/\s+/));
  const take = (flag: string): boolean => flags.delete(flag);
  const lock = take('lock'),
    no64 = take('no64'),
    only64 = take('only64'),
    anyMod = take('anymod');
  const size64 = take('d64') ? 'd' : take('f64') ? 'f' : '';
  if (flags.size > 1) throw new Error(`opcode row with two features: ${line}`);
  const [feature = defaultFeature] = flags;

  const row: OpcodeRow = { id, mnemonic, operands, lock, feature, no64, only64, size64 };
  return { row, encoding: parsePattern(pattern, row, anyMod, line) };
}

/** Rows share their operands: there are a hundred different ones. */
const operandsByText = new Map<string, Operand>();

function parseOperand(text: string, line: string): Operand {
  let operand = operandsByText.get(text);
  if (!operand) operandsByText.set(text, (operand = newOperand(text, line)));
  return operand;
}

function newOperand(text: string, line: string): Operand {
  if (text in FIXED_SIZES) return { kind: 'K', size: FIXED_SIZES[text], fixed: text };
  const match = /^(s?)([EMRGZIJOASCDXYPQNVWUT])([a-z0-9]*)$/.exec(text);
  if (!match) throw new Error(`unknown operand ${text} in opcode row: ${line}`);
  const kind = match[2] as OperandKind;
  const operand = { kind, size: match[3] };
  return match[1] === 's' || kind === 'J' ? { ...operand, signExtended: true } : operand;
}

function parsePattern(pattern: string, row: OpcodeRow, anyMod: boolean, line: string): Encoding {
  const tokens = pattern.split(/\s+/);
  let prefixMask = 15;
  if (tokens[0].split('/').every((name) => name in PREFIX_BITS)) {
    prefixMask = tokens[0].split('/').reduce((mask, name) => mask | PREFIX_BITS[name], 0);
    tokens.shift();
  }

  const opcodeBytes: number[] = [];
  let opcodeCount = 1,
    regMask = 255,
    modMask = 3,
    rmMask = 255,
    rexWMask = 3,
    rexBMask = 3,
    conditions = false;
  for (const token of tokens) {
    if (/^[0-9A-F]{2}$/.test(token)) opcodeBytes.push(parseInt(token, 16));
    else if (token === '+r') opcodeCount = 8;
    else if (/^\/[0-7]+$/.test(token)) {
      regMask = 0;
      for (const digit of token.slice(1)) regMask |= 1 << Number(digit);
      conditions = true;
    } else if (token === 'mod=m' || token === 'mod=3') {
      modMask = token === 'mod=m' ? 1 : 2;
      conditions = true;
    } else if (/^rm=[0-7]$/.test(token)) {
      rmMask = 1 << Number(token[3]);
      conditions = true;
    } else if (token === 'rexW=0' || token === 'rexW=1') rexWMask = token === 'rexW=0' ? 1 : 2;
    else if (token === 'rexB=0') rexBMask = 1;
    else throw new Error(`unknown token ${token} in opcode row: ${line}`);
  }

  for (const { kind } of row.operands) {
    if (kind === 'M') modMask &= 1;
    if (REGISTER_ONLY_KINDS.includes(kind) && !anyMod) modMask &= 2;
  }
  const hasModrm = conditions || row.operands.some(({ kind }) => MODRM_KINDS.includes(kind));
  const map = opcodeBytes[0] !== 0x0f ? 0 : opcodeBytes[1] === 0x38 ? 2 : opcodeBytes[1] === 0x3a ? 3 : 1;
  if (opcodeBytes.length !== [1, 2, 3, 3][map] || modMask === 0) throw new Error(`contradictory opcode row: ${line}`);

  const longMask = row.no64 ? 1 : row.only64 ? 2 : 3;
  const opcode = opcodeBytes[opcodeBytes.length - 1];
  return {
    map,
    opcode,
    opcodeCount,
    prefixMask,
    regMask,
    modMask,
    rmMask,
    longMask,
    rexWMask,
    rexBMask,
    hasModrm,
    anyMod,
  };
}
