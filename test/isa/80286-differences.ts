/**
 * Where an 80286 differs from the processors that came after it (Intel SDM volume 3, chapter 22 "Architecture
 * Compatibility", and 80386 Programmer's Reference, chapter 14 "80286 compatibility"). A case listed here is not
 * compared, or not in the flags named; everything else is, bit for bit. Each entry selects by what the case is, never by how it came out here.
 */
import type { Vector } from './vectors-80286.ts';

export interface Difference {
  readonly title: string;
  readonly reason: string;
  /** Only these flags are left out, everything else is compared; undefined: the case is not compared. */
  readonly flags?: number;
  readonly applies: (code: Code, vector: Vector) => boolean;
}

/** The prefixes and the first bytes of a vector's instruction. */
export interface Code {
  readonly locked: boolean;
  readonly stackSegment: boolean;
  readonly otherSegment: boolean;
  readonly opcode: number;
  readonly mod: number;
  readonly reg: number;
  readonly rm: number;
  /** In bytes, prefixes included, without the HLT that ends the test. */
  readonly length: number;
}

const ES = 0x26, CS = 0x2e, SS = 0x36, DS = 0x3e, LOCK = 0xf0, REPNE = 0xf2, REPE = 0xf3; // prettier-ignore
const PREFIXES = [ES, CS, SS, DS, LOCK, REPNE, REPE];

function parse(vector: Vector): Code {
  const bytes = Uint8Array.from(vector.bytes.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  let at = 0;
  while (PREFIXES.includes(bytes[at])) at++;
  const segment = bytes.subarray(0, at).findLast((b) => b === ES || b === CS || b === SS || b === DS);
  const modrm = bytes[at + 1];
  return {
    locked: bytes.subarray(0, at).includes(LOCK),
    stackSegment: segment === SS,
    otherSegment: segment !== undefined && segment !== SS,
    opcode: bytes[at],
    mod: modrm >> 6,
    reg: (modrm >> 3) & 7,
    rm: modrm & 7,
    length: bytes.length - 1,
  };
}

/** Opcodes that the 80386 and later accept with LOCK when the destination is memory: SDM volume 2, "LOCK". */
function lockable({ opcode, mod, reg }: Code): boolean {
  if (mod === 3) return false;
  if (opcode < 0x38 && (opcode & 7) < 2) return true; // ADD OR ADC SBB AND SUB XOR with the register as source
  if (opcode >= 0x80 && opcode <= 0x83) return reg !== 7;
  if (opcode === 0x86 || opcode === 0x87) return true;
  if (opcode === 0xf6 || opcode === 0xf7) return reg === 2 || reg === 3;
  return (opcode === 0xfe || opcode === 0xff) && reg < 2;
}

/** Instructions with a ModRM byte whose memory form is addressed through SS unless overridden: [BP+SI], [BP+DI], [BP]. */
function addressesStack(code: Code): boolean {
  if (code.mod === 3 || code.otherSegment) return false;
  return code.stackSegment || code.rm === 2 || code.rm === 3 || (code.rm === 6 && code.mod !== 0);
}

const POP_ES = 0x07, POP_SS = 0x17, POP_DS = 0x1f, POPA = 0x61, POPF = 0x9d, LEAVE = 0xc9, IRET = 0xcf; // prettier-ignore
const RETURNS = [0xc2, 0xc3, 0xca, 0xcb, IRET];
const pops = ({ opcode }: Code): boolean =>
  [POP_ES, POP_SS, POP_DS, POPA, POPF, LEAVE, ...RETURNS].includes(opcode) || (opcode >= 0x58 && opcode <= 0x5f);
const STRING_WORD = [0x6d, 0x6f, 0xa5, 0xa7, 0xab, 0xad, 0xaf];
const MOFFS = [0xa1, 0xa3];

const GENERAL_PROTECTION = 13;

export const DIFFERENCES: readonly Difference[] = [
  {
    title: 'LOCK before an instruction that does not take it',
    reason: 'the 80286 locks the bus for any instruction; since the 80386 the prefix raises #UD outside a fixed list',
    applies: (code) => code.locked && !lockable(code),
  },
  {
    title: 'instruction longer than 10 bytes',
    reason: 'the 80286 raises exception 13 above 10 bytes, later processors above 15',
    applies: (code, vector) => code.length > 10 && vector.exception?.vector === GENERAL_PROTECTION,
  },
  {
    title: 'word at offset FFFFh of the stack segment',
    reason: 'the 80286 raises exception 13 for it in real mode, later processors raise #SS (12)',
    applies: (code, vector) =>
      vector.exception?.vector === GENERAL_PROTECTION &&
      !STRING_WORD.includes(code.opcode) &&
      !MOFFS.includes(code.opcode) &&
      (pops(code) || addressesStack(code)),
  },
  {
    title: 'string instruction that leaves its segment',
    reason:
      'the 80286 has already moved SI, DI and CX when it raises exception 13; later processors restart the instruction',
    applies: (code, vector) => vector.exception?.vector === GENERAL_PROTECTION && STRING_WORD.includes(code.opcode),
  },
  {
    title: 'FS and GS',
    reason: 'the 80286 has no FS and GS: their encodings in MOV to and from segment registers raise #UD there',
    applies: (code) => (code.opcode === 0x8c || code.opcode === 0x8e) && (code.reg === 4 || code.reg === 5),
  },
  {
    title: 'OF of an 8-bit RCL or RCR by an immediate count',
    reason: 'undefined for counts other than 1; the recordings mask it in all other rotates by a count, not in these',
    flags: 0x0800,
    applies: (code) => code.opcode === 0xc0 && (code.reg === 2 || code.reg === 3),
  },
];

export function differenceOf(vector: Vector): Difference | undefined {
  const code = parse(vector);
  return DIFFERENCES.find((difference) => difference.applies(code, vector));
}
