/** A whole PC inside the test's process, on the virtual clock: the same input gives the same pixels at the same instant. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Block, Frame } from '../../core/backends/index.ts';
import { MemoryBlock } from '../../core/formats/index.ts';
import type { Machine, PcConfig } from '../../core/machine/machine.ts';
import { createPc } from '../../core/machine/pc.ts';
import { HostClock, repeatableEntropy, repeatableWallClock } from '../../main/vm-host/clocks.ts';
import { tuneV8 } from '../../main/vm-host/tune-v8.ts';
import { guestImage } from '../fixtures/guests.ts';

/** Between two looks at a machine. With the host clock guest time does not stand still while the test looks. */
const STEP_NS = { virtual: 1e6, skipping: 1e6, host: 20e6 };
const NS_PER_INSTRUCTION = 10;
const LIMIT_MS = 3_000;

// As in the processes of machines.
tuneV8();

/** A private copy of a guest image. */
export const guestFloppy = (name: string): Uint8Array => new Uint8Array(readFileSync(guestImage(name)));

/**
 * - `virtual`: time is instructions; what images and other runs are compared with.
 * - `skipping`: the same for a machine that believes its time to be the host's: one that asks for a key over and over is
 *   halted, as in the app, and what it would wait is left out. DOS at its prompt costs next to nothing.
 * - `host`: time passes as the test's does, for guests that poll the time.
 */
type GuestClock = keyof typeof STEP_NS;
export type GuestConfig = Omit<Partial<PcConfig>, 'clock'> & { readonly clock?: GuestClock };

/** A host's clock on which an instruction takes as long as on the virtual one. */
class InstructionClock {
  #skippedNs = 0;
  readonly #instructions: () => number;

  constructor(instructions: () => number) {
    this.#instructions = instructions;
  }

  get nowNs(): number {
    return this.#instructions() * NS_PER_INSTRUCTION + this.#skippedNs;
  }

  skip(ns: number): void {
    this.#skippedNs += ns;
  }
}

export class Guest {
  readonly machine: Machine;
  /** What the machine wrote is in here. */
  readonly floppy: Uint8Array | undefined;
  readonly log: string[] = [];
  readonly #stepNs: number;
  readonly #instructionClock: InstructionClock | undefined;
  #serial = '';
  #debug = '';

  constructor(
    floppy: Uint8Array | undefined,
    { clock = 'virtual', ...config }: GuestConfig = {},
    media: { readonly disks?: readonly (Uint8Array | Block)[]; readonly cdrom?: Uint8Array } = {},
  ) {
    this.floppy = floppy;
    this.#stepNs = STEP_NS[clock];
    const hostClock = new HostClock();
    hostClock.resume();
    // A machine that is being made asks for the time, too.
    let machine: Machine | undefined;
    if (clock === 'skipping') this.#instructionClock = new InstructionClock(() => machine?.instructions ?? 0);
    this.machine = machine = createPc(
      {
        ...{ memoryMiB: 16, bootOrder: ['floppy', 'cdrom', 'disk'], engine: 'auto', ...config },
        clock: clock === 'virtual' ? 'virtual' : 'host',
      },
      {
        hostClock: this.#instructionClock ?? hostClock,
        wallClock: repeatableWallClock,
        entropy: repeatableEntropy(),
        floppies: [floppy && new MemoryBlock(floppy)],
        disks: (media.disks ?? []).map((disk) => (disk instanceof Uint8Array ? new MemoryBlock(disk) : disk)),
        cdrom: media.cdrom && new MemoryBlock(media.cdrom, { readOnly: true }),
        serial: [{ write: (byte) => void (this.#serial += String.fromCharCode(byte)) }],
        debug: { write: (byte) => void (this.#debug += String.fromCharCode(byte)) },
        log: (message) => void this.log.push(message),
      },
    );
  }

  /** What the guest sent to COM1. */
  get serial(): string {
    return this.#serial;
  }

  /** What the guest wrote to port E9h. */
  get debug(): string {
    return this.#debug;
  }

  runFor(ms: number): void {
    const endNs = this.machine.nowNs + ms * 1e6;
    do {
      const status = this.machine.run(endNs);
      if (status.kind === 'idle') this.#instructionClock?.skip(Math.min(status.wakeNs, endNs) - this.machine.nowNs);
    } while (this.machine.nowNs < endNs);
  }

  /**
   * Runs until the text screen matches or the condition holds; throws with the last screen after `limitMs` of guest time.
   * `stepMs`: between two looks, for guests that take long.
   */
  runUntil(wanted: RegExp | (() => boolean), limitMs = LIMIT_MS, stepMs = this.#stepNs / 1e6): void {
    const holds = typeof wanted === 'function' ? wanted : () => wanted.test(this.text);
    const endNs = this.machine.nowNs + limitMs * 1e6;
    while (!holds()) {
      if (this.machine.nowNs >= endNs)
        throw new Error(`not met in ${limitMs} ms: ${String(wanted)}\n${this.text}\ndebug port: ${this.#debug}`);
      this.runFor(stepMs);
    }
  }

  /** Types, and runs until the last key is released. */
  type(text: string): void {
    this.machine.typist.type(text);
    this.runUntil(() => !this.machine.typist.busy);
  }

  /** Presses keys together (`KeyboardEvent.code`), and runs until they are released. */
  press(...codes: readonly string[]): void {
    if (!this.machine.typist.chord(codes)) throw new Error(`no such key: ${codes.join('+')}`);
    this.runUntil(() => !this.machine.typist.busy);
  }

  /** The rows of the text screen without trailing blanks; none in graphics modes. */
  get rows(): string[] {
    return (this.machine.display.text() ?? []).map((row) => row.trimEnd());
  }

  get text(): string {
    return this.rows.join('\n').trimEnd();
  }

  /** The picture as it is now; valid until the next call. */
  picture(): Picture {
    this.machine.display.refresh();
    return new Picture(this.machine.display.frame);
  }

  get stateHash(): string {
    return createHash('sha256').update(this.machine.save()).digest('hex');
  }
}

export class Picture {
  readonly frame: Frame;

  constructor(frame: Frame) {
    this.frame = frame;
  }

  get size(): string {
    return `${this.frame.width}x${this.frame.height}`;
  }

  /** RRGGBB in hexadecimal. */
  at(x: number, y: number): string {
    const { pixels, width } = this.frame;
    const at = (y * width + x) * 4;
    return Buffer.from(pixels.subarray(at, at + 3)).toString('hex');
  }

  /** A pixel of a mode of this many columns and rows, wherever the frame repeats it. */
  of(columns: number, rows: number): (x: number, y: number) => string {
    const { width, height } = this.frame;
    if (width % columns !== 0 || height % rows !== 0)
      throw new Error(`${this.size} is no multiple of ${columns}x${rows}`);
    return (x, y) => this.at((x * width) / columns, (y * height) / rows);
  }

  get hash(): string {
    return createHash('sha256').update(this.frame.pixels).digest('hex');
  }

  /** How many pixels have each colour. */
  colours(): Map<string, number> {
    const counts = new Map<number, number>();
    const words = this.#words();
    // Neighbours are alike most of the time.
    for (let start = 0, end = 0; start < words.length; start = end) {
      const word = words[start];
      while (end < words.length && words[end] === word) end++;
      counts.set(word, (counts.get(word) ?? 0) + end - start);
    }
    return new Map([...counts].map(([word, count]) => [hexOf(word), count]));
  }

  /** The middle of all pixels of a colour; undefined when there are none. */
  middleOf(colour: string): { x: number; y: number } | undefined {
    const [red, green, blue] = Buffer.from(colour, 'hex');
    const wanted = red | (green << 8) | (blue << 16);
    let [count, sumX, sumY] = [0, 0, 0];
    this.#words().forEach((pixel, i) => {
      if ((pixel & 0xffffff) !== wanted) return;
      count++;
      sumX += i % this.frame.width;
      sumY += Math.floor(i / this.frame.width);
    });
    return count === 0 ? undefined : { x: sumX / count, y: sumY / count };
  }

  /** One number for each pixel: A B G R, the last in the lowest byte. */
  #words(): Uint32Array {
    const { buffer, byteOffset, byteLength } = this.frame.pixels;
    return new Uint32Array(buffer, byteOffset, byteLength / 4);
  }
}

const hexOf = (word: number): string =>
  [word, word >>> 8, word >>> 16].map((part) => (part & 0xff).toString(16).padStart(2, '0')).join('');
