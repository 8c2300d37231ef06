/**
 * Single random instructions out of the opcode tables, with operands that mostly make sense: addresses in the data
 * area, register operands that leave the pointers alone. What faults, faults.
 */
import type { OpcodeRow } from '../../core/isa/index.ts';
import { encodings, rows } from '../../core/isa/opcode-map.ts';
import type { Encoding } from '../../core/isa/row-text.ts';
import type { Random } from '../isa/host-cpu/random.ts';
import { ALIAS, CODE32, DATA, DATA_BYTES, HOLE, LAZY, READ_ONLY, STACK, SUPERVISOR_ONLY } from './world.ts';

export type CodeSize = 16 | 32;

const EAX = 0, ECX = 1, EDX = 2, EBX = 3, ESP = 4, EBP = 5, ESI = 6, EDI = 7; // prettier-ignore

/** Flow of control and what takes the supervisor away are made on purpose or not at all. */
const BARRED =
  /^(J|CALL|RET|IRET|INT|LOOP|ENTER|LEAVE|LGDT|LIDT|LLDT|LTR|LMSW|HLT|WRMSR|RDMSR|SYSENTER|SYSEXIT|RSM|MOV [CD]|INVD|WBINVD|UD|MONITOR|MWAIT|POPF|BOUND|LDS|LES|LSS|LFS|LGS)/;
const PRIVILEGED = /^(CLI|STI|CLTS|INVLPG|IN|OUT|INS|OUTS)$/;
const WITHOUT_REX = 1;

interface Choice {
  readonly row: OpcodeRow;
  readonly encoding: Encoding;
}

const choices = rows
  .map((row, id): Choice => ({ row, encoding: encodings[id] }))
  .filter(
    ({ row, encoding }) =>
      !row.only64 &&
      (encoding.longMask & WITHOUT_REX) !== 0 &&
      !BARRED.test(row.mnemonic) &&
      !row.operands.some(({ kind }) => 'ACD'.includes(kind)),
  );
const isVector = ({ row }: Choice): boolean => row.operands.some(({ kind }) => 'PQNVWU'.includes(kind));
const isX87 = ({ row }: Choice): boolean => row.feature === 'fpu';
const loadsSegment = ({ row }: Choice): boolean =>
  (row.mnemonic === 'MOV' && row.operands[0].kind === 'S') ||
  (row.mnemonic === 'POP' && /^[DEFGS]S$/.test(row.operands[0].fixed ?? ''));
const isStack = ({ row }: Choice): boolean => /^(PUSH|POP)/.test(row.mnemonic);
const isRare = (choice: Choice): boolean => PRIVILEGED.test(choice.row.mnemonic) || loadsSegment(choice);

const integer = choices.filter((c) => !isVector(c) && !isX87(c) && !isRare(c) && !isStack(c));
/** Those that a program is mostly made of, so that they meet each other. */
const common = integer.filter(({ row }) =>
  /^(ADD|OR|ADC|SBB|AND|SUB|XOR|CMP|TEST|MOV|MOVZX|MOVSX|INC|DEC|NEG|NOT|LEA|XCHG|SH[LR]|SAR|RO[LR]|RC[LR]|IMUL|SET|CMOV)/.test(
    row.mnemonic,
  ),
);
const x87 = choices.filter(isX87);
const vector = choices.filter(isVector);
const stack = choices.filter(isStack);
const rare = choices.filter(isRare);

export const bytesOf = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => (value >>> (i * 8)) & 0xff);

/** Somewhere that a program may want to touch. */
export function anyAddress(random: Random, size: CodeSize): number {
  const places = [DATA + random.below(DATA_BYTES), DATA + random.below(DATA_BYTES), DATA + 0xffc + random.below(8)];
  if (random.oneIn(6)) places.push(STACK - random.below(0x80), CODE32 + random.below(0x4000));
  if (size === 32 && random.oneIn(4))
    places.push(
      ALIAS + random.below(0x4000),
      READ_ONLY + random.below(0x1000),
      HOLE + 0xff8 + random.below(12),
      SUPERVISOR_ONLY + random.below(0x1000),
      LAZY + random.below(0x4000),
      LAZY - 4 + random.below(8),
    );
  if (random.oneIn(200)) places.push(random.u32());
  return random.pick(places);
}

/** Makes instructions of one code size. */
export class Instructions {
  readonly #random: Random;
  readonly #size: CodeSize;

  constructor(random: Random, size: CodeSize) {
    this.#random = random;
    this.#size = size;
  }

  any(): number[] {
    const random = this.#random;
    const dice = random.below(100);
    if (dice < 55) return this.#make(random.pick(common));
    if (dice < 73) return this.#make(random.pick(integer));
    if (dice < 81) return this.#make(random.pick(x87));
    if (dice < 92) return this.#make(random.pick(vector));
    if (dice < 98) return this.#make(random.pick(stack));
    if (random.oneIn(10)) return Array.from({ length: random.between(1, 6) }, () => random.below(256));
    return this.#make(random.pick(rare));
  }

  integer(): number[] {
    return this.#make(this.#random.pick(common));
  }

  x87(): number[] {
    return this.#make(this.#random.pick(x87));
  }

  vector(): number[] {
    return this.#make(this.#random.pick(vector));
  }

  #make({ row, encoding }: Choice): number[] {
    const random = this.#random;
    const operandSize = random.oneIn(4) ? (this.#size === 32 ? 2 : 4) : this.#size / 8;
    const addressSize = random.oneIn(12) ? (this.#size === 32 ? 2 : 4) : this.#size / 8;
    const prefixes: number[] = [];
    if (addressSize !== this.#size / 8) prefixes.push(0x67);
    // The prefix that selects the row stands last; 66 may be one of them.
    const needs66 = encoding.prefixMask === 2;
    if (operandSize !== this.#size / 8 || needs66) prefixes.push(0x66);
    if (random.oneIn(30)) prefixes.push(random.pick([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65]));
    const string = row.operands.some(({ kind }) => kind === 'X' || kind === 'Y');
    if (string && random.oneIn(3)) prefixes.push(random.pick([0xf2, 0xf3]));
    if (encoding.prefixMask === 4) prefixes.push(0xf3);
    if (encoding.prefixMask === 8) prefixes.push(0xf2);
    const opcode = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]][encoding.map];
    const code = [...opcode, encoding.opcode + this.#opcodeRegister(encoding)];
    if (encoding.hasModrm) code.push(...this.#modrm(row, encoding, addressSize));
    if (row.lock && random.oneIn(30)) prefixes.unshift(0xf0);
    const size = needs66 ? 2 : operandSize;
    for (const { kind, size: letter } of row.operands) {
      if (kind === 'O') code.push(...bytesOf(anyAddress(random, addressSize === 2 ? 16 : 32), addressSize));
      if (kind === 'I') {
        const bytes = letter === 'b' ? 1 : letter === 'w' ? 2 : letter === 'z' || letter === 'v' ? size : 1;
        code.push(...bytesOf(random.operand(), bytes));
      }
    }
    return [...prefixes, ...code];
  }

  /** Mostly not the stack pointer, and seldom a pointer. */
  #register(): number {
    const random = this.#random;
    if (random.oneIn(60)) return ESP;
    return random.oneIn(8) ? random.pick([EBX, EBP, ESI, EDI]) : random.pick([EAX, ECX, EDX]);
  }

  #opcodeRegister({ opcodeCount }: Encoding): number {
    return opcodeCount === 8 ? this.#register() : 0;
  }

  #modrm(row: OpcodeRow, encoding: Encoding, addressSize: number): number[] {
    const random = this.#random;
    const allowed = (mask: number, wanted: number): number => {
      if ((mask >> wanted) & 1) return wanted;
      return random.pick([0, 1, 2, 3, 4, 5, 6, 7].filter((value) => (mask >> value) & 1));
    };
    const freely = row.operands.some(({ kind }) => 'PQNVWUT'.includes(kind)) || row.feature === 'fpu';
    const reg = allowed(encoding.regMask, freely ? random.below(8) : this.#register());
    const memory =
      !encoding.anyMod && (encoding.modMask & 1) !== 0 && ((encoding.modMask & 2) === 0 || random.oneIn(2));
    if (!memory) {
      const rm = freely ? random.below(8) : random.oneIn(3) ? random.below(8) : this.#register();
      return [0xc0 | (reg << 3) | allowed(encoding.rmMask, rm)];
    }
    return addressSize === 4 ? this.#memory32(reg) : this.#memory16(reg);
  }

  #memory32(reg: number): number[] {
    const random = this.#random;
    const direct = anyAddress(random, 32);
    const small = random.between(-0x40, 0x40);
    switch (random.below(6)) {
      case 0:
      case 1:
        return [(reg << 3) | 5, ...bytesOf(direct, 4)];
      case 2:
        return [(reg << 3) | random.pick([EBX, ESI, EDI])];
      case 3:
        return [0x40 | (reg << 3) | random.pick([EBX, EBP, ESI, EDI]), ...bytesOf(small, 1)];
      case 4:
        // base, index and scale: the index is any register, so this goes wild now and then
        if (random.oneIn(3))
          return [
            0x80 | (reg << 3) | 4,
            (random.below(4) << 6) | (random.below(8) << 3) | random.below(8),
            ...bytesOf(direct, 4),
          ];
        return [0x40 | (reg << 3) | 4, (ESP << 3) | random.pick([EBX, EBP, ESI, EDI, ESP]), ...bytesOf(small, 1)]; // prettier-ignore
      default:
        return [0x80 | (reg << 3) | random.pick([EBX, EBP, ESI, EDI]), ...bytesOf(random.between(-0x800, 0x800), 4)];
    }
  }

  /** BX and BP point into the data, SI and DI may be offsets or pointers. */
  #memory16(reg: number): number[] {
    const random = this.#random;
    switch (random.below(5)) {
      case 0:
      case 1:
        return [(reg << 3) | 6, ...bytesOf(anyAddress(random, 16), 2)];
      case 2:
        return [0x40 | (reg << 3) | random.below(8), ...bytesOf(random.between(-0x40, 0x40), 1)];
      case 3:
        // SI and DI alone, as offsets into the data
        return [0x80 | (reg << 3) | random.pick([4, 5]), ...bytesOf(DATA + random.below(DATA_BYTES), 2)];
      default:
        return [(reg << 3) | random.pick([0, 1, 2, 3, 4, 5, 7])];
    }
  }
}
