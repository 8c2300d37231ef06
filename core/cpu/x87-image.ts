/**
 * The FPU's state in memory: FNSTENV, FLDENV, FNSAVE, FRSTOR in their four layouts and FXSAVE, FXRSTOR. Intel SDM
 * volume 1, 8.1.10 and 10.5, figures 8-9 to 8-12.
 */
import { gp } from './fault.ts';
import { SSE, X87 } from './layout.ts';
import type { Mmu } from './mmu.ts';
import { Floatx80 } from './softfloat/index.ts';
import type { CpuState } from './state.ts';
import type { X87Fpu } from './x87.ts';

const REGISTER_IMAGE = 10;
const FX_BYTES = 512;
const FX_REGISTERS = 32;
const FX_REGISTER_BYTES = 16;
const FX_MXCSR = 24;
const FX_XMM = 160;
const XMM_COUNT = 8;
/** Writable bits of MXCSR; the others must be zero in what FXRSTOR loads. */
const MXCSR_MASK = 0xffff;

export class X87Images {
  readonly #state: CpuState;
  readonly #mmu: Mmu;
  readonly #fpu: X87Fpu;
  readonly #x = new Floatx80();
  readonly #image = new DataView(new ArrayBuffer(FX_BYTES));

  constructor(state: CpuState, mmu: Mmu, fpu: X87Fpu) {
    this.#state = state;
    this.#mmu = mmu;
    this.#fpu = fpu;
  }

  // --- memory: all of it is checked before anything changes ---------------------------------------------------------------

  #fetch(segment: number, offset: number, bytes: number): DataView {
    const linear = this.#mmu.segmentAddress(segment, offset >>> 0, bytes, false);
    const user = this.#state.cpl === 3;
    for (let at = 0; at < bytes; at += 2) this.#image.setUint16(at, this.#mmu.read((linear + at) >>> 0, 2, user), true);
    return this.#image;
  }

  /** As fetch, of an image whose parts are aligned: FXRSTOR is part of every change of tasks. */
  #fetchExtended(segment: number, offset: number): DataView {
    const linear = this.#mmu.segmentAddress(segment, offset >>> 0, FX_BYTES, false);
    const user = this.#state.cpl === 3;
    for (let at = 0; at < FX_BYTES; at += 4)
      this.#image.setUint32(at, this.#mmu.read((linear + at) >>> 0, 4, user), true);
    return this.#image;
  }

  /** Linear address of a place that may be written. */
  #claim(segment: number, offset: number, bytes: number): number {
    const linear = this.#mmu.segmentAddress(segment, offset >>> 0, bytes, true);
    this.#mmu.probeWrite(linear, bytes, this.#state.cpl === 3);
    return linear;
  }

  #put(linear: number, bytes: number): void {
    const user = this.#state.cpl === 3;
    for (let at = 0; at < bytes; at += 2)
      this.#mmu.write((linear + at) >>> 0, 2, this.#image.getUint16(at, true), user);
  }

  // --- environment and state ---------------------------------------------------------------------------------------------------

  static environmentBytes(width: number): number {
    return width === 16 ? 14 : 28;
  }

  storeEnvironment(offset: number, segment: number, width: number): void {
    const bytes = X87Images.environmentBytes(width);
    const linear = this.#claim(segment, offset, bytes);
    this.#buildEnvironment(width);
    this.#put(linear, bytes);
    this.#fpu.maskAll();
  }

  loadEnvironment(offset: number, segment: number, width: number): void {
    this.#fetch(segment, offset, X87Images.environmentBytes(width));
    this.#takeEnvironment(width);
  }

  save(offset: number, segment: number, width: number): void {
    const environment = X87Images.environmentBytes(width);
    const bytes = environment + 8 * REGISTER_IMAGE;
    const linear = this.#claim(segment, offset, bytes);
    this.#buildEnvironment(width);
    for (let i = 0; i < 8; i++) this.#putRegister(environment + i * REGISTER_IMAGE, i);
    this.#put(linear, bytes);
    this.#fpu.initialize();
  }

  restore(offset: number, segment: number, width: number): void {
    const environment = X87Images.environmentBytes(width);
    this.#fetch(segment, offset, environment + 8 * REGISTER_IMAGE);
    this.#takeEnvironment(width);
    for (let i = 0; i < 8; i++) this.#takeRegister(environment + i * REGISTER_IMAGE, i);
  }

  #putRegister(at: number, i: number): void {
    const x = this.#fpu.readPhysical((this.#fpu.top + i) & 7, this.#x);
    this.#image.setInt32(at, x.lo, true);
    this.#image.setInt32(at + 4, x.hi, true);
    this.#image.setUint16(at + 8, x.se, true);
  }

  #takeRegister(at: number, i: number): void {
    this.#x.lo = this.#image.getInt32(at, true);
    this.#x.hi = this.#image.getInt32(at + 4, true);
    this.#x.se = this.#image.getUint16(at + 8, true);
    this.#fpu.writePhysical((this.#fpu.top + i) & 7, this.#x);
  }

  /** Words are 2 bytes apart in the short layout, 4 in the long one, whose unused halves read FFFFh or 0. */
  #buildEnvironment(width: number): void {
    const image = this.#image;
    const state = this.#state;
    const [ip, cs, dp, ds, opcode] = [X87.ip, X87.cs, X87.dp, X87.ds, X87.opcode].map((offset) => state.get(offset));
    const words = [this.#fpu.control, this.#fpu.status, this.#fpu.tagWord];
    const step = width === 16 ? 2 : 4;
    words.forEach((word, i) => {
      if (step === 4) image.setUint16(i * 4 + 2, 0xffff, true);
      image.setUint16(i * step, word, true);
    });
    const put = (index: number, value: number): void => {
      if (step === 2) image.setUint16(6 + index * 2, value, true);
      else image.setUint32(12 + index * 4, value, true);
    };
    if (state.usesDescriptors) {
      [ip, step === 2 ? cs : cs | (opcode << 16), dp, step === 2 ? ds : ds | 0xffff_0000].forEach((value, i) =>
        put(i, value),
      );
      return;
    }
    // Real and virtual-8086 mode: linear addresses, their upper bits beside the opcode.
    const code = (cs * 16 + ip) >>> 0;
    const data = (ds * 16 + dp) >>> 0;
    const upper = (linear: number): number => (step === 2 ? ((linear >>> 16) & 15) << 12 : (linear >>> 16) << 12);
    put(0, step === 2 ? code : 0xffff_0000 | (code & 0xffff));
    put(1, upper(code) | opcode);
    put(2, step === 2 ? data : 0xffff_0000 | (data & 0xffff));
    put(3, upper(data));
  }

  #takeEnvironment(width: number): void {
    const image = this.#image;
    const state = this.#state;
    const step = width === 16 ? 2 : 4;
    this.#fpu.loadWords(image.getUint16(0, true), image.getUint16(step, true));
    this.#fpu.tagWord = image.getUint16(2 * step, true);
    const get = (index: number): number =>
      step === 2 ? image.getUint16(6 + index * 2, true) : image.getUint32(12 + index * 4, true);
    if (state.usesDescriptors) {
      state.set(X87.ip, get(0));
      state.set(X87.cs, get(1) & 0xffff);
      state.set(X87.opcode, step === 2 ? 0 : (get(1) >>> 16) & 0x7ff);
      state.set(X87.dp, get(2));
      state.set(X87.ds, get(3) & 0xffff);
      return;
    }
    const upper = (word: number): number => (step === 2 ? (word & 0xf000) << 4 : (word & 0x0fff_f000) << 4);
    state.set(X87.ip, ((get(0) & 0xffff) | upper(get(1))) >>> 0);
    state.set(X87.cs, 0);
    state.set(X87.opcode, get(1) & 0x7ff);
    state.set(X87.dp, ((get(2) & 0xffff) | upper(get(3))) >>> 0);
    state.set(X87.ds, 0);
  }

  // --- FXSAVE --------------------------------------------------------------------------------------------------------------------

  #aligned(segment: number, offset: number, write: boolean): void {
    if (this.#mmu.segmentAddress(segment, offset >>> 0, FX_BYTES, write) & 15) throw gp();
  }

  storeExtended(offset: number, segment: number): void {
    this.#aligned(segment, offset, true);
    const linear = this.#claim(segment, offset, FX_BYTES);
    const image = this.#image;
    const state = this.#state;
    image.setUint16(0, this.#fpu.control, true);
    image.setUint16(2, this.#fpu.status, true);
    image.setUint16(4, this.#fpu.inUse, true);
    image.setUint16(6, state.get(X87.opcode), true);
    image.setUint32(8, state.get(X87.ip), true);
    image.setUint32(12, state.get(X87.cs), true);
    image.setUint32(16, state.get(X87.dp), true);
    image.setUint32(20, state.get(X87.ds), true);
    for (let i = 0; i < 8; i++) {
      const at = FX_REGISTERS + i * FX_REGISTER_BYTES;
      this.#putRegister(at, i);
      image.setUint16(at + 10, 0, true);
      image.setUint32(at + 12, 0, true);
    }
    image.setUint32(FX_MXCSR, state.get(SSE.mxcsr), true);
    image.setUint32(FX_MXCSR + 4, MXCSR_MASK, true);
    for (let at = 0; at < XMM_COUNT * FX_REGISTER_BYTES; at += 4)
      image.setUint32(FX_XMM + at, state.get(SSE.xmm + at), true);
    const user = state.cpl === 3;
    for (let at = 0; at < FX_XMM + XMM_COUNT * FX_REGISTER_BYTES; at += 4)
      this.#mmu.write((linear + at) >>> 0, 4, image.getUint32(at, true), user);
  }

  loadExtended(offset: number, segment: number): void {
    this.#aligned(segment, offset, false);
    const image = this.#fetchExtended(segment, offset);
    const state = this.#state;
    const mxcsr = image.getUint32(FX_MXCSR, true);
    if (mxcsr & ~MXCSR_MASK) throw gp();
    state.set(SSE.mxcsr, mxcsr);
    for (let at = 0; at < XMM_COUNT * FX_REGISTER_BYTES; at += 4)
      state.set(SSE.xmm + at, image.getUint32(FX_XMM + at, true));
    this.#fpu.loadWords(image.getUint16(0, true), image.getUint16(2, true));
    this.#fpu.inUse = image.getUint8(4);
    state.set(X87.opcode, image.getUint16(6, true) & 0x7ff);
    state.set(X87.ip, image.getUint32(8, true));
    state.set(X87.cs, image.getUint16(12, true));
    state.set(X87.dp, image.getUint32(16, true));
    state.set(X87.ds, image.getUint16(20, true));
    for (let i = 0; i < 8; i++) this.#takeRegister(FX_REGISTERS + i * FX_REGISTER_BYTES, i);
  }
}
