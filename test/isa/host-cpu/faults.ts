/**
 * Programs that end in an exception, or do not: loops whose pointer walks off the data area, whose divisor counts down to
 * nothing, that stumble into an undefined or privileged instruction, a breakpoint or a single step, check the alignment of
 * what they access, let the FPU or SSE raise what they find, or jump to where no code is. Everything that an exception
 * shows to software is then compared: registers, flags and memory after some rounds, not after none.
 */
import type { Form } from './forms.ts';
import { makeCase } from './generator.ts';
import { CODE, CODE_PAGE, CODE_PAGE_SIZE, DATA, DATA_SIZE, SSE_BYTES, type HostCase } from './stream.ts';
import { Random, mixSeed } from './random.ts';

const EAX = 0, ECX = 1, EDX = 2, EBX = 3, EBP = 5; // prettier-ignore
const RM_DISP32 = 5;
/** In the middle, where no pointer walks: rounds left, the pointer, the divisor. */
const ROUNDS = DATA + 0x1000, POINTER = ROUNDS + 4, DIVISOR = ROUNDS + 8; // prettier-ignore
/** What of their exceptions the FPU and SSE mask, and a place for MXCSR. */
const FPU_CONTROL = ROUNDS + 12, SSE_CONTROL = ROUNDS + 16, SSE_STORED = ROUNDS + 20; // prettier-ignore
const REACH = 0x80, FARTHEST = 0xd00; // prettier-ignore
/** TF and the flags of arithmetic and of direction. */
const TRAP = 0x100, FREE_FLAGS = 0xcd5, FIXED = 0x202, ALIGNMENT = 0x40000; // prettier-ignore
/** All precision bits of the FPU's control word and its masks; MXCSR's masks. */
const FPU_MASKS = 0x3f, FPU_CONTROL_REST = 0x300, SSE_MASKS_SHIFT = 7; // prettier-ignore
const SSE_DEFAULT = 0x1f80;
/** What a program of 64-bit code may have at most; long-mode.ts makes some instructions longer. */
const CODE_BYTES = 76;
/** The parts that every program has. */
const FRAME_BYTES = 20;

const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const absolute = (reg: number, address: number): number[] => [(reg << 3) | RM_DISP32, ...word(address)];

/** Whatever instructions between left in ESI. */
const MOV_ESI_POINTER = [0x8b, ...absolute(6, POINTER)];
/** Instructions with a ModRM of memory, their flags defined. */
const WITH_MEMORY: readonly { readonly opcode: readonly number[]; readonly reg?: number; readonly imm?: number }[] = [
  ...[0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x28, 0x29, 0x2a, 0x2b, 0x19, 0x1b, 0x38, 0x39, 0x3b].map((op) => ({
    opcode: [op],
  })),
  ...[0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b].map((op) => ({ opcode: [op] })),
  ...[0xb0, 0xb1, 0xb6, 0xb7, 0xbe, 0xbf, 0xc0, 0xc1, 0x44, 0x45, 0x9f].map((op) => ({ opcode: [0x0f, op] })),
  ...[0, 5, 7].flatMap((reg) => [
    { opcode: [0x80], reg, imm: 1 },
    { opcode: [0x83], reg, imm: 1 },
  ]),
  ...[0xfe, 0xff].flatMap((op) => [0, 1].map((reg) => ({ opcode: [op], reg }))),
  ...[0xf6, 0xf7].flatMap((op) => [2, 3].map((reg) => ({ opcode: [op], reg }))),
  { opcode: [0xc6], reg: 0, imm: 1 },
  { opcode: [0x0f, 0xc7], reg: 1 },
];
const STRINGS = [0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf];
/** UD2, INT3, HLT, CLI, STI, IN, OUT, a LOCK that is not allowed. */
const STUMBLES = [[0x0f, 0x0b], [0xcc], [0xf4], [0xfa], [0xfb], [0xec], [0xee], [0xf0, 0x89, 0xc8]];

/** What leaves an x87 exception pending, or none, with the stack as it was or one deeper: by the masks. */
const X87 = [
  [0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9], // FLD1; FLDZ; FDIVP
  [0xd9, 0xee, 0xd9, 0xee, 0xde, 0xf9], // FLDZ; FLDZ; FDIVP
  [0xd9, 0xe8, 0xd9, 0xeb, 0xde, 0xf9], // FLD1; FLDPI; FDIVP
  [0xd9, 0xe8, 0xd9, 0xe0, 0xd9, 0xfa], // FLD1; FCHS; FSQRT
  [0xd8, 0xc1], // FADD ST0,ST1 of an empty stack
  [0xd9, 0xe8, 0xd9, 0xe8, 0xde, 0xc1], // FLD1; FLD1; FADDP
];
/** What finds it: FWAIT; FNOP; FLDZ; FNSTSW AX; and FNSTSW AX, which does not, before FWAIT. */
const X87_AFTER = [[0x9b], [0xd9, 0xd0], [0xd9, 0xee], [0xdf, 0xe0], [0xdf, 0xe0, 0x9b]];
/** On XMM0, which is 0, and XMM1, which was made of an integer. */
const SSE_OPERATIONS = [
  [0xf3, 0x0f, 0x5e, 0xc8], // DIVSS XMM1,XMM0
  [0xf3, 0x0f, 0x5e, 0xc0], // DIVSS XMM0,XMM0
  [0xf3, 0x0f, 0x51, 0xc9], // SQRTSS XMM1,XMM1
  [0x0f, 0x59, 0xc9], // MULPS XMM1,XMM1
  [0x0f, 0x2f, 0xc8], // COMISS XMM1,XMM0
  [0xf3, 0x0f, 0x2c, 0xc1], // CVTTSS2SI EAX,XMM1
];
/** Unmapped before the data, after the code and far off, and the data, which is not executed. */
const NO_CODE = [0x20, 0x7fff, DATA, DATA + 0x1234, CODE_PAGE + CODE_PAGE_SIZE, 0xe123];
/** Instructions that need more bytes than they get before their page ends. */
const CUT_OFF = [[0x81], [0x0f], [0x05, 0], [0x8b, 0x05, 0], [0xe9, 0, 0, 0], [0x66, 0x0f], [0xf3, 0x0f, 0x5e]];
const LAST_DWORD = CODE_PAGE + CODE_PAGE_SIZE - 4;

const initialSse = (): Uint8Array => {
  const image = new Uint8Array(SSE_BYTES);
  new DataView(image.buffer).setUint32(SSE_BYTES - 4, SSE_DEFAULT, true);
  return image;
};

class Program {
  readonly random: Random;
  readonly #forms: readonly Form[];
  readonly #seed: number;
  #made = 0;
  #usesSse = false;

  constructor(forms: readonly Form[], seed: number) {
    this.random = new Random(seed);
    this.#forms = forms;
    this.#seed = seed;
  }

  make(): HostCase {
    const { random } = this;
    const first = makeCase(random.pick(this.#forms), mixSeed(this.#seed, 0));
    const body: number[] = [];
    for (let parts = random.between(2, 4); parts > 0; parts--) {
      const part = random.oneIn(2) ? this.#plain() : this.#risky(body.length);
      if (body.length + part.length > CODE_BYTES - FRAME_BYTES) break;
      body.push(...part);
    }
    const step = random.pick([1, 2, 3, 4, 7, 8, 0x40, 0x7f]);
    const up = random.oneIn(2);
    // ADD [POINTER],step; DEC [ROUNDS]; JNZ end a round.
    const code = [...body, 0x83, ...absolute(0, POINTER), (up ? step : -step) & 0xff];
    code.push(0xff, ...absolute(1, ROUNDS), 0x75);
    code.push(-(code.length + 1) & 0xff);
    const aligns = random.oneIn(6);
    const rounds = random.between(1, aligns ? Math.min(40, Math.floor(FARTHEST / step)) : 40);
    // Some leave the data area on the way, some do not. Those that check alignment stay inside: which of the two faults
    // comes first differs between the makers of processors.
    const leaves = Math.min(step * rounds, FARTHEST) + REACH;
    const distance = aligns ? leaves : random.below(leaves);
    const pointer = up ? DATA + DATA_SIZE - distance : DATA + distance;
    const fpuControl = FPU_CONTROL_REST | (random.oneIn(3) ? 0 : random.below(FPU_MASKS + 1));
    const sseControl = (random.oneIn(3) ? 0 : random.below(FPU_MASKS + 1)) << SSE_MASKS_SHIFT;
    const words = [rounds, pointer, random.between(1, 60), fpuControl, sseControl];
    return {
      ...first,
      eflags: aligns ? first.eflags | ALIGNMENT : first.eflags,
      code,
      patch: { offset: ROUNDS - DATA, bytes: words.flatMap(word) },
      ...(this.#usesSse ? { sse: initialSse() } : {}),
    };
  }

  /** An instruction on registers. */
  #plain(): number[] {
    return [...makeCase(this.random.pick(this.#forms), mixSeed(this.#seed, ++this.#made)).code];
  }

  /** `at`: bytes of the program before it. */
  #risky(at: number): number[] {
    const { random } = this;
    switch (random.below(11)) {
      case 0:
        return this.#division();
      case 1:
        return this.#string();
      case 2:
        return this.#push();
      case 3:
        return random.oneIn(3) ? this.#trap() : this.#access();
      case 4: {
        const stumble = random.pick(STUMBLES);
        return random.oneIn(8) ? [...stumble] : [0x70 | random.below(16), stumble.length, ...stumble];
      }
      case 5:
        return this.#x87();
      case 6:
        return this.#sse();
      case 7:
        return random.oneIn(4) ? this.#fetch(at) : this.#access();
      default:
        return this.#access();
    }
  }

  /** One operand where the pointer is. */
  #access(): number[] {
    const { random } = this;
    const { opcode, reg, imm } = random.pick(WITH_MEMORY);
    const prefix = random.oneIn(4) && opcode[0] !== 0x0f ? [0x66] : [];
    const modrm = 0x40 | ((reg ?? random.pick([EAX, ECX, EDX, EBX, EBP])) << 3) | 6;
    const wild = [0xbe, ...word(random.pick([0x20, 0x7ffd, 0xa000, 0xb123, 0xf0000000]))]; // MOV ESI,n
    return [
      ...(random.oneIn(40) ? wild : MOV_ESI_POINTER),
      ...prefix,
      ...opcode,
      modrm,
      random.between(-8, 8) & 0xff,
      ...(imm === undefined ? [] : [imm]),
    ];
  }

  /** DEC [DIVISOR]; then by it, or by a register; CMP EAX,EDX leaves no undefined flags. */
  #division(): number[] {
    const { random } = this;
    const signed = random.below(2) * 8;
    if (random.oneIn(3)) return [0xf7, 0xf0 + signed + random.pick([ECX, EBX, EBP]), 0x39, 0xd0];
    const high = random.oneIn(3) ? [] : [0x31, 0xd2]; // XOR EDX,EDX
    return [0xff, ...absolute(1, DIVISOR), ...high, 0xf7, ...absolute(6 + (signed >> 3), DIVISOR), 0x39, 0xd0];
  }

  /** MOV EDI,ESI; MOV ECX,n; repeated. */
  #string(): number[] {
    const { random } = this;
    const direction = random.pick([[], [0xfc], [0xfd]]);
    const prefixes = [...(random.oneIn(4) ? [0x66] : []), ...random.pick([[], [0xf3], [0xf3], [0xf2]])];
    const elsewhere = random.oneIn(3) ? [0xbe, ...word(DATA + 0x800 + random.below(0x100))] : []; // MOV ESI
    return [
      ...MOV_ESI_POINTER,
      0x89,
      0xf7,
      ...elsewhere,
      ...direction,
      0xb9,
      ...word(random.below(60)),
      ...prefixes,
      random.pick(STRINGS),
    ];
  }

  /** MOV ESP,[POINTER]; PUSH or POP of 16 bits. */
  #push(): number[] {
    const { random } = this;
    return [
      0x8b,
      ...absolute(4, POINTER),
      0x66,
      (random.oneIn(2) ? 0x50 : 0x58) + random.pick([EAX, ECX, EDX, EBX, EBP]),
    ];
  }

  /** FNINIT; FLDCW; what may leave an exception pending; what would find it. */
  #x87(): number[] {
    const { random } = this;
    return [
      ...[0xdb, 0xe3, 0xd9, ...absolute(5, FPU_CONTROL)],
      ...random.pick(X87),
      ...(random.oneIn(3) ? [0x89, 0xc8] : []), // MOV EAX,ECX between
      ...random.pick(X87_AFTER),
    ];
  }

  /** LDMXCSR; XORPS XMM0,XMM0; CVTSI2SS XMM1,register; an operation; STMXCSR or not. */
  #sse(): number[] {
    const { random } = this;
    this.#usesSse = true;
    const from = 0xc8 | random.pick([EAX, ECX, EDX, EBX]);
    return [
      ...[0x0f, 0xae, ...absolute(2, SSE_CONTROL), 0x0f, 0x57, 0xc0, 0xf3, 0x0f, 0x2a, from],
      ...random.pick(SSE_OPERATIONS),
      ...(random.oneIn(3) ? [0x0f, 0xae, ...absolute(3, SSE_STORED)] : []),
    ];
  }

  /** Around it by a condition: a jump to where no code is, or MOV [the page's end]; JMP to what does not fit there. */
  #fetch(at: number): number[] {
    const { random } = this;
    const jump = (target: number, length: number): number[] => [0xe9, ...word(target - (CODE + at + length))];
    const skip = 0x70 | random.below(16);
    if (random.oneIn(2)) return [skip, 5, ...jump(random.pick(NO_CODE), 7)];
    const cut = random.pick(CUT_OFF);
    const last = [0x90, 0x90, 0x90, 0x90, ...cut].slice(-4);
    const store = [0xc7, ...absolute(0, LAST_DWORD), ...last];
    return [skip, store.length + 5, ...store, ...jump(LAST_DWORD + 4 - cut.length, 2 + store.length + 5)];
  }

  /** MOV ESP into the data; PUSH flags; POPF: a single step after the instruction that follows. */
  #trap(): number[] {
    const { random } = this;
    const flags = FIXED | TRAP | (random.u32() & FREE_FLAGS);
    const stack = DATA + 0x800 + random.below(0x100) * 2;
    return [0xbc, ...word(stack), 0x66, 0x68, flags & 0xff, flags >> 8, 0x66, 0x9d];
  }
}

/** `forms`: of register instructions whose flags are all defined. */
export const makeFaulting = (forms: readonly Form[], seed: number): HostCase => new Program(forms, seed).make();
