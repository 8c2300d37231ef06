/**
 * Makes cases from forms: random registers, flags and memory, addresses that fall into the data area, jumps that fall
 * into the code page, and operands where an instruction has its corners. A case depends on its seed alone.
 */
import type { Form } from './forms.ts';
import { CODE, DATA, DATA_SIZE } from './stream.ts';
import type { HostCase } from './stream.ts';
import { Random } from './random.ts';

const EAX = 0, ECX = 1, EDX = 2, EBX = 3, ESP = 4, EBP = 5, ESI = 6, EDI = 7; // prettier-ignore
const MIDDLE = DATA + DATA_SIZE / 2;
const ARITHMETIC_FLAGS = 0x8d5;
const EFLAGS_IF = 0x200, EFLAGS_DF = 0x400, EFLAGS_TF = 0x100, EFLAGS_FIXED = 2; // prettier-ignore
const RUN_BYTE = 0x41;

/** The data area before the first case: random bytes, and stretches of one byte so that REP CMPS and SCAS get far. */
export function dataImage(seed: number): Uint8Array {
  const random = new Random(seed);
  return Uint8Array.from({ length: DATA_SIZE }, (_, i) => {
    const value = random.u32() & 0xff;
    return (i & 0x100) === 0 ? value : value < 8 ? RUN_BYTE + 1 : RUN_BYTE;
  });
}

/** Registers that an instruction names without ModRM, kept out of its address when its operands are tuned. */
const IMPLICIT: Readonly<Record<string, readonly number[]>> = {
  DIV: [EAX, EDX], IDIV: [EAX, EDX], CMPXCHG: [EAX], CMPXCHG8B: [EAX, EDX],
  ROL: [ECX], ROR: [ECX], RCL: [ECX], RCR: [ECX], SHL: [ECX], SHR: [ECX], SAR: [ECX], SHLD: [ECX], SHRD: [ECX],
}; // prettier-ignore
const SHIFTS = ['ROL', 'ROR', 'RCL', 'RCR', 'SHL', 'SHR', 'SAR', 'SHLD', 'SHRD'];
const BIT_TESTS = ['BT', 'BTS', 'BTR', 'BTC'];
/** Their operands have to lead into the data area or the code page. */
const ALWAYS_TUNED = [...BIT_TESTS, 'CALL', 'JMP'];

class CaseMaker {
  readonly regs: number[];
  eflags: number;
  patchAddress = MIDDLE;
  patch: number[] = [];
  /** Where the E operand is: a register's number, or undefined for memory at `address`. */
  rm = 0;
  reg = 0;
  address = 0;
  locked = false;
  readonly form: Form;
  readonly random: Random;

  constructor(form: Form, seed: number) {
    const random = new Random(seed);
    this.form = form;
    this.random = random;
    this.regs = Array.from({ length: 8 }, () => random.operand());
    this.regs[ESP] = this.#somewhere() & (random.oneIn(4) ? ~0 : ~3);
    this.eflags = EFLAGS_FIXED | EFLAGS_IF | (random.u32() & ARITHMETIC_FLAGS) | (random.oneIn(3) ? EFLAGS_DF : 0);
  }

  /** An address with more than 3 KiB of the data area on both sides. */
  #somewhere(): number {
    return MIDDLE + this.random.between(-0x300, 0x300);
  }

  make(): HostCase {
    const { form, random } = this;
    const { row, encoding } = form;
    const tuned = !random.oneIn(4) || ALWAYS_TUNED.includes(row.mnemonic);
    const modrm = encoding.hasModrm ? this.#modrm(tuned) : [];
    this.#stringOperands();
    const opcode = this.#opcode();
    if (tuned) this.#tune();
    const immediates = this.#immediates();
    const code = [...this.#prefixes(), ...opcode, ...modrm, ...immediates.bytes];
    if (immediates.relative > 0) this.#aim(code, immediates.relative);
    this.#stackOperands();
    return {
      regs: this.regs.map((value) => value >>> 0),
      eflags: this.eflags,
      code,
      patch: { offset: this.patchAddress - DATA, bytes: this.patch },
    };
  }

  #prefixes(): number[] {
    const { form, random } = this;
    const prefixes: number[] = [];
    if (form.operandSize === 2) prefixes.push(0x66);
    if (form.addressSize === 2) prefixes.push(0x67);
    if (this.locked) prefixes.push(0xf0);
    if (form.memory && random.oneIn(12)) prefixes.push(random.pick([0x26, 0x36, 0x3e]));
    if (form.rep !== 0) prefixes.push(form.rep);
    if (form.encoding.prefixMask === 4) prefixes.push(0xf3);
    if (form.encoding.prefixMask === 8) prefixes.push(0xf2);
    return prefixes;
  }

  #opcode(): number[] {
    const { map, opcode, opcodeCount } = this.form.encoding;
    const escape = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]][map];
    return [...escape, opcode + this.random.below(opcodeCount)];
  }

  /** ModRM, SIB and displacement; for memory the address is solved to fall into the data area. */
  #modrm(tuned: boolean): number[] {
    const { form, random } = this;
    const { row, encoding } = form;
    const digits = [0, 1, 2, 3, 4, 5, 6, 7].filter((digit) => (encoding.regMask >> digit) & 1);
    this.reg = random.pick(digits);
    if (!form.memory) {
      this.locked = random.oneIn(40) && !row.operands.some(({ kind }) => kind === 'C');
      this.rm = random.pick([0, 1, 2, 3, 4, 5, 6, 7].filter((number) => (encoding.rmMask >> number) & 1));
      if (row.mnemonic === 'CALL' && this.rm === ESP) this.rm = EAX; // its target would be its stack
      return [0xc0 | (this.reg << 3) | this.rm];
    }
    this.locked = random.oneIn(row.lock ? 4 : 40);
    // aligned, so that a locked access never crosses a cache line (the host punishes that with a pause)
    const alignment = this.locked ? 8 : form.alignment !== undefined && !random.oneIn(6) ? form.alignment : 1;
    this.address = this.#somewhere() & -alignment;
    this.#patchWith([random.operand(), random.operand()]);
    const reserved = new Set(tuned ? IMPLICIT[row.mnemonic] : []);
    if (BIT_TESTS.includes(row.mnemonic) && row.operands[1].kind === 'G') {
      reserved.add(this.reg);
      if (this.reg === ESP) this.reg = random.pick([EAX, ECX, EDX, EBX]);
      reserved.add(this.reg);
      this.regs[this.reg] = random.between(-8000, 8000);
    }
    return form.addressSize === 2 ? this.#modrm16(reserved) : this.#modrm32(reserved);
  }

  #modrm16(reserved: ReadonlySet<number>): number[] {
    const { random } = this;
    const bases = [EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX];
    const indexes = [ESI, EDI, ESI, EDI, -1, -1, -1, -1];
    const choices = [0, 1, 2, 3, 4, 5, 6, 7].filter((rm) => !reserved.has(bases[rm]) && !reserved.has(indexes[rm]));
    const rm = choices.length > 0 ? random.pick(choices) : 6;
    const mod = choices.length > 0 ? random.below(3) : 0;
    const code = [(mod << 6) | (this.reg << 3) | rm];
    const direct = mod === 0 && rm === 6;
    const index = indexes[rm] >= 0 ? this.regs[indexes[rm]] : 0;
    if (direct || mod === 2) {
      const sum = direct ? 0 : this.regs[bases[rm]] + index;
      return [...code, ...bytesOf(this.address - sum, 2)];
    }
    const disp = mod === 1 ? random.between(-128, 127) : 0;
    const low = (this.address - index - disp) & 0xffff;
    this.regs[bases[rm]] = (this.regs[bases[rm]] & 0xffff0000) | low;
    return mod === 1 ? [...code, disp & 0xff] : code;
  }

  #modrm32(reserved: ReadonlySet<number>): number[] {
    const { random } = this;
    const free = [EAX, ECX, EDX, EBX, EBP, ESI, EDI].filter((n) => !reserved.has(n));
    const mod = random.below(3);
    const displacement = mod === 1 ? random.between(-128, 127) : 0;
    const withSib = random.oneIn(2);
    if (!withSib) {
      const rm = random.pick(free);
      const code = [(mod << 6) | (this.reg << 3) | rm];
      if (mod === 0 && rm === EBP) return [...code, ...bytesOf(this.address, 4)];
      if (mod === 2) return [...code, ...bytesOf(this.address - this.regs[rm], 4)];
      this.regs[rm] = this.address - displacement;
      return mod === 1 ? [...code, displacement & 0xff] : code;
    }
    const scale = random.below(4);
    const base = random.oneIn(4) ? ESP : random.pick(free);
    // ESP has to stay in the data area, so nothing else may take part when it is solved for
    let index = base === ESP && mod !== 2 ? ESP : random.pick([...free, ESP]);
    if (index === base && mod !== 2) index = ESP;
    const scaled = index === ESP ? 0 : Math.imul(this.regs[index], 1 << scale);
    const code = [(mod << 6) | (this.reg << 3) | ESP, (scale << 6) | (index << 3) | base];
    if (mod === 0 && base === EBP) return [...code, ...bytesOf(this.address - scaled, 4)];
    if (mod === 2) return [...code, ...bytesOf(this.address - scaled - this.regs[base], 4)];
    this.regs[base] = this.address - scaled - displacement;
    return mod === 1 ? [...code, displacement & 0xff] : code;
  }

  #patchWith(words: readonly number[]): void {
    this.patchAddress = this.address;
    this.patch = words.flatMap((word) => bytesOf(word, 4));
  }

  /** Gives the E operand a value of the operand's size (1: byte register numbering). */
  #setRm(value: number, size: number): void {
    if (this.form.memory) this.patch.splice(0, size, ...bytesOf(value, size));
    else this.#setRegister(this.rm, value, size);
  }

  #setRegister(n: number, value: number, size: number): void {
    if (size === 4) this.regs[n] = value;
    else if (size === 2) this.regs[n] = (this.regs[n] & 0xffff0000) | (value & 0xffff);
    else if (n < 4) this.regs[n] = (this.regs[n] & 0xffffff00) | (value & 0xff);
    else this.regs[n - 4] = (this.regs[n - 4] & 0xffff00ff) | ((value & 0xff) << 8);
  }

  #sizeOf(letter: string): number {
    return letter === 'b' ? 1 : letter === 'w' ? 2 : this.form.operandSize;
  }

  #tune(): void {
    const { form, random, regs } = this;
    const { mnemonic, operands } = form.row;
    const size = this.#sizeOf(operands[0]?.size ?? '');
    switch (mnemonic) {
      case 'DIV':
      case 'IDIV':
        this.#tuneDivision(size, mnemonic === 'IDIV');
        break;
      case 'CMPXCHG':
        if (random.oneIn(2)) this.#setRm(regs[EAX], size);
        break;
      case 'CMPXCHG8B':
        if (random.oneIn(2)) this.patch = [...bytesOf(regs[EAX], 4), ...bytesOf(regs[EDX], 4)];
        break;
      case 'BOUND':
        if (random.oneIn(2)) {
          const index = form.operandSize === 2 ? (regs[this.reg] << 16) >> 16 : regs[this.reg] | 0;
          const bounds = [index - random.below(3), index + random.below(3)];
          this.patch = bounds.flatMap((bound) => bytesOf(bound, form.operandSize));
        }
        break;
      case 'CALL':
      case 'JMP':
        if (operands[0].kind === 'E') this.#setRm(this.#target(), form.operandSize);
        break;
      default:
        if (SHIFTS.includes(mnemonic) && operands.at(-1)?.fixed === 'CL') this.#setRegister(ECX, random.below(40), 1);
    }
  }

  /** Quotients that mostly fit. */
  #tuneDivision(size: number, signed: boolean): void {
    const { random, regs } = this;
    const bits = size * 8;
    const high = random.pick([0, 1, 2, random.u32() >>> random.below(32)]);
    const low = random.operand();
    const extension = signed && random.oneIn(2) ? (random.oneIn(8) ? ~high : (low << (32 - bits)) >> 31) : high;
    if (size === 1) this.#setRegister(EAX, ((extension & 0xff) << 8) | (low & 0xff), 2);
    else {
      this.#setRegister(EAX, low, size);
      this.#setRegister(EDX, extension, size);
    }
    if (this.form.memory || (this.rm !== EAX && this.rm !== EDX)) {
      if (random.oneIn(3)) this.#setRm(random.pick([0, 1, -1, 2, -2, high + 1, -high - 1]), size);
    }
    regs[EAX] >>>= 0;
  }

  #stringOperands(): void {
    const { form, random, regs } = this;
    const { mnemonic, operands } = form.row;
    const place = (n: number): void => {
      this.#setRegister(n, this.#somewhere(), form.addressSize);
    };
    const strings = operands.filter(({ kind }) => kind === 'X' || kind === 'Y');
    if (strings.length > 0) {
      place(ESI);
      place(EDI);
      const io = mnemonic === 'INS' || mnemonic === 'OUTS';
      this.#setRegister(ECX, random.between(io ? 1 : 0, 40), form.addressSize);
      if (mnemonic === 'CMPS' && random.oneIn(3)) regs[EDI] = regs[ESI];
      if (mnemonic === 'SCAS' && random.oneIn(2)) regs[EAX] = RUN_BYTE * 0x01010101;
    }
    if (mnemonic === 'XLAT') place(EBX);
    if (mnemonic === 'ENTER' || mnemonic === 'LEAVE') this.#setRegister(EBP, this.#somewhere(), 4);
    if (mnemonic.startsWith('LOOP') || mnemonic === 'JCXZ')
      if (random.oneIn(2)) this.#setRegister(ECX, random.below(3), form.addressSize);
  }

  /** Immediate bytes; `relative` is the size of a jump's distance, still to be aimed. */
  #immediates(): { bytes: number[]; relative: number } {
    const { form } = this;
    const bytes: number[] = [];
    let relative = 0;
    for (const { kind, size } of form.row.operands) {
      if (kind === 'O') bytes.push(...bytesOf(this.#somewhere(), form.addressSize));
      if (kind === 'J') {
        relative = size === 'b' ? 1 : form.operandSize;
        bytes.push(...bytesOf(0, relative));
      }
      if (kind === 'I') bytes.push(...this.#immediate(size));
    }
    return { bytes, relative };
  }

  #immediate(size: string): number[] {
    const { form, random } = this;
    const { mnemonic } = form.row;
    if (size === 'w') return bytesOf(random.below(0x60), 2); // RET, ENTER: stays in the data area
    if (size === 'b') {
      if (SHIFTS.includes(mnemonic)) return [random.oneIn(4) ? random.below(256) : random.below(40)];
      if (mnemonic === 'AAM' || mnemonic === 'AAD') return [random.pick([10, 10, 0, 1, 16, 255, random.below(256)])];
      return [random.operand() & 0xff];
    }
    return bytesOf(random.operand(), this.#sizeOf(size));
  }

  /** An address in the code page that is not within the case. */
  #target(): number {
    const { random } = this;
    return CODE + (random.oneIn(2) ? random.between(-0x700, -8) : random.between(64, 0x700));
  }

  #aim(code: number[], size: number): void {
    const { random } = this;
    const end = CODE + code.length;
    const near = random.oneIn(2) ? random.between(-128, -24) : random.between(48, 127);
    const distance = size === 1 ? near : this.#target() - end;
    code.splice(code.length - size, size, ...bytesOf(distance, size));
  }

  /** What a pop takes from the stack where not everything will do. */
  #stackOperands(): void {
    const { mnemonic } = this.form.row;
    if (mnemonic !== 'RET' && mnemonic !== 'POPF') return;
    this.patchAddress = this.regs[ESP];
    const value = mnemonic === 'RET' ? this.#target() : this.random.u32() & ~EFLAGS_TF;
    this.patch = bytesOf(value, this.form.operandSize);
  }
}

function bytesOf(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => (value >>> (i * 8)) & 0xff);
}

export function makeCase(form: Form, seed: number): HostCase {
  return new CaseMaker(form, seed).make();
}
