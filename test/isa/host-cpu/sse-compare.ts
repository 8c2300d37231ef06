/** Vector registers in words, and the differences between two states. */
import { hex } from '../cpu-under-test.ts';
import type { HostResult } from './stream.ts';

const MXCSR = 128;

const register = (image: Uint8Array, i: number): string => {
  const view = new DataView(image.buffer, image.byteOffset + i * 16);
  return [12, 8, 4, 0].map((at) => hex(view.getUint32(at, true))).join('_');
};
const mxcsr = (image: Uint8Array): string =>
  hex(new DataView(image.buffer, image.byteOffset).getUint32(MXCSR, true), 5);

export function compareSse(core: HostResult, host: HostResult): string[] {
  const [mine, theirs] = [core.sse!, host.sse!];
  const differences: string[] = [];
  for (let i = 0; i < 8; i++) {
    const [a, b] = [register(mine, i), register(theirs, i)];
    if (a !== b) differences.push(`xmm${i} ${a}, host: ${b}`);
  }
  if (mxcsr(mine) !== mxcsr(theirs)) differences.push(`mxcsr ${mxcsr(mine)}, host: ${mxcsr(theirs)}`);
  return differences;
}

export function describeSse(image: Uint8Array): string {
  const lines = Array.from({ length: 8 }, (_, i) => `xmm${i}=${register(image, i)}`);
  return [`mxcsr=${mxcsr(image)}`, ...lines].join('\n    ');
}
