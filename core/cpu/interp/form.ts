import { SEG, rows, type Instruction, type OpcodeRow } from '../../isa/index.ts';
import { definitionOf, type InsnDef } from '../insn/index.ts';
import type { Opnd } from '../insn/operand.ts';
import type { Width } from '../insn/value.ts';
import { MODE } from '../layout.ts';

/**
 * Everything that a tier-0 handler is specialised by. Registers, displacements and immediates are not part of it: they
 * come from the record.
 */
export interface Form {
  readonly def: InsnDef;
  readonly operands: readonly Opnd[];
  readonly operandWidth: 16 | 32 | 64;
  readonly addressWidth: 16 | 32 | 64;
  readonly stackWidth: 16 | 32 | 64;
  readonly rep: 0 | 1 | 2;
  readonly realMode: boolean;
  /** ES, SS, DS and CS are flat; `flatMemory`: so is the segment of the memory operand. */
  readonly flat: boolean;
  readonly flatMemory: boolean;
  /** The memory operand has an index register. */
  readonly indexed: boolean;
  /** The branch target / the next instruction lies in the same page, so that blocks can be linked. */
  readonly targetInPage: boolean;
  readonly nextInPage: boolean;
}

const FIXED_GPR: Readonly<Record<string, { index: number; width: Width | 0 }>> = {
  AL: { index: 0, width: 8 },
  CL: { index: 1, width: 8 },
  AX: { index: 0, width: 16 },
  DX: { index: 2, width: 16 },
  rAX: { index: 0, width: 0 },
  eAX: { index: 0, width: 0 },
};
const FIXED_SEGMENT: Readonly<Record<string, number>> = SEG;
/** LDS and its relatives load a segment register that the table does not list as an operand. */
const IMPLIED_SEGMENT: Readonly<Record<string, number>> = {
  LES: SEG.ES,
  LSS: SEG.SS,
  LDS: SEG.DS,
  LFS: SEG.FS,
  LGS: SEG.GS,
};

function widthOf(size: string, insn: Instruction): Width {
  const operand = (insn.operandSize * 8) as Width;
  switch (size) {
    case 'b':
      return 8;
    case 'w':
      return 16;
    case 'd':
      return 32;
    case 'q':
      return 64;
    case 'x':
      return 128;
    case 'v':
    case 'a':
    case 'p':
      return operand;
    case 'z':
      return operand === 64 ? 32 : operand;
    case 'y':
      return insn.codeSize === 64 && operand === 64 ? 64 : 32;
    default:
      return 32;
  }
}

/** Number of the segment register that operand `position` is, or -1. */
export function segmentOperand(insn: Instruction, position: number): number {
  const operand = insn.row.operands[position];
  if (!operand) return position === 2 ? (IMPLIED_SEGMENT[insn.row.mnemonic] ?? -1) : -1;
  if (operand.kind === 'S') return insn.reg;
  if (operand.kind === 'K' && operand.fixed! in FIXED_SEGMENT) return FIXED_SEGMENT[operand.fixed!];
  return -1;
}

/** Some operand of the row's instructions may be a segment register. */
export const mayNameSegment = ({ operands, mnemonic }: OpcodeRow): boolean =>
  mnemonic in IMPLIED_SEGMENT || operands.some(({ kind, fixed }) => kind === 'S' || (fixed ?? '') in FIXED_SEGMENT);

function operandOf(insn: Instruction, position: number): Opnd {
  const { kind, size, fixed } = insn.row.operands[position];
  const width = widthOf(size, insn);
  const slot = position === 0 ? 1 : 2;
  switch (kind) {
    case 'E':
    case 'M':
      return insn.hasMemory ? { kind: 'mem', width } : { kind: 'reg', width, slot };
    case 'R':
    case 'G':
    case 'Z':
      return { kind: 'reg', width, slot };
    case 'P':
    case 'N':
      return { kind: 'mmx', width, slot };
    case 'V':
    case 'U':
      return { kind: 'xmm', width, slot };
    case 'Q':
      return insn.hasMemory ? { kind: 'mem', width } : { kind: 'mmx', width, slot };
    case 'W':
      return insn.hasMemory ? { kind: 'mem', width } : { kind: 'xmm', width, slot };
    case 'O':
      return { kind: 'mem', width };
    case 'X':
      return { kind: 'src', width };
    case 'Y':
      return { kind: 'dst', width };
    case 'I':
      // sIb and sIz are extended by the decoder to the operand size; plain Ib, Iw keep their own.
      return {
        kind: 'imm',
        width: insn.row.operands[position].signExtended ? ((insn.operandSize * 8) as Width) : width,
        second: insn.row.operands.findIndex((o) => o.kind === 'I') !== position,
      };
    case 'J':
      return { kind: 'rel', width };
    case 'A':
      return { kind: 'far', width };
    case 'S':
      return { kind: 'seg', width: 16, slot, stack: insn.reg === SEG.SS };
    case 'K': {
      const gpr = FIXED_GPR[fixed!];
      if (fixed === 'XMM0') return { kind: 'xmm0', width: 128 };
      if (gpr) return { kind: 'gpr', width: gpr.width === 0 ? width : gpr.width, index: gpr.index, high: false };
      if (fixed! in FIXED_SEGMENT) return { kind: 'seg', width: 16, slot, stack: fixed === 'SS' };
      return { kind: 'const', width: 8, value: Number(fixed) };
    }
    default:
      return { kind: 'special', width: 32 };
  }
}

export function formOf(
  def: InsnDef,
  insn: Instruction,
  mode: number,
  targetInPage: boolean,
  nextInPage: boolean,
): Form {
  const operands = insn.row.operands.map((_, i) => operandOf(insn, i));
  const implied = segmentOperand(insn, operands.length);
  if (operands.length === 2 && implied >= 0)
    operands.push({ kind: 'seg', width: 16, slot: 2, stack: implied === SEG.SS });
  const flat = (mode & MODE.FLAT) !== 0;
  return {
    def,
    operands,
    operandWidth: (insn.operandSize * 8) as 16 | 32 | 64,
    addressWidth: (insn.addressSize * 8) as 16 | 32 | 64,
    stackWidth: mode & MODE.STACK32 ? 32 : 16,
    rep: insn.rep,
    realMode: (mode & MODE.REAL) !== 0,
    flat,
    flatMemory: flat && flatWhenFlat(overridable(insn)),
    indexed: insn.hasMemory && insn.index >= 0,
    targetInPage,
    nextInPage,
  };
}

/** The segment of the memory operand; DS or the prefix where there is none. */
export function overridable(insn: Instruction): number {
  if (insn.hasMemory) return insn.segment;
  return insn.segmentOverride >= 0 ? insn.segmentOverride : SEG.DS;
}

/** Segments that MODE.FLAT says all of; through CS nothing can be written in protected mode. */
const flatWhenFlat = (segment: number): boolean => segment < SEG.FS && segment !== SEG.CS;

/** A number that is equal exactly for equal forms of one row. */
export function formKey(insn: Instruction, mode: number, targetInPage: boolean, nextInPage: boolean): number {
  const stackSegment = segmentOperand(insn, 0) === SEG.SS || segmentOperand(insn, 1) === SEG.SS;
  return (
    (insn.operandSize >> 1) | // 1, 2, 4
    ((insn.addressSize >> 1) << 3) |
    (insn.rep << 6) |
    ((mode & (MODE.FLAT | MODE.STACK32 | MODE.REAL)) << 6) | // bits 8, 9, 11
    (insn.hasMemory ? 1 << 12 : 0) |
    (insn.hasMemory && insn.index >= 0 ? 1 << 13 : 0) |
    (flatWhenFlat(overridable(insn)) ? 0 : 1 << 14) |
    (targetInPage ? 1 << 15 : 0) |
    (nextInPage ? 1 << 16 : 0) |
    (stackSegment ? 1 << 17 : 0)
  );
}

/** The form of a row that has this key. */
export function formOfKey(def: InsnDef, row: OpcodeRow, key: number): Form {
  const hasMemory = (key & (1 << 12)) !== 0;
  const segment = key & (1 << 14) ? SEG.FS : SEG.DS;
  const like = {
    row,
    codeSize: 32,
    operandSize: (key & 7) << 1,
    addressSize: ((key >> 3) & 7) << 1,
    rep: (key >> 6) & 3,
    hasMemory,
    index: key & (1 << 13) ? 0 : -1,
    segment,
    segmentOverride: segment,
    reg: key & (1 << 17) ? SEG.SS : SEG.DS,
  } as Instruction;
  return formOf(def, like, key >> 6, (key & (1 << 15)) !== 0, (key & (1 << 16)) !== 0);
}

/** Above every key of `formKey`. */
const KEY_LIMIT = 1 << 18;

/** A number for each form of all rows, the same in every process. */
export const formNumber = (row: number, key: number): number => row * KEY_LIMIT + key;

/** Rows by what is stable between builds; a few share a name. */
export const rowName = (id: number): string => {
  const { mnemonic, operands } = rows[id];
  return `${mnemonic} ${operands.map(({ kind, size, fixed }) => fixed ?? kind + size).join(',')}`;
};

/** As COMMON_SEQUENCES has it: the row's name, and the key in base 36. */
export const formName = (number: number): string =>
  `${rowName(Math.floor(number / KEY_LIMIT))} ${(number % KEY_LIMIT).toString(36)}`;

const numbered = new Map<number, Form>();

/** The form with this number. */
export function formOfNumber(number: number): Form {
  let form = numbered.get(number);
  if (!form) {
    const row = rows[Math.floor(number / KEY_LIMIT)];
    numbered.set(number, (form = formOfKey(definitionOf(row)!, row, number % KEY_LIMIT)));
  }
  return form;
}
