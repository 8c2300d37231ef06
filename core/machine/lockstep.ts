/**
 * Two machines side by side: the same board on two engines, given the same input at the same instants of the virtual
 * clock. Registers are compared every millisecond of guest time, memory and devices every five million instructions; at the
 * first difference the machine stops, and `LockstepDifference.narrow` finds the instruction by going back to the last instant at
 * which everything was equal.
 */
import { assert } from '../base/index.ts';
import { RAM_BASE } from '../cpu/index.ts';
import { nextInstruction, stateDifferences, stateWords, type LockstepSide } from '../cpu/lockstep.ts';
import { PAGE_BYTES, PAGE_KIND } from '../memory/index.ts';
import { NS_PER_INSTRUCTION } from './clock.ts';
import { differingParts } from './image.ts';
import type { CdromDrive, FloppyDrive, Machine, RunStatus } from './machine.ts';

const REGISTERS_NS = 1e6;
/** Some tenths of a second of the host's time. */
const EVERYTHING_INSTRUCTIONS = 5_000_000;
/** Instructions shown before a difference. */
const HISTORY = 12;
const WORDS_PER_PAGE = PAGE_BYTES / 4;
/** Words of memory and lines of device state that are named. */
const NAMED = 8;

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');

/** An instant at which both machines were equal, and how to come back to it. */
interface Checkpoint {
  readonly ns: number;
  readonly instructions: number;
  readonly state: Uint8Array;
  /** RAM pages of the reference as they were, kept when they were first written since. */
  readonly pages: Map<number, Uint8Array>;
}

/** Where two engines part. */
export interface Narrowed {
  /** Instructions since power-on after which the machines differ, and before which they do not. */
  readonly instructions: number;
  readonly ns: number;
  /** Name and both values, the reference's first. */
  readonly differences: readonly string[];
  /**
   * The reference's last instructions before it. A compiled block ends as a whole, so it is one of the last; marked with
   * an arrow is what changed a register that differs.
   */
  readonly history: readonly string[];
}

/** The machines differ; the one that found it does not run on. */
export class LockstepDifference extends Error {
  readonly differences: readonly string[];
  readonly #narrow: () => Narrowed | undefined;

  constructor(fromNs: number, toNs: number, differences: readonly string[], narrow: () => Narrowed | undefined) {
    super(`the engines differ between ${fromNs / 1e6} and ${toNs / 1e6} ms of guest time: ${differences.join(', ')}`);
    this.name = 'LockstepDifference';
    this.differences = differences;
    this.#narrow = narrow;
  }

  /**
   * Runs the last stretch again, and what it wrote to disks and ports comes once more. Undefined when it does not show
   * then: what was compiled before is part of the cause.
   */
  narrow(): Narrowed | undefined {
    return this.#narrow();
  }
}

export class LockstepMachine implements Machine {
  readonly #reference: Machine;
  readonly #tested: Machine;
  readonly #sides: readonly [LockstepSide, LockstepSide];
  readonly #words: readonly [Int32Array, Int32Array];
  readonly keyboard: Machine['keyboard'];
  readonly mouse: Machine['mouse'];
  readonly typist: Machine['typist'];
  readonly serial: Machine['serial'];
  readonly floppies: Machine['floppies'];
  readonly cdrom: Machine['cdrom'];
  #checkpoint: Checkpoint;
  /** Input came since the checkpoint, so that running from there again would lack it. */
  #touched = false;

  /**
   * Both just built, alike but for the engine, with the virtual clock; with disks and outputs of their own. `reference` is
   * what the other one is measured by, and what people see.
   */
  constructor(reference: Machine, tested: Machine) {
    assert(reference.inside && tested.inside, 'machines that show their processors');
    this.#reference = reference;
    this.#tested = tested;
    this.#sides = [reference.inside, tested.inside];
    // Interrupts by TypeScript on this side, so that what generated code makes of them is set against it.
    reference.inside.cpu.onException = () => {};
    const words = ({ memory }: LockstepSide): Int32Array => new Int32Array(memory.bytes.buffer);
    this.#words = [words(this.#sides[0]), words(this.#sides[1])];
    const both = <T extends object>(part: (machine: Machine) => T): T => this.#both(part(reference), part(tested));
    this.keyboard = both((machine) => machine.keyboard);
    this.mouse = both((machine) => machine.mouse);
    this.typist = both((machine) => machine.typist);
    this.serial = reference.serial.map((_, i) => both((machine) => machine.serial[i]));
    this.floppies = reference.floppies.map((_, i) => readOnlyMedia(both((machine) => machine.floppies[i])));
    this.cdrom = reference.cdrom && readOnlyMedia(both((machine) => machine.cdrom!));
    for (const { memory } of this.#sides) memory.dirty.fill(1, 0, this.#pages);
    this.#checkpoint = this.#check(this.nowNs);
  }

  /** A part of both: what is called on it, both do; what it says is the reference's. */
  #both<T extends object>(reference: T, tested: T): T {
    return new Proxy(reference, {
      get: (_, name) => {
        const value: unknown = Reflect.get(reference, name, reference);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]): unknown => {
          this.#touched = true;
          Reflect.apply(Reflect.get(tested, name, tested) as () => unknown, tested, args);
          return Reflect.apply(value, reference, args);
        };
      },
    });
  }

  get nowNs(): number {
    return this.#reference.nowNs;
  }
  get instructions(): number {
    return this.#reference.instructions;
  }
  get display(): Machine['display'] {
    return this.#reference.display;
  }
  get memory(): Machine['memory'] {
    return this.#reference.memory;
  }
  get #pages(): number {
    return this.memory.sizeBytes / PAGE_BYTES;
  }

  pressPowerButton(): boolean {
    this.#touched = true;
    this.#tested.pressPowerButton?.();
    return this.#reference.pressPowerButton?.() ?? false;
  }
  reset(): void {
    this.#touched = true;
    this.#reference.reset();
    this.#tested.reset();
  }
  save(): Uint8Array {
    return this.#reference.save();
  }
  saveState(): Uint8Array {
    return this.#reference.saveState();
  }
  load(image: Uint8Array): ReturnType<Machine['load']> {
    this.#touched = true;
    const loaded = this.#reference.load(image);
    return loaded.ok ? this.#tested.load(image) : loaded;
  }
  loadState(image: Uint8Array): ReturnType<Machine['load']> {
    this.#touched = true;
    const loaded = this.#reference.loadState(image);
    return loaded.ok ? this.#tested.loadState(image) : loaded;
  }
  /** The tested engine's. */
  stats(): ReturnType<NonNullable<Machine['stats']>> {
    return this.#tested.stats!();
  }
  describe(): ReturnType<Machine['describe']> {
    return this.#reference.describe();
  }

  // --- running -----------------------------------------------------------------------------------------------------------------

  /** Throws LockstepDifference. */
  run(untilNs: number): RunStatus {
    if (this.#touched) this.#checkpoint = this.#check(this.nowNs);
    this.#touched = false;
    let status: RunStatus = { kind: 'running' };
    while (this.nowNs < untilNs && status.kind === 'running') {
      const before = this.nowNs;
      status = this.#advance(Math.min(untilNs, before + REGISTERS_NS));
      const differences = stateDifferences(...this.#sides);
      if (differences.length > 0) this.#differ(before, differences);
      const due = this.instructions - this.#checkpoint.instructions >= EVERYTHING_INSTRUCTIONS;
      if (due || status.kind !== 'running') this.#checkpoint = this.#check(before);
    }
    return status;
  }

  /** Everything, now; `run` does it now and then by itself. Throws LockstepDifference. */
  compare(): void {
    this.#checkpoint = this.#check(this.#checkpoint.ns);
  }

  #advance(untilNs: number): RunStatus {
    const before = this.nowNs;
    const status = this.#reference.run(untilNs);
    let other: RunStatus;
    try {
      other = this.#tested.run(untilNs);
    } catch (error) {
      throw new LockstepDifference(before, this.nowNs, [`the tested engine failed: ${String(error)}`], () => undefined);
    }
    const told = JSON.stringify([status, other]);
    if (status.kind !== other.kind || this.nowNs !== this.#tested.nowNs)
      this.#differ(before, [`${told}, at ${this.nowNs} and ${this.#tested.nowNs} ns`]);
    return status;
  }

  #differ(fromNs: number, differences: readonly string[]): never {
    const toNs = Math.max(this.nowNs, this.#tested.nowNs);
    const narrow = (): Narrowed | undefined => (this.#touched ? undefined : this.#narrow(toNs));
    throw new LockstepDifference(fromNs, toNs, differences, narrow);
  }

  /** Compares everything; from here on pages that are written are kept as they are now. */
  #check(fromNs: number): Checkpoint {
    const [state, other] = [this.#reference.saveState(), this.#tested.saveState()];
    const differences = [...this.#memoryDifferences(), ...this.#deviceDifferences(state, other)];
    if (differences.length > 0) this.#differ(fromNs, differences);
    const [{ memory }] = this.#sides;
    const pages = new Map<number, Uint8Array>();
    this.#forgetWrites();
    memory.beforeFirstWrite = (page) => {
      if (page < this.#pages) pages.set(page, this.#page(this.#sides[0], page).slice());
    };
    return { ns: this.nowNs, instructions: this.instructions, state, pages };
  }

  #forgetWrites(): void {
    for (const { cpu, memory } of this.#sides) {
      memory.dirty.fill(0, 0, this.#pages);
      cpu.mmu.revokeAllWrites();
    }
  }

  /** RAM, whatever is mapped over it. */
  #page({ memory }: LockstepSide, page: number): Uint8Array {
    const at = RAM_BASE + page * PAGE_BYTES;
    return memory.bytes.subarray(at, at + PAGE_BYTES);
  }

  #memoryDifferences(): string[] {
    const differences: string[] = [];
    const [left, right] = this.#words;
    const [{ dirty }, { dirty: otherDirty }] = this.#sides.map(({ memory }) => memory);
    for (let page = 0; page < this.#pages && differences.length < NAMED; page++) {
      if (!dirty[page] && !otherDirty[page]) continue;
      const first = (RAM_BASE + page * PAGE_BYTES) / 4;
      for (let i = first; i < first + WORDS_PER_PAGE && differences.length < NAMED; i++)
        if (left[i] !== right[i]) differences.push(`[${hex(i * 4 - RAM_BASE)}]: ${hex(left[i])} ${hex(right[i])}`);
    }
    return differences;
  }

  #deviceDifferences(state: Uint8Array, other: Uint8Array): string[] {
    const parts = differingParts(state, other);
    if (parts.length === 0) return [];
    const [lines, otherLines] = [this.#reference.describe(), this.#tested.describe()];
    return parts.flatMap((id) => {
      const fields = lines[id].flatMap((line, i) =>
        line === otherLines[id][i] ? [] : [`${id}: ${line} | ${otherLines[id][i]}`],
      );
      return fields.length > 0 ? fields.slice(0, NAMED) : [`${id} differs`];
    });
  }

  // --- finding the instruction ---------------------------------------------------------------------------------------------------

  /** Both back at the checkpoint. What was compiled stays, since it is what differs. */
  #goBack(): void {
    const { state, pages } = this.#checkpoint;
    const [reference, tested] = this.#sides;
    reference.memory.beforeFirstWrite = undefined;
    for (const [page, kept] of pages) this.#putPage(reference, page, kept);
    const { dirty } = tested.memory;
    for (let page = 0; page < this.#pages; page++)
      if (dirty[page] || pages.has(page)) this.#putPage(tested, page, this.#page(reference, page));
    for (const machine of [this.#reference, this.#tested]) {
      const { cpu } = machine.inside!;
      cpu.keepsCode = true;
      assert(machine.loadState(state).ok, 'a machine takes the state that it gave');
      cpu.keepsCode = false;
    }
    this.#forgetWrites();
  }

  /** Code of a page that changes is forgotten, as after a guest's write. */
  #putPage(side: LockstepSide, page: number, bytes: Uint8Array): void {
    const { memory } = side;
    const target = this.#page(side, page);
    if (target.every((byte, i) => byte === bytes[i])) return;
    if (memory.kind[page] === PAGE_KIND.RAM && memory.hostPage[page] === target.byteOffset)
      memory.dmaWrite(page * PAGE_BYTES, bytes);
    else target.set(bytes);
  }

  #differencesAt(ns: number): string[] {
    this.#goBack();
    if (ns <= this.nowNs) return [];
    this.#reference.run(ns);
    this.#tested.run(ns);
    return this.#differences();
  }

  #differences(): string[] {
    const [state, other] = [this.#reference.saveState(), this.#tested.saveState()];
    return [
      ...stateDifferences(...this.#sides),
      ...this.#memoryDifferences(),
      ...this.#deviceDifferences(state, other).filter((line) => !line.startsWith('cpu')),
    ];
  }

  #narrow(toNs: number): Narrowed | undefined {
    if (this.#differencesAt(toNs).length === 0) return undefined;
    let equal = this.#checkpoint.ns;
    let different = toNs;
    while (different - equal > NS_PER_INSTRUCTION) {
      const instructions = Math.floor((different - equal) / NS_PER_INSTRUCTION);
      const middle = equal + Math.max(1, instructions >> 1) * NS_PER_INSTRUCTION;
      if (this.#differencesAt(middle).length === 0) equal = middle;
      else different = middle;
    }
    const differences = this.#differencesAt(different);
    const names = differences.map((line) => line.slice(0, line.indexOf(':')));
    const { instructions, nowNs } = this.#reference;
    return { instructions, ns: nowNs, differences, history: this.#history(different, names) };
  }

  /** The reference alone, step by step. */
  #history(endNs: number, names: readonly string[]): string[] {
    this.#goBack();
    const [reference] = this.#sides;
    this.#reference.run(Math.max(this.#checkpoint.ns, endNs - HISTORY * NS_PER_INSTRUCTION));
    const lines: string[] = [];
    while (this.#reference.nowNs < endNs) {
      const text = nextInstruction(reference);
      const before = stateWords(reference);
      this.#reference.run(this.#reference.nowNs + NS_PER_INSTRUCTION);
      const after = stateWords(reference);
      const changed = names.filter((name) => before.get(name) !== after.get(name));
      lines.push(changed.length === 0 ? text : `${text}  <- ${changed.join(', ')}`);
    }
    return lines;
  }
}

/** Both drives would write to the one medium. */
function readOnlyMedia<T extends FloppyDrive | CdromDrive>(drive: T): T {
  return new Proxy(drive, {
    get(target, name) {
      if (name !== 'insert') return Reflect.get(target, name, target) as unknown;
      return (medium: Parameters<T['insert']>[0]): void => {
        assert(medium?.readOnly ?? true, 'a medium that two machines share is not written');
        target.insert(medium);
      };
    },
  });
}
