/** The recorded 80286 executions: how they are read, and what of them is compared. See test/fixtures. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { CpuUnderTest, MemoryImage, Regs, RunOutcome } from './cpu-under-test.ts';
import { hex } from './cpu-under-test.ts';

export type Reg16 = 'ax' | 'bx' | 'cx' | 'dx' | 'cs' | 'ss' | 'ds' | 'es' | 'sp' | 'bp' | 'si' | 'di' | 'ip' | 'flags';
type RamByte = readonly [physAddr: number, value: number];

export interface Vector {
  readonly name: string;
  readonly bytes: string;
  readonly opcode: string;
  readonly initial: { readonly regs: Readonly<Record<Reg16, number>>; readonly ram: readonly RamByte[] };
  readonly final: { readonly regs: Readonly<Partial<Record<Reg16, number>>>; readonly ram: readonly RamByte[] };
  readonly exception?: { readonly vector: number; readonly flagsAddress: number };
  readonly flagsMask?: number;
}

/** What a processor made of a vector. */
export interface VectorResult {
  readonly outcome: RunOutcome;
  readonly regs: Regs;
  readonly readByte: (physAddr: number) => number;
}

/** Bits 12 to 15 are 0 in the 80286's real mode; bit 1 is always set. */
const FLAGS_80286 = 0x0fff;
const FLAGS_FIXED = 0x0002;

const WIDE: Readonly<Record<Reg16, keyof Regs>> = {
  ax: 'eax', bx: 'ebx', cx: 'ecx', dx: 'edx', sp: 'esp', bp: 'ebp', si: 'esi', di: 'edi',
  ip: 'eip', flags: 'eflags', cs: 'cs', ss: 'ss', ds: 'ds', es: 'es',
}; // prettier-ignore

export function loadVectors(file: URL): Vector[] {
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Vector);
}

export function initialRegs(vector: Vector): Partial<Regs> {
  const regs: Partial<Regs> = {};
  for (const [name, value] of Object.entries(vector.initial.regs)) regs[WIDE[name as Reg16]] = value;
  regs.eflags = (vector.initial.regs.flags & FLAGS_80286) | FLAGS_FIXED;
  return regs;
}

/** Neighbouring bytes joined. */
export function initialMemory(vector: Vector): MemoryImage[] {
  const images: MemoryImage[] = [];
  let run: number[] = [];
  let start = -1;
  const close = (): void => {
    if (run.length > 0) images.push({ address: start, bytes: Uint8Array.from(run) });
    run = [];
  };
  for (const [address, value] of vector.initial.ram) {
    if (address !== start + run.length) {
      close();
      start = address;
    }
    run.push(value);
  }
  close();
  return images;
}

/** Enough for an exception, its handler's HLT, and nothing that runs away. */
const MAX_INSTRUCTIONS = 16;

export function runVector(cpu: CpuUnderTest, vector: Vector): VectorResult {
  cpu.setup('real16', initialRegs(vector), initialMemory(vector));
  const outcome = cpu.run(MAX_INSTRUCTIONS);
  return { outcome, regs: cpu.regs(), readByte: (address) => cpu.readMemory(address, 1)[0] };
}

/** Every difference in words; empty when the processor did as the 80286 did. */
export function compareVector(vector: Vector, result: VectorResult, ignoredFlags = 0): string[] {
  const differences: string[] = [];
  if (result.outcome.stopped !== 'hlt') return [`did not reach its HLT: ${result.outcome.stopped}`];
  const flagsMask = (vector.flagsMask ?? 0xffff) & FLAGS_80286 & ~ignoredFlags;
  for (const name of Object.keys(WIDE) as Reg16[]) {
    const mask = name === 'flags' ? flagsMask : 0xffff;
    const expected = (vector.final.regs[name] ?? vector.initial.regs[name]) & mask;
    const actual = result.regs[WIDE[name]] & mask;
    if (expected !== actual) differences.push(`${name} ${hex(actual, 4)}, 80286: ${hex(expected, 4)}`);
  }
  for (const [name, value] of Object.entries(result.regs))
    // a HLT at FFFFh leaves EIP at 10000h
    if (name !== 'eflags' && name !== 'eip' && value > 0xffff)
      differences.push(`${name} ${hex(value)}: more than 16 bits`);

  // `flagsAddress` is where the bus cycle went, which is even; with an odd SP the word begins one higher
  const { ss, sp } = vector.initial.regs;
  const pushedFlags = vector.exception ? ss * 16 + ((sp - 2) & 0xffff) : -2;
  const expectedRam = new Map<number, number>([...vector.initial.ram, ...vector.final.ram]);
  for (const [address, value] of expectedRam) {
    let mask = 0xff;
    if (address === pushedFlags) mask = flagsMask & 0xff;
    if (address === pushedFlags + 1) mask = flagsMask >> 8;
    const actual = result.readByte(address);
    if ((actual & mask) !== (value & mask))
      differences.push(`[${hex(address, 6)}] ${hex(actual, 2)}, 80286: ${hex(value, 2)}`);
  }
  return differences;
}

export function describeVector(vector: Vector): string {
  const regs = Object.entries(vector.initial.regs).map(([name, value]) => `${name}=${hex(value, 4)}`);
  const exception = vector.exception ? `  exception ${vector.exception.vector}` : '';
  return `${vector.opcode}  ${vector.bytes}  ${vector.name}${exception}\n    ${regs.join(' ')}`;
}
