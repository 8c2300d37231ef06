/** Seeded operands for host-cpu.integration.test.ts: encodings at the edges of the formats, near each other, and at random. */

/** A random 32-bit word per call. Marsaglia, Xorshift RNGs, section 3.1 (xor128). */
export function randomWords(seed: number): () => number {
  let x = 123456789 ^ seed;
  let y = 362436069;
  let z = 521288629;
  let w = 88675123 ^ (seed << 7);
  const next = (): number => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return w;
  };
  for (let n = 0; n < 16; n++) next();
  return next;
}

export class Operands {
  private readonly word: () => number;

  constructor(word: () => number) {
    this.word = word;
  }

  below(limit: number): number {
    return (this.word() >>> 0) % limit;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }

  /** 64 bits of significand with long runs of equal bits as often as not. */
  significand(view: DataView, offset: number): void {
    let hi = this.word();
    let lo = this.word();
    switch (this.below(8)) {
      case 0:
        hi = this.pick([0, -1, 0x80000000, 0xc0000000, 0x80000001, 0x7fffffff, 0x40000000]);
        lo = this.pick([0, -1, 1, 2, 0x400, 0x7ff, 0x800, 0xc00, 0x401, 0x80000000]);
        break;
      case 1:
        lo = this.pick([0, 0x400, 0x800, 0x401, 0x3ff, 0xc00, -1]);
        break;
      case 2:
        hi = (hi & ~0xff) | this.pick([0, 0x80, 0x7f, 0xff, 0x81]);
        lo = this.pick([0, 0, 1, -1]);
        break;
      case 3:
        hi = -1;
        lo = -1 << this.below(32);
        break;
      case 4:
        hi &= -1 << this.below(32);
        lo = 0;
        break;
      default:
    }
    // Without the integer bit a number is unsupported or denormal: now and then.
    if (this.below(40) !== 0) hi |= 0x80000000;
    view.setInt32(offset, lo, true);
    view.setInt32(offset + 4, hi, true);
  }

  /** A floatx80, with the exponent near `exponent` if one is given. */
  x80(view: DataView, offset: number, exponent?: number): void {
    this.significand(view, offset);
    let se: number;
    if (exponent !== undefined && this.below(4) !== 0) se = (exponent & 0x7fff) + this.below(140) - 70;
    else {
      switch (this.below(10)) {
        case 0:
          se = this.pick([0, 0, 1, 2, 0x7fff, 0x7fff, 0x7ffe]);
          break;
        case 1:
          se = this.pick([0x7ffe, 0x7ffd, 0x3fff, 0x3ffe, 0x4000, 64, 63, 30]);
          break;
        case 2:
          se = this.word() & 0x7fff;
          break;
        case 3:
          se = 0x1fff + this.below(4);
          break;
        case 4:
          se = 0x5fff + this.below(4);
          break;
        default:
          se = 0x3fff + this.below(140) - 70;
      }
    }
    if (se < 0) se = 0;
    if (se > 0x7fff) se = 0x7fff;
    switch (this.below(24)) {
      case 0: // zero
        se = 0;
        view.setInt32(offset, 0, true);
        view.setInt32(offset + 4, 0, true);
        break;
      case 1: // infinity
        se = 0x7fff;
        view.setInt32(offset, 0, true);
        view.setInt32(offset + 4, 0x80000000, true);
        break;
      case 2: // denormal
        se = 0;
        view.setInt32(offset + 4, view.getInt32(offset + 4, true) >>> (1 + this.below(31)), true);
        break;
      default:
    }
    view.setUint16(offset + 8, se | (this.word() & 0x8000), true);
  }

  /** A floatx80 with its exponent in [least, least + span), never special. */
  x80Within(view: DataView, offset: number, least: number, span: number): void {
    this.significand(view, offset);
    view.setInt32(offset + 4, view.getInt32(offset + 4, true) | 0x80000000, true);
    view.setUint16(offset + 8, (least + this.below(span)) | (this.word() & 0x8000), true);
  }

  float32(view: DataView, offset: number, exponent?: number): void {
    let exp = this.below(4) === 0 ? this.word() & 0xff : 127 + this.below(60) - 30;
    if (exponent !== undefined && this.below(3) !== 0) exp = exponent + this.below(56) - 28;
    else if (this.below(4) === 0) exp = this.pick([0, 0, 1, 2, 23, 24, 63, 64, 190, 191, 254, 255, 255, 150, 158, 190]);
    exp = Math.min(255, Math.max(0, exp));
    let fraction = this.word() & 0x7fffff;
    switch (this.below(6)) {
      case 0:
        fraction = this.pick([0, 0, 1, 0x7fffff, 0x400000, 0x3fffff, 0x400001]);
        break;
      case 1:
        fraction &= -1 << this.below(24);
        break;
      default:
    }
    view.setInt32(offset, (this.word() & 0x80000000) | (exp << 23) | fraction, true);
  }

  float64(view: DataView, offset: number, exponent?: number): void {
    let exp = this.below(4) === 0 ? this.word() & 0x7ff : 1023 + this.below(140) - 70;
    if (exponent !== undefined && this.below(3) !== 0) exp = exponent + this.below(116) - 58;
    else if (this.below(4) === 0)
      exp = this.pick([0, 0, 1, 2, 53, 54, 511, 512, 1534, 1535, 2046, 2047, 2047, 896, 897, 1150, 1151, 1085, 1053]);
    exp = Math.min(2047, Math.max(0, exp));
    let hi = this.word() & 0xfffff;
    let lo = this.word();
    switch (this.below(6)) {
      case 0:
        hi = this.pick([0, 0, 0xfffff, 0x80000, 0x7ffff]);
        lo = this.pick([0, 0, 1, -1, 0x10000000, 0x20000000, 0x30000000]);
        break;
      case 1:
        lo &= -1 << this.below(32);
        break;
      case 2:
        lo = 0;
        hi &= -1 << this.below(21);
        break;
      default:
    }
    view.setInt32(offset, lo, true);
    view.setInt32(offset + 4, (this.word() & 0x80000000) | (exp << 20) | hi, true);
  }

  integer(view: DataView, offset: number): void {
    let hi = this.word();
    let lo = this.word();
    const shift = this.below(64);
    if (shift >= 32) {
      lo = hi >> (shift - 32);
      hi >>= 31;
    } else if (shift > 0) {
      lo = (lo >>> shift) | (hi << (32 - shift));
      hi >>= shift;
    }
    if (this.below(8) === 0) {
      hi = this.pick([0, -1, 0x80000000, 0x7fffffff]);
      lo = this.pick([0, -1, 1, 0x80000000, 0x7fffffff, 0x8000]);
    }
    view.setInt32(offset, lo, true);
    view.setInt32(offset + 4, hi, true);
  }

  /** Packed BCD of 18 digits; sometimes digits above 9. */
  bcd(view: DataView, offset: number): void {
    const digits = this.below(19);
    const radix = this.below(10) === 0 ? 16 : 10;
    for (let byte = 0; byte < 9; byte++) {
      const low = byte * 2 < digits ? this.below(radix) : 0;
      const high = byte * 2 + 1 < digits ? this.below(radix) : 0;
      view.setUint8(offset + byte, (high << 4) | low);
    }
    view.setUint8(offset + 9, this.word() & 0x80);
  }

  /** An x87 control word; every exception is masked in half of them. */
  controlWord(): number {
    const masks = this.below(2) === 0 ? 0x3f : this.word() & 0x3f;
    return (this.below(4) << 10) | (this.pick([0, 2, 3, 3]) << 8) | 0x40 | masks;
  }

  /** An MXCSR without flags. */
  mxcsr(): number {
    const masks = this.below(3) !== 0 ? 0x3f : this.word() & 0x3f;
    const special = this.below(2) === 0 ? 0 : this.word() & 0x8040;
    return (this.below(4) << 13) | (masks << 7) | special;
  }
}
