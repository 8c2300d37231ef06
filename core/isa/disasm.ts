/**
 * Disassembler: a decoded instruction as text, Intel syntax in lower case. Mnemonics are those of the tables, except
 * where the manuals name the operand sizes of one instruction differently (CBW, CWDE, CDQE).
 */
import { REP } from './instruction.ts';
import type { Instruction, Operand } from './instruction.ts';

const BYTE_REGISTERS = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];
const REX_BYTE_REGISTERS = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const WORD_REGISTERS = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const SEGMENT_REGISTERS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];

const POINTER_NAMES: Readonly<Record<number, string>> = {
  1: 'byte ptr ',
  2: 'word ptr ',
  4: 'dword ptr ',
  6: 'fword ptr ',
  8: 'qword ptr ',
  10: 'tbyte ptr ',
  16: 'xmmword ptr ',
};

/** Names of one mnemonic at operand (JCXZ: address) sizes 2, 4 and 8. */
const SIZED_NAMES: Readonly<Record<string, readonly [string, string, string]>> = {
  CBW: ['cbw', 'cwde', 'cdqe'],
  CWD: ['cwd', 'cdq', 'cqo'],
  IRET: ['iret', 'iretd', 'iretq'],
  PUSHA: ['pusha', 'pushad', 'pushad'],
  POPA: ['popa', 'popad', 'popad'],
  PUSHF: ['pushf', 'pushfd', 'pushfq'],
  POPF: ['popf', 'popfd', 'popfq'],
  RETF: ['retf', 'retfd', 'retfq'],
  JCXZ: ['jcxz', 'jecxz', 'jrcxz'],
  MOVD: ['movd', 'movd', 'movq'],
  PEXTRD: ['pextrd', 'pextrd', 'pextrq'],
  PINSRD: ['pinsrd', 'pinsrd', 'pinsrq'],
  FXSAVE: ['fxsave', 'fxsave', 'fxsave64'],
  FXRSTOR: ['fxrstor', 'fxrstor', 'fxrstor64'],
  SYSRET: ['sysret', 'sysret', 'sysretq'],
  SYSEXIT: ['sysexit', 'sysexit', 'sysexitq'],
};

/** Bytes that an operand of this size letter has in `insn`; 0 where it has no size (LEA, INVLPG). */
export function operandBytes(size: string, insn: Instruction): number {
  switch (size) {
    case 'b':
      return 1;
    case 'w':
      return 2;
    case 'd':
      return 4;
    case 'q':
      return 8;
    case 't':
      return 10;
    case 'x':
      return 16;
    case 'v':
      return insn.operandSize;
    case 'z':
      return insn.operandSize === 2 ? 2 : 4;
    case 'y':
      return insn.operandSize === 8 ? 8 : 4;
    case 'p':
      return insn.operandSize + 2;
    case 'a':
      return insn.operandSize * 2;
    case 's':
      return insn.codeSize === 64 ? 10 : 6;
    case 'm28':
      return insn.operandSize === 2 ? 14 : 28;
    case 'm108':
      return insn.operandSize === 2 ? 94 : 108;
    case 'm512':
      return 512;
    default:
      return 0;
  }
}

/** `insn` as text; `address` is that of its first byte (the offset in the code segment), from which targets follow. */
export function format(insn: Instruction, address: bigint | number): string {
  const operands = insn.row.operands.map((operand) => operandText(operand, insn, BigInt(address)));
  return `${prefixText(insn)}${mnemonicText(insn)}${operands.length > 0 ? ` ${operands.join(', ')}` : ''}`;
}

function prefixText(insn: Instruction): string {
  let text = insn.lock ? 'lock ' : '';
  const isString = insn.row.operands.some(({ kind }) => kind === 'X' || kind === 'Y');
  if (isString && insn.rep !== REP.NONE) {
    const compares = insn.row.mnemonic === 'CMPS' || insn.row.mnemonic === 'SCAS';
    text += insn.rep === REP.REPNE ? 'repne ' : compares ? 'repe ' : 'rep ';
  }
  if (insn.segmentOverride >= 0 && !insn.hasMemory) text += `${SEGMENT_REGISTERS[insn.segmentOverride]} `;
  return text;
}

function mnemonicText(insn: Instruction): string {
  const { mnemonic } = insn.row;
  const names = SIZED_NAMES[mnemonic];
  if (names === undefined) return mnemonic.toLowerCase();
  const size = mnemonic === 'JCXZ' ? insn.addressSize : insn.operandSize;
  return names[size === 2 ? 0 : size === 4 ? 1 : 2];
}

function operandText(operand: Operand, insn: Instruction, address: bigint): string {
  const bytes = operandBytes(operand.size, insn);
  switch (operand.kind) {
    case 'E':
      return insn.mod === 3 ? generalRegister(insn.rm, bytes, insn.hasRex) : memoryText(bytes, insn);
    case 'Q':
      return insn.mod === 3 ? `mm${insn.rm}` : memoryText(bytes, insn);
    case 'W':
      return insn.mod === 3 ? `xmm${insn.rm}` : memoryText(bytes, insn);
    case 'M':
      return memoryText(bytes, insn);
    case 'R':
      return generalRegister(insn.rm, bytes, insn.hasRex);
    case 'G':
      return generalRegister(insn.reg, bytes, insn.hasRex);
    case 'Z':
      return generalRegister(insn.opcodeReg, bytes, insn.hasRex);
    case 'P':
      return `mm${insn.reg}`;
    case 'N':
      return `mm${insn.rm}`;
    case 'V':
      return `xmm${insn.reg}`;
    case 'U':
      return `xmm${insn.rm}`;
    case 'T':
      return `st(${insn.rm})`;
    case 'S':
      return SEGMENT_REGISTERS[insn.reg];
    case 'C':
      return `cr${insn.reg}`;
    case 'D':
      return `dr${insn.reg}`;
    case 'I':
      return immediateText(operand, bytes, insn);
    case 'J':
      return hex(BigInt.asUintN(insn.operandSize * 8, address + BigInt(insn.length) + BigInt(insn.imm)));
    case 'A':
      return `${hex(insn.imm2)}:${hex(insn.imm >>> 0)}`;
    case 'O':
      return `${POINTER_NAMES[bytes]}${segmentText(insn, true)}[${hex(moffs(insn))}]`;
    case 'X':
      return `${POINTER_NAMES[bytes]}${segmentText(insn, false)}[${generalRegister(6, insn.addressSize, true)}]`;
    case 'Y':
      return `${POINTER_NAMES[bytes]}es:[${generalRegister(7, insn.addressSize, true)}]`;
    case 'K':
      return fixedText(operand.fixed!, bytes);
  }
}

function generalRegister(number: number, bytes: number, hasRex: boolean): string {
  if (number >= 8) return `r${number}${bytes === 1 ? 'b' : bytes === 2 ? 'w' : bytes === 4 ? 'd' : ''}`;
  if (bytes === 1) return (hasRex ? REX_BYTE_REGISTERS : BYTE_REGISTERS)[number];
  return `${bytes === 2 ? '' : bytes === 4 ? 'e' : 'r'}${WORD_REGISTERS[number]}`;
}

function fixedText(name: string, bytes: number): string {
  if (name === 'rAX' || name === 'eAX') return generalRegister(0, bytes, false);
  return name === 'ST0' ? 'st(0)' : name.toLowerCase();
}

/** Sign-extended immediates are shown at the width that they are extended to, others at their own. */
function immediateText(operand: Operand, bytes: number, insn: Instruction): string {
  const value = (BigInt(insn.immHigh) << 32n) | BigInt(insn.imm >>> 0);
  const second = operand !== insn.row.operands.find(({ kind }) => kind === 'I');
  if (second) return hex(insn.imm2);
  return hex(BigInt.asUintN((operand.signExtended ? insn.operandSize : bytes) * 8, value));
}

function moffs(insn: Instruction): bigint {
  return (BigInt(insn.dispHigh) << 32n) | BigInt(insn.disp);
}

function segmentText(insn: Instruction, absolute: boolean): string {
  const overridden = insn.segmentOverride >= 0 && insn.segment === insn.segmentOverride;
  return overridden || (absolute && insn.codeSize !== 64) ? `${SEGMENT_REGISTERS[insn.segment]}:` : '';
}

function memoryText(bytes: number, insn: Instruction): string {
  const terms: string[] = [];
  if (insn.base === 16) terms.push(insn.addressSize === 8 ? 'rip' : 'eip');
  else if (insn.base >= 0) terms.push(generalRegister(insn.base, insn.addressSize, true));
  if (insn.index >= 0) {
    terms.push(generalRegister(insn.index, insn.addressSize, true) + (insn.scale > 1 ? `*${insn.scale}` : ''));
  }
  const absolute = terms.length === 0;
  let text = terms.join('+');
  if (absolute) text = hex(BigInt.asUintN(insn.addressSize * 8, BigInt(insn.disp)));
  else if (insn.disp !== 0) text += insn.disp < 0 ? `-${hex(-insn.disp)}` : `+${hex(insn.disp)}`;
  return `${POINTER_NAMES[bytes] ?? ''}${segmentText(insn, absolute)}[${text}]`;
}

function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
