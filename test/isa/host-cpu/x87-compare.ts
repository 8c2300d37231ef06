/** FPU states in words, and the differences between two. */
import { hex } from '../cpu-under-test.ts';
import type { HostResult } from './stream.ts';

const REGISTERS = 28;
const REGISTER_BYTES = 10;
const C1 = 0x200;
const INEXACT = 0x20;

/** Correctly rounded nowhere: within one unit in the last place of the host. C1, rounded up, is each one's own affair. */
const TRANSCENDENTAL = ['FSIN', 'FCOS', 'FSINCOS', 'FPTAN', 'FPATAN', 'F2XM1', 'FYL2X', 'FYL2XP1'];

/** Zen leaves C1 as it was, which the core follows; Intel's manual says 0. */
const KEEPS_C1 = ['FCOMI', 'FCOMIP', 'FUCOMI', 'FUCOMIP'];

const FIELDS = [
  ['control', 0, 2],
  ['status', 4, 2],
  ['tags', 8, 2],
  ['ip', 12, 4],
  ['cs', 16, 2],
  ['opcode', 18, 2],
  ['dp', 20, 4],
  ['ds', 24, 2],
] as const;

interface Register {
  readonly se: number;
  readonly significand: bigint;
}

const register = (view: DataView, i: number): Register => ({
  significand: view.getBigUint64(REGISTERS + i * REGISTER_BYTES, true),
  se: view.getUint16(REGISTERS + i * REGISTER_BYTES + 8, true),
});
const text = ({ se, significand }: Register): string => `${hex(se, 4)}:${significand.toString(16).padStart(16, '0')}`;

function unitsApart(a: Register, b: Register): bigint {
  const ordinal = ({ se, significand }: Register): bigint =>
    (BigInt(se) << 63n) + (significand & 0x7fff_ffff_ffff_ffffn);
  const distance = ordinal(a) - ordinal(b);
  return distance < 0n ? -distance : distance;
}

/** Differences in words. After a signal the pointers are the kernel's, which keeps only some of them. */
export function compareFpu(mnemonic: string, vendor: string, core: HostResult, host: HostResult): string[] {
  const differences: string[] = [];
  const [mine, theirs] = [core.fpu!, host.fpu!].map((image) => new DataView(image.buffer, image.byteOffset));
  const near = TRANSCENDENTAL.includes(mnemonic);
  for (let i = 0; i < 8; i++) {
    const [a, b] = [register(mine, i), register(theirs, i)];
    if (a.se === b.se && a.significand === b.significand) continue;
    if (near && unitsApart(a, b) <= 1n) continue;
    differences.push(`st${i} ${text(a)}, host: ${text(b)}`);
  }
  for (const [name, offset, bytes] of FIELDS) {
    if (host.vector !== undefined && offset >= 12) continue;
    let ignored = 0;
    if (name === 'opcode') ignored = ~0x7ff;
    if (name === 'status' && near && theirs.getUint16(offset, true) & INEXACT) ignored = C1;
    if (name === 'status' && KEEPS_C1.includes(mnemonic) && vendor !== 'AuthenticAMD') ignored = C1;
    const [a, b] = [mine, theirs].map(
      (view) => (bytes === 4 ? view.getUint32(offset, true) : view.getUint16(offset, true)) & ~ignored,
    );
    if (a !== b) differences.push(`${name} ${hex(a, bytes * 2)}, host: ${hex(b, bytes * 2)}`);
  }
  return differences;
}

/** The state for a person. */
export function describeFpu(image: Uint8Array): string {
  const view = new DataView(image.buffer, image.byteOffset);
  const words = FIELDS.map(
    ([name, offset, bytes]) =>
      `${name}=${hex(bytes === 4 ? view.getUint32(offset, true) : view.getUint16(offset, true), bytes * 2)}`,
  );
  return `${words.join(' ')}\n    ${Array.from({ length: 8 }, (_, i) => text(register(view, i))).join(' ')}`;
}
