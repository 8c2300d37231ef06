/**
 * Two processors side by side: the same program on two engines must leave the same registers, flags and memory after
 * the same number of instructions. `Lockstep` runs both and stops at the first difference; the comparison is of what
 * software can see, not of what an engine keeps for itself.
 */
import { SEG, decode, format, newInstruction } from '../isa/index.ts';
import type { PhysicalMemory } from '../memory/index.ts';
import { PAGE_BYTES } from '../memory/index.ts';
import type { CpuStop } from './connections.ts';
import type { Cpu } from './engine.ts';
import { CONTROL, S, SEGMENT, SSE, STATE, X87, X87_REGISTER_BYTES, segmentAddress } from './layout.ts';
import { CPU, cpuStateView } from './snapshot.ts';

export interface LockstepSide {
  readonly cpu: Cpu;
  readonly memory: PhysicalMemory;
}

const GPR_NAMES = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];
const SEGMENT_NAMES = ['es', 'cs', 'ss', 'ds', 'fs', 'gs', 'ldtr', 'tr'];
/** Compared by value below: lazy flags have several forms, and the shadow counts only while it is active. */
const NORMALIZED = ['flagsResult', 'flagsAux', 'shadow'];

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/** The longest instruction. */
const INSTRUCTION_BYTES = 15;
const CODE_32_BITS = 0x4000;

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/** The words of the state that have names, and where they lie. */
function namedWords(): [name: string, offset: number][] {
  const words: [string, number][] = GPR_NAMES.map((name, i) => [name, S.gpr + i * 8]);
  words.push(['eip', S.rip], ['mxcsr', SSE.mxcsr], ['fpu control', X87.control], ['fpu status', X87.status]);
  words.push(['fpu in use', X87.inUse], ['fpu opcode', X87.opcode], ['fpu ip', X87.ip], ['fpu dp', X87.dp]);
  for (const name of ['cr0', 'cr2', 'cr3', 'cr4', 'efer', 'cpl', 'halted'] as const) words.push([name, CONTROL[name]]);
  for (let i = 0; i < 8; i++) words.push([`dr${i}`, CONTROL.dr + i * 8]);
  SEGMENT_NAMES.forEach((name, i) => {
    for (const field of ['selector', 'base', 'limit', 'attributes'] as const)
      words.push([`${name} ${field}`, segmentAddress(i) - STATE + SEGMENT[field]]);
  });
  for (let i = 0; i < 32; i++) words.push([`xmm${i >> 2}[${i & 3}]`, SSE.xmm + i * 4]);
  for (let i = 0; i < 24; i++)
    words.push([
      `r${Math.floor(i / 3)}[${i % 3}]`,
      X87.registers + Math.floor(i / 3) * X87_REGISTER_BYTES + (i % 3) * 4,
    ]);
  return words;
}
const NAMED_WORDS = namedWords();

/** Registers and flags that differ, in words; empty when none does. */
export function stateDifferences(left: LockstepSide, right: LockstepSide): string[] {
  left.cpu.preSave();
  right.cpu.preSave();
  const views = [left, right].map(({ cpu }) => cpuStateView(cpu.state.view.buffer) as Record<string, Uint8Array>);
  const unequal = Object.keys(CPU.fields).filter(
    (name) => !NORMALIZED.includes(name) && !sameBytes(views[0][name], views[1][name]),
  );
  const [a, b] = [left.cpu.state, right.cpu.state];
  const differences: string[] = [];
  const compare = (name: string, one: number, other: number): void => {
    if (one !== other) differences.push(`${name}: ${hex(one)} ${hex(other)}`);
  };
  compare('eflags', a.eflags, b.eflags);
  compare('interrupt shadow', a.get(S.shadowActive), b.get(S.shadowActive));
  if (unequal.length === 0) return differences;
  for (const [name, offset] of NAMED_WORDS) compare(name, a.get(offset), b.get(offset));
  return differences.length > 0 ? differences : unequal.map((name) => `${name} differs`);
}

/** Values of the words that `stateDifferences` names, by name. */
export function stateWords({ cpu }: LockstepSide): ReadonlyMap<string, number> {
  return new Map([
    ['eflags', cpu.state.eflags],
    ...NAMED_WORDS.map(([name, at]) => [name, cpu.state.get(at)] as const),
  ]);
}

/** The instruction that a processor executes next: its linear address and its disassembly. */
export function nextInstruction({ cpu, memory }: LockstepSide): string {
  const { state } = cpu;
  const address = (state.base(SEG.CS) + state.rip) >>> 0;
  const bytes: number[] = [];
  while (bytes.length < INSTRUCTION_BYTES) {
    const physical = cpu.mmu.probeFetch((address + bytes.length) >>> 0);
    if (physical < 0) break;
    bytes.push(memory.read(physical, 1));
  }
  const insn = newInstruction();
  const size = state.attributes(SEG.CS) & CODE_32_BITS ? 32 : 16;
  const status = decode(Uint8Array.from(bytes), 0, bytes.length, size, insn);
  return `${hex(address)}  ${status === 'ok' ? format(insn, address) : `(${status})`}`;
}

/** Differing bytes of the pages that either side wrote since its dirty flags were cleared; at most `limit` words. */
export function memoryDifferences(left: LockstepSide, right: LockstepSide, pages: number, limit = 8): string[] {
  const differences: string[] = [];
  for (let page = 0; page < pages && differences.length < limit; page++) {
    if (!left.memory.dirty[page] && !right.memory.dirty[page]) continue;
    const [a, b] = [left, right].map(({ memory }) => {
      const host = memory.hostPage[page];
      return memory.bytes.subarray(host, host + PAGE_BYTES);
    });
    if (sameBytes(a, b)) continue;
    for (let i = 0; i < PAGE_BYTES && differences.length < limit; i++)
      if (a[i] !== b[i]) differences.push(`[${hex(page * PAGE_BYTES + i)}]: ${hex(a[i])} ${hex(b[i])}`);
  }
  return differences;
}

export interface LockstepStep {
  readonly stop: CpuStop;
  readonly retired: number;
  /** Reference first. Empty: no difference. */
  readonly differences: readonly string[];
}

/** Runs a reference and another engine over the same program; both must have been made alike. */
export class Lockstep {
  readonly reference: LockstepSide;
  readonly tested: LockstepSide;
  readonly #pages: number;

  /** `pages`: of RAM from physical address 0 that are compared. */
  constructor(reference: LockstepSide, tested: LockstepSide, pages: number) {
    this.reference = reference;
    this.tested = tested;
    this.#pages = pages;
  }

  /** At most `count` instructions on both; then everything is compared. */
  run(count: number): LockstepStep {
    const [first, second] = [this.reference, this.tested].map(({ cpu }) => {
      const before = cpu.retired;
      const stop = cpu.run(count);
      return { stop, retired: cpu.retired - before };
    });
    const differences = [
      ...(first.stop === second.stop ? [] : [`stopped: ${first.stop} ${second.stop}`]),
      ...(first.retired === second.retired ? [] : [`retired: ${first.retired} ${second.retired}`]),
      ...stateDifferences(this.reference, this.tested),
      ...memoryDifferences(this.reference, this.tested, this.#pages),
    ];
    return { ...first, differences };
  }
}
