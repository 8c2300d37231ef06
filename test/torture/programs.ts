/**
 * Random programs: routines with loops, calls, indirect jumps, repeated strings, writes to their own code, faults and
 * changes of mode. A program depends on its seed alone.
 */
import { Random } from '../isa/host-cpu/random.ts';
import { Instructions, anyAddress, bytesOf, type CodeSize } from './instructions.ts';
import {
  ALIAS,
  CODE16,
  CODE32,
  CODE_BYTES,
  DATA,
  DATA_BYTES,
  ENTRIES,
  MODES,
  TICK_PORT,
  type Program,
} from './world.ts';

const EAX = 0, ECX = 1, EBX = 3, ESP = 4, EBP = 5, ESI = 6, EDI = 7; // prettier-ignore
const ROUTINES = 20;
/** Routines that are called and return; the others are entry points, and end in a jump. */
const FUNCTIONS = 10;
const TABLE_BYTES = 64;
/** At the end of the code of each size: where code is copied to. */
const SCRATCH_BYTES = 0x200;
const SLOT_BYTES = Math.floor((CODE_BYTES - TABLE_BYTES - SCRATCH_BYTES) / ROUTINES);
/** Room that the longest statement and the end of a routine need. */
const RESERVE = 48;
const INT3 = 0xcc;
/** ADD, OR, ADC, SBB, AND, SUB, XOR, CMP of the accumulator with an immediate. */
const ALU_IMMEDIATE = [0x05, 0x0d, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d];
const SELECTORS = [0, 0x10, 0x23, 0x30, 0x43, 0x53, 0x5b, 0x73, 0x7b, 0x08, 0x1b];
const EFLAGS = { IF: 0x200, TF: 0x100, DF: 0x400, AC: 0x40000, IOPL3: 0x3000 } as const;
const CR0 = { MP: 2, TS: 8, WP: 1 << 16, AM: 1 << 18 } as const;

type Part = number | readonly number[];

/** The code of one size: a jump table, then routines in slots of equal length. */
class CodeMaker {
  readonly bytes = new Uint8Array(CODE_BYTES).fill(INT3);
  readonly starts: readonly number[];
  readonly #random: Random;
  readonly #size: CodeSize;
  readonly #base: number;
  readonly #word: 2 | 4;
  readonly #instructions: Instructions;
  /** Addresses of bytes that may be patched while the program runs, and what may be written there. */
  readonly #immediates: number[] = [];
  readonly #opcodes: number[] = [];
  #at = 0;
  #end = 0;

  constructor(random: Random, size: CodeSize) {
    this.#random = random;
    this.#size = size;
    this.#base = size === 32 ? CODE32 : CODE16;
    this.#word = size === 32 ? 4 : 2;
    this.#instructions = new Instructions(random, size);
    this.starts = Array.from(
      { length: ROUTINES },
      (_, i) => this.#base + TABLE_BYTES + i * SLOT_BYTES + random.below(8),
    );
  }

  make(): void {
    for (let i = 0; i < TABLE_BYTES / this.#word; i++)
      this.#put(i * this.#word, bytesOf(this.starts[i % FUNCTIONS], this.#word));
    for (let routine = 0; routine < ROUTINES; routine++) {
      this.#at = this.starts[routine] - this.#base;
      this.#end = TABLE_BYTES + (routine + 1) * SLOT_BYTES - RESERVE;
      this.#routine(routine);
    }
  }

  entries(): number[] {
    const { starts } = this;
    return Array.from({ length: ENTRIES }, (_, i) => starts[FUNCTIONS + (i % (ROUTINES - FUNCTIONS))]);
  }

  #put(at: number, bytes: readonly number[]): void {
    this.bytes.set(bytes, at);
  }

  #emit(...parts: readonly Part[]): void {
    for (const part of parts) {
      const bytes = typeof part === 'number' ? [part] : part;
      this.#put(this.#at, bytes);
      this.#at += bytes.length;
    }
  }

  /** Address of the next byte. */
  get #here(): number {
    return this.#base + this.#at;
  }
  get #full(): boolean {
    return this.#at >= this.#end;
  }
  #imm(value: number): number[] {
    return bytesOf(value, this.#word);
  }
  /** ModRM and displacement of an absolute address. */
  #absolute(reg: number, address: number): number[] {
    return [(reg << 3) | (this.#size === 32 ? 5 : 6), ...this.#imm(address)];
  }
  #address(): number {
    return anyAddress(this.#random, this.#size);
  }

  // --- routines ------------------------------------------------------------------------------------------------------------

  #routine(index: number): void {
    const random = this.#random;
    const isFunction = index < FUNCTIONS;
    const framed = isFunction && random.oneIn(2);
    if (framed) this.#emit(random.oneIn(3) ? [0xc8, ...bytesOf(random.below(0x20), 2), 0] : [0x55, 0x89, 0xe5]);
    else if (random.oneIn(2)) this.#pointers();
    const statements = isFunction ? random.between(1, 5) : random.between(3, 10);
    for (let i = 0; i < statements && !this.#full; i++) this.#statement(index, 0);
    if (!isFunction) {
      this.#leaveEntry();
      return;
    }
    if (framed) this.#emit(0xc9);
    if (random.oneIn(10)) this.#emit(0xc2, bytesOf(random.pick([0, 2, 4]), 2));
    else this.#emit(0xc3);
  }

  #leaveEntry(): void {
    const random = this.#random;
    if (random.oneIn(3)) this.#emit(0xb0, random.below(256), 0xcd, random.oneIn(3) ? 0x33 : 0x30);
    this.#jumpTo(this.starts[FUNCTIONS + random.below(ROUTINES - FUNCTIONS)]);
  }

  #jumpTo(target: number): void {
    this.#emit(0xe9, this.#imm(target - (this.#here + 1 + this.#word)));
  }

  #statement(routine: number, depth: number): void {
    const random = this.#random;
    const run = (least: number, most: number, one: () => number[]): void => {
      for (let n = random.between(least, most); n > 0 && !this.#full; n--) this.#emit(one());
    };
    const dice = random.below(100);
    if (dice < 30) run(2, 10, () => this.#instructions.any());
    else if (dice < 42 && depth < 2) this.#loop(routine, depth);
    else if (dice < 49) this.#branch(routine, depth);
    else if (dice < 56) this.#call(routine);
    else if (dice < 60) this.#indirectCall();
    else if (dice < 66) this.#selfModification();
    else if (dice < 73) this.#string();
    else if (dice < 77) run(2, 6, () => this.#instructions.x87());
    else if (dice < 81) run(2, 6, () => this.#instructions.vector());
    else if (dice < 85) this.#pushAndPop();
    else if (dice < 88) this.#pointers();
    else if (dice < 91) this.#patchable();
    else if (dice < 93) this.#frame();
    else this.#system();
  }

  #pointers(): void {
    const random = this.#random;
    for (const register of [EBX, ESI, EDI])
      if (random.oneIn(2)) {
        const index = this.#size === 16 && register !== EBX && random.oneIn(2);
        this.#emit(0xb8 + register, this.#imm(index ? random.below(0x200) : DATA + random.below(DATA_BYTES)));
      }
  }

  /** A counter in a register or in memory; LOOP, LOOPNE or a decrement. */
  #loop(routine: number, depth: number): void {
    const random = this.#random;
    const count = random.oneIn(8) ? random.between(50, 300) : random.between(2, 20);
    const counter = random.pick([ECX, ECX, EBP, -1]);
    const cell = DATA + 0x40 * (depth + 1) + random.below(4) * 4;
    if (counter < 0) this.#emit(0xc7, this.#absolute(0, cell), this.#imm(count));
    else this.#emit(0xb8 + counter, this.#imm(count));
    const top = this.#here;
    for (let i = random.between(1, 3); i > 0 && !this.#full; i--) this.#statement(routine, depth + 1);
    if (counter === ECX && random.oneIn(2) && this.#here - top < 100) {
      this.#emit(random.pick([0xe2, 0xe2, 0xe0, 0xe1]), bytesOf(top - (this.#here + 2), 1));
      return;
    }
    if (counter < 0) this.#emit(0xff, this.#absolute(1, cell));
    else this.#emit(0x48 + counter);
    const condition = random.pick([5, 5, 5, 0xf, 9]);
    if (this.#here - top < 100) this.#emit(0x70 + condition, bytesOf(top - (this.#here + 2), 1));
    else this.#emit(0x0f, 0x80 + condition, this.#imm(top - (this.#here + 2 + this.#word)));
  }

  /** Over some instructions, near or short. */
  #branch(routine: number, depth: number): void {
    const random = this.#random;
    const condition = random.below(16);
    const near = random.oneIn(2);
    if (random.oneIn(2)) this.#emit(this.#instructions.integer());
    this.#emit(near ? [0x0f, 0x80 + condition] : [0x70 + condition]);
    const field = this.#at;
    this.#emit(near ? this.#imm(0) : [0]);
    const from = this.#at;
    if (depth < 2 && random.oneIn(3)) this.#statement(routine, depth + 1);
    else for (let i = random.between(1, 4); i > 0; i--) this.#emit(this.#instructions.integer());
    const distance = this.#at - from;
    if (near) this.#put(field, this.#imm(distance));
    else this.#put(field, [Math.min(distance, 127)]);
  }

  #call(routine: number): void {
    const random = this.#random;
    const target = random.oneIn(20) ? random.below(ROUTINES) : Math.min(routine + 1 + random.below(4), FUNCTIONS - 1);
    this.#emit(0xe8, this.#imm(this.starts[target] - (this.#here + 1 + this.#word)));
  }

  /** Through a register, a cell, or the table by an index that may differ each time. */
  #indirectCall(): void {
    const random = this.#random;
    const entry = this.#base + this.#word * random.below(FUNCTIONS);
    switch (random.below(4)) {
      case 0:
        this.#emit(0xb8 + EAX, this.#imm(random.pick(this.starts.slice(0, FUNCTIONS))), 0xff, 0xd0);
        return;
      case 1:
        this.#emit(0xff, this.#absolute(2, entry));
        return;
      case 2:
        // AND eAX, mask; CALL [table + eAX * word]
        this.#emit(0x83, 0xe0, random.pick([1, 3, 7]));
        if (this.#size === 32) this.#emit(0xff, 0x14, 0x85, this.#imm(this.#base));
        else this.#emit(0x8b, 0xf0, 0x03, 0xf6, 0xff, 0x94, this.#imm(this.#base));
        return;
      default: {
        // A switch: PUSH of the place to come back to, then a jump through the table.
        this.#emit(this.#size === 32 ? [0x68, ...this.#imm(0)] : [0x68, 0, 0]);
        const field = this.#at - this.#word;
        this.#emit(0xff, this.#absolute(4, entry));
        this.#put(field, this.#imm(this.#here));
      }
    }
  }

  // --- self-modification -------------------------------------------------------------------------------------------------------

  /** An instruction whose immediate or opcode other code writes. */
  #patchable(): void {
    const random = this.#random;
    if (random.oneIn(2)) {
      this.#opcodes.push(this.#here);
      this.#emit(random.pick(ALU_IMMEDIATE));
    } else this.#emit(0xb8 + random.below(3));
    this.#immediates.push(this.#here);
    this.#emit(this.#imm(random.operand()));
  }

  #selfModification(): void {
    const random = this.#random;
    const known = this.#immediates.length > 0;
    switch (random.below(known ? 6 : 2)) {
      case 0:
      case 1: {
        // Code that comes soon: in this very block, or in the next.
        const field = this.#store(0);
        for (let i = random.below(3); i > 0; i--) this.#emit(this.#instructions.integer());
        if (random.oneIn(2)) this.#emit(random.pick([0xeb, 0x70 + random.below(16)]), 0);
        this.#patchable();
        this.#put(field, this.#imm(this.#alias(this.#immediates.at(-1)!)));
        return;
      }
      case 2:
        if (this.#opcodes.length > 0) {
          this.#emit(0xc6, this.#absolute(0, this.#alias(random.pick(this.#opcodes))), random.pick(ALU_IMMEDIATE));
          return;
        }
        this.#store(this.#alias(random.pick(this.#immediates)));
        return;
      case 3:
        this.#copyRoutine();
        return;
      default:
        this.#store(this.#alias(random.pick(this.#immediates)));
    }
  }

  /** Writes something to an address; returns where in the code that address stands. */
  #store(address: number): number {
    const random = this.#random;
    switch (random.below(6)) {
      case 0:
        this.#emit(0xc6, this.#absolute(0, address), random.below(256));
        return this.#at - 1 - this.#word;
      case 1:
        this.#emit(0xc7, this.#absolute(0, address), this.#imm(random.operand()));
        return this.#at - 2 * this.#word;
      case 2:
        this.#emit(0xff, this.#absolute(0, address));
        break;
      case 3:
        this.#emit(0x01, this.#absolute(random.below(3), address));
        break;
      case 4:
        this.#emit(0x87, this.#absolute(random.below(3), address));
        break;
      default:
        this.#emit(0x88, this.#absolute(random.below(8), address));
    }
    return this.#at - this.#word;
  }

  /** The same byte by its other linear address, now and then. */
  #alias(address: number): number {
    return this.#size === 32 && this.#random.oneIn(5) ? address - CODE32 + ALIAS : address;
  }

  /** REP MOVSB of a function to the scratch area, and a call there. */
  #copyRoutine(): void {
    const random = this.#random;
    const target = this.#base + CODE_BYTES - SCRATCH_BYTES + random.below(0x40);
    this.#emit(0xb8 + ESI, this.#imm(random.pick(this.starts.slice(0, FUNCTIONS))));
    this.#emit(0xb8 + EDI, this.#imm(target), 0xb8 + ECX, this.#imm(random.between(8, SLOT_BYTES)));
    this.#emit(0xfc, 0xf3, 0xa4);
    this.#emit(0xe8, this.#imm(target - (this.#here + 1 + this.#word)));
  }

  // --- the rest ------------------------------------------------------------------------------------------------------------------

  #string(): void {
    const random = this.#random;
    const count = random.oneIn(6) ? random.between(300, 3000) : random.below(70);
    const source = this.#address();
    const destination = random.oneIn(3) ? source + random.between(-16, 16) : this.#address();
    const set = (register: number, value: number): void => this.#emit(0xb8 + register, this.#imm(value));
    if (!random.oneIn(5)) set(ESI, source);
    if (!random.oneIn(5)) set(EDI, destination);
    set(ECX, count);
    if (random.oneIn(3)) this.#emit(random.pick([0xfc, 0xfd]));
    if (random.oneIn(3)) this.#emit(random.oneIn(2) ? 0x66 : 0x26);
    const opcode = random.pick([0xa4, 0xa5, 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xa6, 0xa7, 0xae, 0xaf]);
    this.#emit(random.pick([0xf2, 0xf3, 0xf3]), opcode);
    if (random.oneIn(4)) this.#emit(0xfc);
  }

  #pushAndPop(): void {
    const random = this.#random;
    switch (random.below(6)) {
      case 0:
        this.#emit(0x60);
        this.#emit(this.#instructions.integer(), 0x61);
        return;
      case 1:
        // PUSHF, a bit changed, POPF
        this.#emit(0x9c, 0x58 + EAX);
        this.#emit(this.#size === 32 ? [0x35] : [0x66, 0x35], bytesOf(this.#flagToChange(), 4), 0x50 + EAX, 0x9d);
        return;
      case 2:
        this.#emit(0xc8, bytesOf(random.below(0x40), 2), random.oneIn(4) ? random.below(4) : 0);
        this.#emit(this.#instructions.integer(), 0xc9);
        return;
      default: {
        const registers = Array.from({ length: random.between(1, 4) }, () => random.pick([EAX, ECX, EBX, ESI, EDI]));
        for (const register of registers) this.#emit(0x50 + register);
        for (let i = random.below(4); i > 0; i--) this.#emit(this.#instructions.integer());
        for (const register of registers.reverse()) this.#emit(0x58 + register);
      }
    }
  }

  #flagToChange(): number {
    const { TF, DF, AC, IF } = EFLAGS;
    return this.#random.pick([TF, DF, DF, AC, IF, 0x8d5, 0x4000, 0x200000]);
  }

  /** A far return or IRET to what follows. */
  #frame(): void {
    const random = this.#random;
    const iret = random.oneIn(2);
    if (iret) this.#emit(0x9c);
    this.#emit(0x0e, 0x68, this.#imm(0));
    const field = this.#at - this.#word;
    this.#emit(iret ? 0xcf : 0xcb);
    this.#put(field, this.#imm(this.#here));
  }

  /** What needs privilege faults at CPL 3, which is one of the ways from program to supervisor. */
  #system(): void {
    const random = this.#random;
    switch (random.below(16)) {
      case 0:
      case 1:
        this.#emit(0xb0, random.below(256), 0xcd, 0x30);
        return;
      case 2:
        this.#emit(0xb0, random.below(256), 0xcd, 0x33);
        return;
      case 3:
      case 4:
        this.#emit(0xcd, 0x31);
        return;
      case 5:
        this.#emit(0xcd, random.pick([0x32, 0x32, 0x20, random.below(256)]));
        return;
      case 6:
        this.#emit(0xe6, TICK_PORT);
        return;
      case 7:
        this.#emit(0xe4, TICK_PORT);
        return;
      case 8:
        // MOV Sreg
        this.#emit(0xb8 + EAX, this.#imm(random.pick(SELECTORS)), 0x8e, 0xc0 | (random.pick([0, 0, 2, 3, 4, 5]) << 3));
        return;
      case 9:
        // one bit of CR0
        this.#emit(0x0f, 0x20, 0xc0, 0x0f, 0xba, 0xf8, random.pick([1, 3, 16, 18, 5]), 0x0f, 0x22, 0xc0);
        return;
      case 10:
        // CR3 again, or INVLPG
        if (random.oneIn(2)) this.#emit(0x0f, 0x20, 0xd8, 0x0f, 0x22, 0xd8);
        else this.#emit(0x0f, 0x01, this.#absolute(7, this.#address()));
        return;
      case 11:
        this.#emit(random.pick([0xfa, 0xfb, 0xf4, 0xce, 0xf1, 0xcc]));
        return;
      case 12:
        this.#emit(0x9a, this.#imm(0), bytesOf(0x6b, 2));
        return;
      case 13:
        this.#emit(0x0f, random.pick([0xa2, 0x31, 0x06]));
        return;
      case 14:
        // BOUND, far pointer loads
        this.#emit(random.pick([0x62, 0xc4, 0xc5]), this.#absolute(random.below(3), this.#address()));
        return;
      default:
        this.#emit(0xb8 + ESP, this.#imm(random.oneIn(4) ? this.#address() : 0xff00 + random.below(0xe0)));
    }
  }
}

export function makeProgram(seed: number): Program {
  const random = new Random(seed);
  const code32 = new CodeMaker(random, 32);
  const code16 = new CodeMaker(random, 16);
  code32.make();
  code16.make();
  const { IF, DF, IOPL3 } = EFLAGS;
  const pointer = (): number => DATA + random.below(DATA_BYTES);
  const registers = (): number[] => [
    pointer(),
    pointer(),
    pointer(),
    0,
    pointer(),
    ...[0, 0, 0].map(() => random.operand()),
  ];
  return {
    seed,
    mode: random.below(MODES.length),
    paging: random.below(3),
    eflags: 2 | (random.oneIn(8) ? 0 : IF) | (random.oneIn(6) ? DF : 0) | (random.oneIn(4) ? 0 : IOPL3),
    cr0: (random.oneIn(2) ? CR0.WP : 0) | (random.oneIn(8) ? CR0.TS | CR0.MP : 0),
    code32: code32.bytes,
    code16: code16.bytes,
    data: Uint8Array.from({ length: DATA_BYTES }, () => random.u32() & 0xff),
    entries16: code16.entries(),
    entries32: code32.entries(),
    registers: [...registers(), ...registers()],
    debug: [0x400, 0, 0, 0, 0],
  };
}
