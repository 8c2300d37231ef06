/** The 256-bit registers ISR, TMR and IRR of a local APIC: one bit a vector, in eight words. */
export const hasVector = (set: Uint32Array, vector: number): boolean => (set[vector >> 5] & (1 << (vector & 31))) !== 0;

export function addVector(set: Uint32Array, vector: number): void {
  set[vector >> 5] |= 1 << (vector & 31);
}

export function removeVector(set: Uint32Array, vector: number): void {
  set[vector >> 5] &= ~(1 << (vector & 31));
}

/** The vector with the highest priority, -1 for none. */
export function highestVector(set: Uint32Array): number {
  for (let word = 7; word >= 0; word--) if (set[word] !== 0) return word * 32 + 31 - Math.clz32(set[word]);
  return -1;
}
