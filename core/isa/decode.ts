/**
 * The decoder: prefixes, opcode, ModRM, SIB, displacement, immediate. Intel SDM volume 2, chapter 2; AMD APM volume 3,
 * chapter 1. VEX, EVEX and XOP do not exist: C4, C5, 62 and 8F have their older meanings in every mode.
 *
 * Where processors differ the decoder is an Intel one: near branches in 64-bit mode ignore 66, and LOCK MOV CR0 is
 * undefined. It does not ask CPUID: whether `row.feature` is present is for the caller to check.
 */
import { REP, SEG } from './instruction.ts';
import type { CodeSize, DecodeStatus, Instruction } from './instruction.ts';
import {
  CELL,
  DIMENSION,
  DIMENSIONS,
  IMMEDIATE,
  TRAIT,
  cellBase,
  cellFlags,
  cellStrides,
  leaves,
  rowImmediate,
  rowTraits,
  rows,
} from './opcode-map.ts';
import { PREFIX_COLUMN } from './row-text.ts';

const MAX_LENGTH = 15;

const PREFIX = { NONE: 0, SEGMENT: 1, OPERAND: 2, ADDRESS: 3, REPNE: 4, REPE: 5, LOCK: 6, REX: 7 } as const;

const prefixClass = new Uint8Array(256);
for (const byte of [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65]) prefixClass[byte] = PREFIX.SEGMENT;
prefixClass[0x66] = PREFIX.OPERAND;
prefixClass[0x67] = PREFIX.ADDRESS;
prefixClass[0xf0] = PREFIX.LOCK;
prefixClass[0xf2] = PREFIX.REPNE;
prefixClass[0xf3] = PREFIX.REPE;
const prefixClass64 = Uint8Array.from(prefixClass);
prefixClass64.fill(PREFIX.REX, 0x40, 0x50);

/** Register numbers of the 16-bit addressing forms, by ModRM.rm. */
const BASE16 = Int8Array.of(3, 3, 5, 5, 6, 7, 5, 3);
const INDEX16 = Int8Array.of(6, 7, 6, 7, -1, -1, -1, -1);
const DEFAULT_SEGMENT16 = Uint8Array.of(SEG.DS, SEG.DS, SEG.SS, SEG.SS, SEG.DS, SEG.DS, SEG.SS, SEG.DS);

const RSP = 4,
  RBP = 5,
  RIP = 16;

export function newInstruction(): Instruction {
  return {
    row: rows[0],
    length: 0,
    codeSize: 16,
    operandSize: 2,
    addressSize: 2,
    lock: false,
    rep: 0,
    hasRex: false,
    hasModrm: false,
    mod: 0,
    reg: 0,
    rm: 0,
    opcodeReg: 0,
    hasMemory: false,
    segment: SEG.DS,
    segmentOverride: -1,
    base: -1,
    index: -1,
    scale: 1,
    disp: 0,
    dispHigh: 0,
    imm: 0,
    immHigh: 0,
    imm2: 0,
  };
}

/**
 * Decodes the instruction at `offset`, reading no byte at or after `end` (at most `bytes.length`). Only on 'ok' are
 * the fields of `out` meaningful. Never allocates, never throws.
 */
export function decode(
  bytes: Uint8Array,
  offset: number,
  end: number,
  codeSize: CodeSize,
  out: Instruction,
): DecodeStatus {
  const longest = offset + MAX_LENGTH;
  const limit = end < longest ? end : longest;
  const long = codeSize === 64;
  const classes = long ? prefixClass64 : prefixClass;

  let pos = offset,
    opcode: number;
  let operandPrefix = false,
    addressPrefix = false,
    lock = false,
    rep: 0 | 1 | 2 = REP.NONE;
  let segmentOverride = -1,
    rex = 0;
  for (;;) {
    if (pos >= limit) return outOfBytes(pos + 1, longest);
    opcode = bytes[pos++];
    const prefix = classes[opcode];
    if (prefix === PREFIX.NONE) break;
    if (prefix === PREFIX.REX) {
      rex = opcode;
      continue;
    }
    rex = 0; // a REX that another prefix follows has no effect
    switch (prefix) {
      case PREFIX.OPERAND:
        operandPrefix = true;
        break;
      case PREFIX.ADDRESS:
        addressPrefix = true;
        break;
      case PREFIX.REPNE:
        rep = REP.REPNE;
        break;
      case PREFIX.REPE:
        rep = REP.REPE;
        break;
      case PREFIX.LOCK:
        lock = true;
        break;
      default: {
        const segment = opcode < 0x60 ? (opcode >> 3) & 3 : opcode - 0x60;
        // 64-bit mode knows FS and GS alone: the other four do not even undo them
        if (!long || segment >= SEG.FS || segmentOverride < SEG.FS) segmentOverride = segment;
      }
    }
  }

  let cell = opcode;
  if (opcode === 0x0f) {
    if (pos >= limit) return outOfBytes(pos + 1, longest);
    opcode = bytes[pos++];
    cell = 0x100 | opcode;
    if (opcode === 0x38 || opcode === 0x3a) {
      cell = opcode === 0x38 ? 0x200 : 0x300;
      if (pos >= limit) return outOfBytes(pos + 1, longest);
      opcode = bytes[pos++];
      cell |= opcode;
    }
  }
  let leaf = cellBase[cell];
  if (leaf < 0) return 'invalid';

  const flags = cellFlags[cell];
  const hasModrm = (flags & CELL.MODRM) !== 0;
  let mod = 0,
    reg = 0,
    rm = 0;
  if (hasModrm) {
    if (pos >= limit) return outOfBytes(pos + 1, longest);
    const modrm = bytes[pos++];
    mod = (flags & CELL.ANY_MOD) !== 0 ? 3 : modrm >> 6;
    reg = (modrm >> 3) & 7;
    rm = modrm & 7;
  }
  if ((flags & CELL.SELECT) !== 0) {
    const stride = cell * DIMENSIONS;
    const column =
      rep === REP.REPE
        ? PREFIX_COLUMN.F3
        : rep === REP.REPNE
          ? PREFIX_COLUMN.F2
          : operandPrefix
            ? PREFIX_COLUMN.P66
            : PREFIX_COLUMN.NP;
    leaf +=
      column * cellStrides[stride + DIMENSION.PREFIX] +
      reg * cellStrides[stride + DIMENSION.REG] +
      rm * cellStrides[stride + DIMENSION.RM];
    if (mod === 3) leaf += cellStrides[stride + DIMENSION.MOD];
    if (long) {
      leaf += cellStrides[stride + DIMENSION.LONG];
      if ((rex & 8) !== 0) leaf += cellStrides[stride + DIMENSION.REX_W];
      if ((rex & 1) !== 0) leaf += cellStrides[stride + DIMENSION.REX_B];
    }
  }
  const id = leaves[leaf];
  if (id < 0) return 'invalid';
  const traits = rowTraits[id];

  let operandSize: 2 | 4 | 8;
  if (long) {
    if ((rex & 8) !== 0 || (traits & TRAIT.FORCE64) !== 0) operandSize = 8;
    else if (operandPrefix) operandSize = 2;
    else operandSize = (traits & TRAIT.DEFAULT64) !== 0 ? 8 : 4;
  } else operandSize = (codeSize === 32) !== operandPrefix ? 4 : 2;
  const addressSize = long ? (addressPrefix ? 4 : 8) : (codeSize === 32) !== addressPrefix ? 4 : 2;

  const rexR = (rex & 4) << 1,
    rexB = (rex & 1) << 3;
  const opcodeReg = (opcode & 7) | rexB;
  const hasModrmMemory = hasModrm && mod !== 3;
  let base = -1,
    index = -1,
    scale = 1,
    disp = 0,
    segment: number = SEG.DS;
  if (hasModrmMemory) {
    let dispBytes = mod === 1 ? 1 : mod === 2 ? (addressSize === 2 ? 2 : 4) : 0;
    if (addressSize === 2) {
      if (mod === 0 && rm === 6) dispBytes = 2;
      else {
        base = BASE16[rm];
        index = INDEX16[rm];
        segment = DEFAULT_SEGMENT16[rm];
      }
    } else {
      let low = rm;
      if (rm === 4) {
        if (pos >= limit) return outOfBytes(pos + 1, longest);
        const sib = bytes[pos++];
        low = sib & 7;
        index = ((sib >> 3) & 7) | ((rex & 2) << 2);
        if (index === RSP) index = -1;
        else scale = 1 << (sib >> 6);
      }
      if (mod === 0 && low === RBP) {
        dispBytes = 4;
        if (long && rm !== 4) base = RIP;
      } else {
        base = low | rexB;
        if (base === RSP || base === RBP) segment = SEG.SS;
      }
    }
    if (dispBytes !== 0) {
      if (pos + dispBytes > limit) return outOfBytes(pos + dispBytes, longest);
      if (dispBytes === 1) disp = (bytes[pos] << 24) >> 24;
      else if (dispBytes === 2) disp = ((bytes[pos] << 16) | (bytes[pos + 1] << 24)) >> 16;
      else disp = bytes[pos] | (bytes[pos + 1] << 8) | (bytes[pos + 2] << 16) | (bytes[pos + 3] << 24);
      pos += dispBytes;
    }
  }

  let imm = 0,
    immHigh = 0,
    imm2 = 0,
    dispHigh = 0;
  const immediate = rowImmediate[id];
  if (immediate !== IMMEDIATE.NONE) {
    const wide = immediate === IMMEDIATE.MOFFS ? addressSize : operandSize;
    const size = immediateBytes(immediate, wide);
    if (pos + size > limit) return outOfBytes(pos + size, longest);
    let low = bytes[pos];
    if (size > 1) low |= bytes[pos + 1] << 8;
    if (size >= 4) low |= (bytes[pos + 2] << 16) | (bytes[pos + 3] << 24);
    switch (immediate) {
      case IMMEDIATE.SIGNED_BYTE:
        imm = (low << 24) >> 24;
        immHigh = imm >> 31;
        break;
      case IMMEDIATE.SIGNED_Z:
        imm = size === 2 ? (low << 16) >> 16 : low;
        immHigh = imm >> 31;
        break;
      case IMMEDIATE.V:
        imm = low;
        if (size === 8) immHigh = read32(bytes, pos + 4);
        break;
      case IMMEDIATE.WORD_BYTE:
        imm = low & 0xffff;
        imm2 = bytes[pos + 2];
        break;
      case IMMEDIATE.FAR:
        imm = operandSize === 2 ? low & 0xffff : low;
        imm2 = bytes[pos + size - 2] | (bytes[pos + size - 1] << 8);
        break;
      case IMMEDIATE.MOFFS:
        disp = low >>> 0;
        if (size === 8) dispHigh = read32(bytes, pos + 4) >>> 0;
        break;
      default:
        imm = low;
    }
    pos += size;
  }

  if (lock && ((traits & TRAIT.LOCK) === 0 || !hasModrmMemory)) return 'invalid';
  if ((traits & TRAIT.REG_LOW) === 0) {
    reg |= rexR;
    if (reg > 7) {
      // of what REX.R adds only CR8 exists
      if ((traits & TRAIT.CONTROL) !== 0 && reg !== 8) return 'invalid';
      if ((traits & TRAIT.DEBUG) !== 0) return 'invalid';
    }
  }
  if ((traits & TRAIT.RM_LOW) === 0) rm |= rexB;
  if (segmentOverride >= 0 && (!long || segmentOverride >= SEG.FS)) segment = segmentOverride;
  if ((traits & TRAIT.Y_ONLY) !== 0) segment = SEG.ES;

  out.row = rows[id];
  out.length = pos - offset;
  out.codeSize = codeSize;
  out.operandSize = operandSize;
  out.addressSize = addressSize;
  out.lock = lock;
  out.rep = rep;
  out.hasRex = rex !== 0;
  out.hasModrm = hasModrm;
  out.mod = mod;
  out.reg = reg;
  out.rm = rm;
  out.opcodeReg = opcodeReg;
  out.hasMemory = hasModrmMemory || (traits & TRAIT.STRING) !== 0 || immediate === IMMEDIATE.MOFFS;
  out.segment = segment;
  out.segmentOverride = segmentOverride;
  out.base = base;
  out.index = index;
  out.scale = scale;
  out.disp = disp;
  out.dispHigh = dispHigh;
  out.imm = imm;
  out.immHigh = immHigh;
  out.imm2 = imm2;
  return 'ok';
}

/** `needed` is where the bytes asked for would end: past the length limit no further byte can help. */
function outOfBytes(needed: number, longest: number): DecodeStatus {
  return needed > longest ? 'too-long' : 'need-more';
}

function read32(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

/** `wide`: the operand size, for MOFFS the address size. */
function immediateBytes(immediate: number, wide: number): number {
  switch (immediate) {
    case IMMEDIATE.BYTE:
    case IMMEDIATE.SIGNED_BYTE:
      return 1;
    case IMMEDIATE.WORD:
      return 2;
    case IMMEDIATE.WORD_BYTE:
      return 3;
    case IMMEDIATE.SIGNED_Z:
      return wide === 2 ? 2 : 4;
    case IMMEDIATE.FAR:
      return wide === 2 ? 4 : 6;
    default:
      return wide;
  }
}
