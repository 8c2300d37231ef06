import type { IoBus } from '../bus/index.ts';
import type { Cpu } from '../cpu/index.ts';
import type { BoardMemory } from './memory-map.ts';

/** What real mode reaches: the first MiB and the high memory area. */
const LOW_BYTES = 0x110000;
/** The adapter's memory behind A0000h-BFFFFh: four planes. */
const PLANES_BYTES = 0x40000;
const SEGMENT_LIMIT_MAX = 0xffff;
/** Circles that are only counted before one is looked at closely. */
const CIRCLES_SEEN = 16;
/** Questions that are all unlike the one remembered: another is remembered. */
const STRANGERS_MAX = 32;
/** What is no circle costs the comparison of a MiB at most this often. */
const AGAIN_NS = 1e8;
/** What tells a program the time, or takes it where this does not look. */
const ELSEWHERE = [
  'writeControlRegister',
  'loadMachineStatus',
  'readTimeStamp',
  'readPerformanceCounter',
  'readMsr',
  'writeMsr',
  'cpuid',
] as const;

/**
 * Notices a program that asks INT 16h for a key over and over and does nothing else, as DOS does at its prompt: it would
 * take a whole core. This is no guess: where registers, memory and screen are at one question what they were at an
 * earlier one, and no port and no clock was read in between, the processor goes round in a circle that only an interrupt
 * ends. A program that computes, draws or counts between its questions never repeats itself, however often it asks.
 */
export class KeyPolls {
  readonly #cpu: Cpu;
  readonly #io: IoBus;
  readonly #compared: readonly Int32Array[];
  readonly #nowNs: () => number;
  /** The question that later ones are compared with: general registers, and ports used until then. */
  readonly #registers = new Uint32Array(8);
  #accesses = -1;
  #circles = 0;
  #strangers = 0;
  /** `#compared` as it was, and the calls elsewhere: made at the end of a circle, once enough were counted. */
  #copies: readonly Int32Array[] | undefined;
  #hasCopies = false;
  #elsewhere = 0;
  #notBeforeNs = 0;

  constructor(cpu: Cpu, io: IoBus, { ram, vram }: BoardMemory, nowNs: () => number) {
    this.#cpu = cpu;
    this.#io = io;
    this.#nowNs = nowNs;
    const memory = [ram.subarray(0, LOW_BYTES), vram.subarray(0, PLANES_BYTES)].map(
      ({ buffer, byteOffset, byteLength }) => new Int32Array(buffer, byteOffset, byteLength >> 2),
    );
    this.#compared = [...cpu.state.computed, ...memory];
  }

  /** INT 16h has no key to tell of. Returns whether the next interrupt is all that asking again can lead to. */
  inVain(): boolean {
    if (!this.#isCircle()) return false;
    this.#circles++;
    if (!this.#hasCopies) {
      if (this.#circles >= CIRCLES_SEEN && this.#nowNs() >= this.#notBeforeNs && this.#reachesLowMemoryOnly())
        this.#copy();
      return false;
    }
    const unchanged = this.#isUnchanged();
    this.#hasCopies = false;
    this.#circles = 0;
    if (!unchanged) this.#notBeforeNs = this.#nowNs() + AGAIN_NS;
    return unchanged;
  }

  #isCircle(): boolean {
    const { state } = this.#cpu;
    const ports = this.#io.accesses !== this.#accesses;
    let same = !ports;
    for (let index = 0; same && index < 8; index++) same = state.gpr(index) === this.#registers[index];
    if (same) {
      this.#strangers = 0;
      return true;
    }
    if (ports || ++this.#strangers > STRANGERS_MAX) {
      for (let index = 0; index < 8; index++) this.#registers[index] = state.gpr(index);
      this.#accesses = this.#io.accesses;
      this.#circles = this.#strangers = 0;
      this.#hasCopies = false;
    }
    return false;
  }

  /** Real mode with its own limits, so that no memory but what is compared can be used. */
  #reachesLowMemoryOnly(): boolean {
    const { state } = this.#cpu;
    if (state.protectedMode) return false;
    for (let segment = 0; segment < 6; segment++) if (state.limit(segment) > SEGMENT_LIMIT_MAX) return false;
    return true;
  }

  #copy(): void {
    this.#copies ??= this.#compared.map((part) => new Int32Array(part.length));
    this.#copies.forEach((copy, index) => copy.set(this.#compared[index]));
    this.#elsewhere = this.#cpu.helperCalls(ELSEWHERE);
    this.#hasCopies = true;
  }

  #isUnchanged(): boolean {
    if (this.#cpu.helperCalls(ELSEWHERE) !== this.#elsewhere) return false;
    return this.#compared.every((part, index) => areEqual(part, this.#copies![index]));
  }
}

function areEqual(a: Int32Array, b: Int32Array): boolean {
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
