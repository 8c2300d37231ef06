/**
 * The tables resolved for the decoder: one cell for each of the 4 x 256 opcodes, and behind it a small array indexed
 * by whatever else selects the row (mandatory prefix, mode, ModRM, REX). Built once from the rows; where several rows
 * fit, the one with more conditions wins, and two rows with equally many are a defect of the tables.
 */
import type { Operand, OpcodeRow } from './instruction.ts';
import { parseRows } from './row-text.ts';
import type { Encoding, ParsedRow } from './row-text.ts';
import { INTEGER_ROWS } from './table/integer.ts';
import { LONG_MODE_ROWS } from './table/long-mode.ts';
import { MMX_SSE_ROWS } from './table/mmx-sse.ts';
import { X87_ROWS } from './table/x87.ts';

/** How many bytes of immediate follow, and where they go. */
export const IMMEDIATE = {
  NONE: 0,
  BYTE: 1,
  SIGNED_BYTE: 2,
  WORD: 3,
  SIGNED_Z: 4,
  V: 5,
  WORD_BYTE: 6,
  FAR: 7,
  MOFFS: 8,
} as const;

/** Bits of `rowTraits`. */
export const TRAIT = {
  LOCK: 1,
  DEFAULT64: 2,
  FORCE64: 4,
  /** ModRM.reg or ModRM.rm is not extended by REX: opcode digit, segment, MMX and x87 registers. */
  REG_LOW: 8,
  RM_LOW: 16,
  /** MOV to or from a control or debug register: not every number that REX.R can form exists. */
  CONTROL: 32,
  DEBUG: 64,
  /** String operands; Y_ONLY when ES:rDI is the only one. */
  STRING: 128,
  Y_ONLY: 256,
} as const;

/** Bits of `cellFlags`. */
export const CELL = { MODRM: 1, ANY_MOD: 2, SELECT: 4 } as const;

/** Dimensions of a cell in the order of `cellStrides`, with their extents. */
const EXTENTS = [4, 2, 2, 8, 8, 2, 2] as const;
export const DIMENSION = { PREFIX: 0, LONG: 1, MOD: 2, REG: 3, RM: 4, REX_W: 5, REX_B: 6 } as const;
export const DIMENSIONS = EXTENTS.length;

const parsed: ParsedRow[] = [];
for (const [text, feature] of [
  [INTEGER_ROWS, ''],
  [X87_ROWS, 'fpu'],
  [MMX_SSE_ROWS, 'sse'],
  [LONG_MODE_ROWS, 'lm'],
])
  parsed.push(...parseRows(text, feature, parsed.length));

/** Every row of the tables, by id. */
export const rows: readonly OpcodeRow[] = parsed.map(({ row }) => row);

/** Where each row applies, by id. */
export const encodings: readonly Encoding[] = parsed.map(({ encoding }) => encoding);

export const rowImmediate = Uint8Array.from(rows, immediateOf);
export const rowTraits = Uint16Array.from(rows, traitsOf);

/** Indexed by map << 8 | opcode: start of the cell in `leaves`, or -1 where no row is defined. */
export const cellBase = new Int32Array(1024).fill(-1);
export const cellFlags = new Uint8Array(1024);
/** Seven strides for each cell, 0 where the dimension makes no difference. */
export const cellStrides = new Int32Array(1024 * DIMENSIONS);
/** Row ids, -1 where undefined. */
export const leaves: Int32Array = buildCells();

function immediateOf(row: OpcodeRow): number {
  const immediates = row.operands.filter(({ kind }) => 'IJOA'.includes(kind));
  if (immediates.length === 0) return IMMEDIATE.NONE;
  if (immediates.length === 2) return IMMEDIATE.WORD_BYTE;
  const [{ kind, size, signExtended }] = immediates;
  if (kind === 'A') return IMMEDIATE.FAR;
  if (kind === 'O') return IMMEDIATE.MOFFS;
  if (size === 'b') return signExtended ? IMMEDIATE.SIGNED_BYTE : IMMEDIATE.BYTE;
  if (size === 'w') return IMMEDIATE.WORD;
  if (size === 'v') return IMMEDIATE.V;
  if (size === 'z' && signExtended) return IMMEDIATE.SIGNED_Z;
  throw new Error(`immediate of ${row.mnemonic} has unknown size ${size}`);
}

function traitsOf({ operands, lock, size64 }: OpcodeRow): number {
  const has = (kinds: string): boolean => operands.some((operand: Operand) => kinds.includes(operand.kind));
  let traits = lock ? TRAIT.LOCK : 0;
  if (size64 === 'd') traits |= TRAIT.DEFAULT64;
  if (size64 === 'f') traits |= TRAIT.FORCE64;
  if (!has('GCDV')) traits |= TRAIT.REG_LOW;
  if (has('QNT')) traits |= TRAIT.RM_LOW;
  if (has('C')) traits |= TRAIT.CONTROL;
  if (has('D')) traits |= TRAIT.DEBUG;
  if (has('XY')) traits |= TRAIT.STRING;
  if (has('Y') && !has('X')) traits |= TRAIT.Y_ONLY;
  return traits;
}

/** Masks of an encoding in the order of EXTENTS. */
function masksOf(encoding: Encoding): number[] {
  const { prefixMask, longMask, modMask, regMask, rmMask, rexWMask, rexBMask } = encoding;
  return [prefixMask, longMask, modMask, regMask, rmMask, rexWMask, rexBMask];
}

function isFull(mask: number, dimension: number): boolean {
  return mask === (1 << EXTENTS[dimension]) - 1;
}

function buildCells(): Int32Array {
  const rowsOfCell: (number[] | undefined)[] = [];
  encodings.forEach(({ map, opcode, opcodeCount }, id) => {
    for (let i = 0; i < opcodeCount; i++) (rowsOfCell[(map << 8) | (opcode + i)] ??= []).push(id);
  });
  const all: number[] = [];
  rowsOfCell.forEach((ids, cell) => {
    cellBase[cell] = all.length;
    addCell(cell, ids!, all);
  });
  return Int32Array.from(all);
}

/** Appends a cell's leaves. */
function addCell(cell: number, ids: readonly number[], all: number[]): void {
  const start = all.length;
  const masks = ids.map((id) => masksOf(encodings[id]));
  let size = 1;
  for (let dimension = 0; dimension < DIMENSIONS; dimension++) {
    if (masks.every((mask) => isFull(mask[dimension], dimension))) continue;
    cellStrides[cell * DIMENSIONS + dimension] = size;
    size *= EXTENTS[dimension];
  }
  const { hasModrm, anyMod } = encodings[ids[0]];
  if (ids.some((id) => encodings[id].hasModrm !== hasModrm)) {
    throw new Error(`opcode ${cell.toString(16)} has rows with and without ModRM`);
  }
  cellFlags[cell] = (hasModrm ? CELL.MODRM : 0) | (anyMod ? CELL.ANY_MOD : 0) | (size > 1 ? CELL.SELECT : 0);

  /** Conditions of the row that a leaf has so far. */
  const conditions = new Int8Array(size).fill(-1);
  for (let leaf = 0; leaf < size; leaf++) all.push(-1);
  masks.forEach((mask, i) => {
    const own = mask.filter((value, dimension) => !isFull(value, dimension)).length;
    for (const leaf of leavesOf(mask, cell, 0, 0, [])) {
      if (own < conditions[leaf]) continue;
      if (own === conditions[leaf]) {
        const names = [rows[ids[i]].mnemonic, rows[all[start + leaf]].mnemonic];
        throw new Error(`opcode ${cell.toString(16)}: ${names.join(' and ')} clash`);
      }
      conditions[leaf] = own;
      all[start + leaf] = ids[i];
    }
  });
}

/** Where in its cell a row's conditions hold, from a dimension on: cheaper than to ask each leaf, at every start. */
function leavesOf(masks: readonly number[], cell: number, dimension: number, leaf: number, found: number[]): number[] {
  if (dimension === DIMENSIONS) {
    found.push(leaf);
    return found;
  }
  const stride = cellStrides[cell * DIMENSIONS + dimension];
  const extent = stride === 0 ? 1 : EXTENTS[dimension];
  for (let value = 0; value < extent; value++)
    if (stride === 0 || (masks[dimension] >> value) & 1)
      leavesOf(masks, cell, dimension + 1, leaf + value * stride, found);
  return found;
}
