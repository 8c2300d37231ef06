/**
 * A very small assembler for 16-bit real-mode stubs: each method emits one instruction, named as in the SDM.
 * Opcodes: Intel SDM volume 2. Jumps take labels, resolved by `finish`.
 */
import { assert } from '../base/index.ts';
import { ROM } from './layout.ts';

export type Reg16 = 'ax' | 'cx' | 'dx' | 'bx' | 'sp' | 'bp' | 'si' | 'di';
const REG16: readonly Reg16[] = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];

export type Condition = 'c' | 'nc' | 'z' | 'nz';
const CONDITION: Readonly<Record<Condition, number>> = { c: 0x2, nc: 0x3, z: 0x4, nz: 0x5 };

interface Fixup {
  readonly at: number;
  readonly label: string;
  readonly width: 1 | 2;
}

export class Assembler {
  readonly image: Uint8Array;
  readonly labels = new Map<string, number>();
  #at = 0;
  #limit: number;
  readonly #fixups: Fixup[] = [];

  constructor(image: Uint8Array) {
    this.image = image;
    this.#limit = image.length;
  }

  get offset(): number {
    return this.#at;
  }

  /** Continues at `offset`; code that would run into `limit` is our bug. */
  org(offset: number, limit: number): this {
    this.#at = offset;
    this.#limit = limit;
    return this;
  }

  label(name: string): this {
    assert(!this.labels.has(name), `label ${name} defined twice`);
    this.labels.set(name, this.#at);
    return this;
  }

  bytes(...values: number[]): this {
    assert(this.#at + values.length <= this.#limit, `stub code reaches ${this.#limit.toString(16)}`);
    for (const value of values) this.image[this.#at++] = value;
    return this;
  }

  word(value: number): this {
    return this.bytes(value & 0xff, (value >> 8) & 0xff);
  }

  text(value: string): this {
    return this.bytes(...Array.from(value, (c) => c.charCodeAt(0)));
  }

  /** MOV word CS:[CALLOUT], n: changes nothing, runs Bios.callout(n) before the next instruction. */
  callout(n: number): this {
    return this.bytes(0x2e, 0xc7, 0x06).word(ROM.CALLOUT).word(n);
  }

  iret(): this {
    return this.bytes(0xcf);
  }
  retf(): this {
    return this.bytes(0xcb);
  }
  cli(): this {
    return this.bytes(0xfa);
  }
  sti(): this {
    return this.bytes(0xfb);
  }
  hlt(): this {
    return this.bytes(0xf4);
  }
  cld(): this {
    return this.bytes(0xfc);
  }
  stc(): this {
    return this.bytes(0xf9);
  }
  pusha(): this {
    return this.bytes(0x60);
  }
  popa(): this {
    return this.bytes(0x61);
  }
  push(reg: Reg16 | 'ds' | 'es'): this {
    if (reg === 'ds') return this.bytes(0x1e);
    if (reg === 'es') return this.bytes(0x06);
    return this.bytes(0x50 + REG16.indexOf(reg));
  }
  pop(reg: Reg16 | 'ds' | 'es'): this {
    if (reg === 'ds') return this.bytes(0x1f);
    if (reg === 'es') return this.bytes(0x07);
    return this.bytes(0x58 + REG16.indexOf(reg));
  }
  int(vector: number): this {
    return this.bytes(0xcd, vector);
  }
  movImm(reg: Reg16, value: number): this {
    return this.bytes(0xb8 + REG16.indexOf(reg)).word(value);
  }
  movAlImm(value: number): this {
    return this.bytes(0xb0, value);
  }
  /** OUT imm8, AL */
  outImm(port: number): this {
    return this.bytes(0xe6, port);
  }
  movAhImm(value: number): this {
    return this.bytes(0xb4, value);
  }
  cmpAlImm(value: number): this {
    return this.bytes(0x3c, value);
  }
  /** MOV DS, AX */
  movDsAx(): this {
    return this.bytes(0x8e, 0xd8);
  }
  /** JMP FAR m16:16 at DS:offset */
  jmpFarIndirect(offset: number): this {
    return this.bytes(0xff, 0x2e).word(offset);
  }
  /** CALL FAR m16:16 at DS:offset */
  callFarIndirect(offset: number): this {
    return this.bytes(0xff, 0x1e).word(offset);
  }
  /** LSS SP, m16:16 at DS:offset */
  lssSp(offset: number): this {
    return this.bytes(0x0f, 0xb2, 0x26).word(offset);
  }
  jmpFar(segment: number, offset: number): this {
    return this.bytes(0xea).word(offset).word(segment);
  }
  /** ADD SP, imm8 */
  addSp(value: number): this {
    return this.bytes(0x83, 0xc4, value);
  }
  jmp(label: string): this {
    this.bytes(0xe9, 0, 0);
    this.#fixups.push({ at: this.#at - 2, label, width: 2 });
    return this;
  }
  /** Short conditional jump. */
  j(condition: Condition, label: string): this {
    this.bytes(0x70 | CONDITION[condition], 0);
    this.#fixups.push({ at: this.#at - 1, label, width: 1 });
    return this;
  }

  finish(): void {
    for (const { at, label, width } of this.#fixups) {
      const target = this.labels.get(label);
      assert(target !== undefined, `label ${label} is not defined`);
      const distance = target - (at + width);
      assert(width === 2 || (distance >= -128 && distance <= 127), `label ${label} is too far for a short jump`);
      this.image[at] = distance & 0xff;
      if (width === 2) this.image[at + 1] = (distance >> 8) & 0xff;
    }
  }
}
