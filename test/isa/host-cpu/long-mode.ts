/**
 * Re-encodes a case of 32-bit code for 64-bit mode, with the same effect on the low 32 bits of registers and on memory
 * below 4 GiB; for hosts whose kernel runs no 32-bit programs. Intel SDM volume 1, 3.6 and volume 2, 2.2.1; AMD APM
 * volume 3, 1.2 and appendix B (instructions that are invalid or change their meaning in 64-bit mode).
 *
 * Each instruction becomes one instruction: nothing is emulated. What has no counterpart is left to another truth:
 * 32-bit pushes, pops, calls and returns (64-bit mode has none), 16-bit string instructions and counters, branches with
 * an operand-size prefix (Intel ignores it there), and opcodes that 64-bit mode lacks.
 */
import { decode, newInstruction, type Instruction } from '../../../core/isa/index.ts';
import { encodings } from '../../../core/isa/opcode-map.ts';
import { CODE, CODE_BYTES, type HostCase, type HostResult } from './stream.ts';

export interface LongModeCase {
  readonly code: readonly number[];
  readonly start: number;
  /** Where instructions start, and last where the code ends. */
  readonly places: readonly Place[];
}

interface Place {
  /** In the 32-bit code. */
  readonly address32: number;
  readonly address64: number;
  /** ModRM in both, where it had to change. */
  readonly modrm32?: number | undefined;
  readonly modrm64?: number | undefined;
}

interface Piece {
  readonly code: number[];
  readonly modrm32?: number | undefined;
  readonly modrm64?: number | undefined;
}

interface PlacedPiece extends Piece {
  /** In the 32-bit code. */
  readonly at: number;
  readonly length: number;
  /** Bytes of a jump's distance, at the end. */
  readonly relative: number;
}

const OPERAND_SIZE = 0x66;
const ADDRESS_SIZE = 0x67;
const LOCK = 0xf0;
export const PREFIXES: readonly number[] = [
  0x26,
  0x2e,
  0x36,
  0x3e,
  0x64,
  0x65,
  OPERAND_SIZE,
  ADDRESS_SIZE,
  LOCK,
  0xf2,
  0xf3,
];
/** ModRM.rm or SIB.base with mod 0 that name a displacement instead, and ModRM.rm that names a SIB. */
const RM_DISP32 = 5, RM_DISP16 = 6, RM_SIB = 4; // prettier-ignore
/** No base, no index: the absolute address for which 64-bit mode's ModRM has no form of its own. */
const SIB_DISP32 = 0x25;
const NO_REGISTERS: readonly number[] = [];

const COUNTS = /^(LOOP|LOOPE|LOOPNE|JCXZ)$/;
/** They address memory that no operand of their row names. */
const IMPLICIT_MEMORY = /^(XLAT|MASKMOV)/;
/** With a 16-bit operand size they are in 64-bit mode what they were. */
const STACK_16 = /^(PUSH|POP|PUSHF|POPF|ENTER|LEAVE)$/;

/** Undefined where an instruction has no counterpart. */
export function toLongMode({ code, regs }: HostCase): LongModeCase | undefined {
  const bytes = Uint8Array.from(code);
  const pieces: PlacedPiece[] = [];
  for (let at = 0; at < bytes.length;) {
    const insn = decodeAny(bytes, at);
    // 16-bit addresses are worked out from registers, which are known before the first instruction alone
    const piece = insn && translate(bytes, at, insn, at === 0 ? regs : NO_REGISTERS);
    if (!insn || !piece) return undefined;
    pieces.push({ ...piece, at, length: insn.length, relative: relativeBytes(insn) });
    at += insn.length;
  }

  const length64 = pieces.reduce((sum, piece) => sum + piece.code.length, 0);
  if (length64 > CODE_BYTES) return undefined;
  // both codes end at the same address: a relative jump in the last instruction keeps its distance
  const start = CODE + bytes.length - length64;
  const places: Place[] = [];
  let address64 = start;
  for (const { at, code: bytes64, modrm32, modrm64 } of pieces) {
    places.push({ address32: CODE + at, address64, modrm32, modrm64 });
    address64 += bytes64.length;
  }
  places.push({ address32: CODE + bytes.length, address64 });
  for (const [i, piece] of pieces.entries())
    if (piece.relative > 0 && !aim(piece, places, places[i + 1])) return undefined;
  return { code: pieces.flatMap((piece) => piece.code), start, places };
}

/** Gives a jump the distance to its target's new place. False: too far. */
function aim({ code, relative }: PlacedPiece, places: readonly Place[], end: Place): boolean {
  const at = code.length - relative;
  const target32 = end.address32 + signedAt(code, at, relative);
  const target64 = places.find(({ address32 }) => address32 === target32)?.address64 ?? target32;
  const distance = target64 - end.address64;
  for (let i = 0; i < relative; i++) code[at + i] = (distance >> (i * 8)) & 0xff;
  return signedAt(code, at, relative) === distance;
}

/** LOCK where it is not allowed makes an instruction undefined whatever it is: then the rest of it is decoded. */
function decodeAny(bytes: Uint8Array, at: number): Instruction | undefined {
  const insn = newInstruction();
  if (decode(bytes, at, bytes.length, 32, insn) === 'ok') return insn;
  for (let prefix = at; PREFIXES.includes(bytes[prefix]); prefix++) {
    if (bytes[prefix] !== LOCK) continue;
    const without = Uint8Array.from([...bytes.subarray(0, prefix), ...bytes.subarray(prefix + 1)]);
    if (decode(without, at, without.length, 32, insn) !== 'ok') return undefined;
    insn.length++;
    return insn;
  }
  return undefined;
}

function translate(bytes: Uint8Array, start: number, insn: Instruction, regs: readonly number[]): Piece | undefined {
  if (!hasCounterpart(insn)) return undefined;
  const { row, addressSize, hasModrm, mod } = insn;
  const end = start + insn.length;
  let at = start;
  while (PREFIXES.includes(bytes[at])) at++;
  const prefixes = Array.from(bytes.subarray(start, at));
  const { map } = encodings[row.id];
  const opcodeEnd = at + [1, 2, 3, 3][map];
  const opcode = Array.from(bytes.subarray(at, opcodeEnd));
  if (map === 0 && opcode[0] >= 0x40 && opcode[0] <= 0x4f) {
    // REX there: INC and DEC have a second form
    return { code: [...prefixes, 0xff, 0xc0 | (opcode[0] & 15)] };
  }
  if (map === 0 && opcode[0] === 0x82) opcode[0] = 0x80;

  const addresses = insn.hasMemory || COUNTS.test(row.mnemonic) || IMPLICIT_MEMORY.test(row.mnemonic);
  if (addresses && addressSize === 4) prefixes.unshift(ADDRESS_SIZE);
  const head = [...prefixes, ...opcode];
  if (!hasModrm || mod === 3) {
    const moffs16 = addressSize === 2 && row.operands.some(({ kind }) => kind === 'O');
    return { code: [...head, ...bytes.subarray(opcodeEnd, end), ...(moffs16 ? [0, 0] : [])] };
  }
  const modrm32 = bytes[opcodeEnd];
  const modrm64 = withRm(modrm32, RM_SIB);
  if (addressSize === 4) {
    const rest = bytes.subarray(opcodeEnd + 1, end);
    if (mod !== 0 || (modrm32 & 7) !== RM_DISP32) return { code: [...head, modrm32, ...rest] };
    return { code: [...head, modrm64, SIB_DISP32, ...rest], modrm32, modrm64 };
  }
  const address = address16(insn, regs);
  if (address === undefined) return undefined;
  const dispBytes = mod === 0 ? ((modrm32 & 7) === RM_DISP16 ? 2 : 0) : mod;
  const rest = bytes.subarray(opcodeEnd + 1 + dispBytes, end);
  return { code: [...head, modrm64, SIB_DISP32, address & 0xff, address >> 8, 0, 0, ...rest], modrm32, modrm64 };
}

/** The same ModRM.reg with mod 0 and another rm. */
const withRm = (modrm: number, rm: number): number => (modrm & 0x38) | rm;

function hasCounterpart({ row, operandSize, addressSize, mod }: Instruction): boolean {
  const { map, opcode } = encodings[row.id];
  const { mnemonic, operands } = row;
  if (row.no64) return map === 0 && (opcode === 0x40 || opcode === 0x48 || opcode === 0x82);
  if (addressSize === 2) {
    const strings = operands.some(({ kind }) => kind === 'X' || kind === 'Y');
    // the address is LEA's result: it would be given its answer
    if (strings || COUNTS.test(mnemonic) || IMPLICIT_MEMORY.test(mnemonic) || mnemonic === 'LEA') return false;
  }
  if (STACK_16.test(mnemonic)) return operandSize === 2;
  if (mnemonic === 'CALL' || mnemonic === 'RET') return false;
  if (mnemonic === 'JMP' || operands.some(({ kind }) => kind === 'J'))
    return operandSize === 4 && (operands[0].kind === 'J' || mod === 3);
  return true;
}

/** Undefined where the registers are not known. */
function address16({ base, index, disp }: Instruction, regs: readonly number[]): number | undefined {
  let address = disp;
  for (const register of [base, index]) {
    if (register < 0) continue;
    if (!(register in regs)) return undefined;
    address += regs[register];
  }
  return address & 0xffff;
}

/** Bytes of a jump's distance, 0 for anything else. */
function relativeBytes({ row }: Instruction): number {
  const operand = row.operands.find(({ kind }) => kind === 'J');
  return operand ? (operand.size === 'b' ? 1 : 4) : 0;
}

function signedAt(bytes: readonly number[], at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value |= bytes[at + i] << (i * 8);
  return size === 1 ? (value << 24) >> 24 : value;
}

/** Where FNSAVE's image has the last instruction's address and opcode. */
const FPU_IP = 12, FPU_OPCODE = 18; // prettier-ignore

/** A result of the 64-bit code as the 32-bit code would have had it. */
export function fromLongMode(result: HostResult, { code, start, places }: LongModeCase): HostResult {
  const placeOf = (address: number): Place | undefined => {
    if (address < start || address > start + code.length) return undefined;
    const place = places.find(({ address64 }) => address64 === address);
    if (!place) throw new Error(`an instruction pointer within an instruction: ${address.toString(16)}`);
    return place;
  };
  const eip = placeOf(result.eip)?.address32 ?? result.eip;
  // after an exception the pointers are the kernel's
  if (!result.fpu || result.vector !== undefined) return { ...result, eip };

  const fpu = Uint8Array.from(result.fpu);
  const view = new DataView(fpu.buffer);
  const last = placeOf(view.getUint32(FPU_IP, true));
  if (last) view.setUint32(FPU_IP, last.address32, true);
  // the opcode's low byte is ModRM
  if (last?.modrm32 !== undefined && fpu[FPU_OPCODE] === last.modrm64) fpu[FPU_OPCODE] = last.modrm32;
  return { ...result, eip, fpu };
}
