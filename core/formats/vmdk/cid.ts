import type { Entropy } from '../../backends/index.ts';

/** A new content id: any value but the two that mean something else. */
export function randomCid(entropy: Entropy): number {
  const bytes = new Uint8Array(4);
  entropy.fill(bytes);
  return new DataView(bytes.buffer).getUint32(0) % 0xfffffffe;
}
