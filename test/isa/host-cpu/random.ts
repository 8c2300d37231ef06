/** Seeded randomness (mulberry32) and the operand values where arithmetic has its corners. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Unsigned 32-bit. */
  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  /** 0 to below `limit`. */
  below(limit: number): number {
    return this.u32() % limit;
  }
  /** Both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }
  /** True once in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }
  /** A 32-bit operand: half of them at a corner of some width. */
  operand(): number {
    switch (this.below(6)) {
      case 0:
        return this.pick(CORNERS);
      case 1:
        return (this.pick(CORNERS) + this.between(-2, 2)) >>> 0;
      case 2:
        return ((this.u32() & 0xffff0000) | (this.pick(CORNERS) & 0xffff)) >>> 0;
      case 3:
        return this.u32() >>> this.below(32);
      default:
        return this.u32();
    }
  }
}

const CORNERS = [
  0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xff00, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff8000,
  0xffffff80, 0xffffffff, 0x00800080, 0x80008000, 0x55555555, 0xaaaaaaaa, 0x99, 0x9a, 0x0f, 0x10,
]; // prettier-ignore

/** One number from several, so that a case depends on its own coordinates alone. */
export function mixSeed(...parts: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) hash = Math.imul(hash ^ part, 0x01000193) ^ (hash >>> 13);
  return hash >>> 0;
}
