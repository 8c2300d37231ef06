/**
 * Accesses of a region that lie close together: by the same base register, as a function's frame or a structure's fields
 * are. They share one look-up: a window is a range of linear addresses whose address in linear memory is in a local.
 *
 * What is close to what is found by emitting a region twice: first to know what is accessed, so that a window is as long
 * as it should be. What each block changes is known before, so that what is known at a block's end lasts beyond where
 * paths meet.
 */
import type { Origin } from '../insn/value.ts';
import type { BlockEffects } from './effects.ts';

/** Longest window: the longer, the more often a page's end lies in it. */
const MAX_BYTES = 256;

/** The code of the first is right, too: it has no windows. */
export type Stage = 'accesses' | 'code';

/** An access, by its origin, in the order in which a region emits them. */
interface Access {
  readonly origin: Origin;
  readonly bytes: number;
  readonly write: boolean;
}

/** What is known of a region before its code is emitted for good. */
export class Survey {
  readonly #effects: readonly BlockEffects[];
  readonly #accesses: Access[] = [];
  readonly #lastUse = new Map<number, number>();
  #sharing = false;

  /** `effects`: by block. */
  constructor(effects: readonly BlockEffects[]) {
    this.#effects = effects;
  }

  /** Whether there are accesses that could share a window. */
  get isWorthwhile(): boolean {
    return this.#sharing;
  }

  note(access: Access): void {
    const { root } = access.origin;
    this.#sharing ||= this.#lastUse.has(root);
    this.#lastUse.set(root, this.#accesses.length);
    this.#accesses.push(access);
  }

  writes(blocks: readonly number[]): number {
    return blocks.reduce((bits, block) => bits | this.#effects[block].writes, 0);
  }

  moves(blocks: readonly number[]): boolean {
    return blocks.some((block) => this.#effects[block].moves);
  }

  /** Whether an access from number `from` on lies by the root. */
  uses(root: number, from: number): boolean {
    return (this.#lastUse.get(root) ?? -1) >= from;
  }

  /** The window that access number `first` should open, or undefined when it would be the only one in it. */
  extent(first: number): { from: number; to: number } | undefined {
    const { origin, bytes, write } = this.#accesses[first];
    let [from, to] = [origin.offset, origin.offset + bytes];
    let count = 0;
    for (let i = first; i <= this.#lastUse.get(origin.root)!; i++) {
      const other = this.#accesses[i];
      if (other.origin.root !== origin.root || (other.write && !write)) continue;
      const low = Math.min(from, other.origin.offset);
      const high = Math.max(to, other.origin.offset + other.bytes);
      if (high - low > MAX_BYTES) continue;
      [from, to] = [low, high];
      count++;
    }
    return count > 1 ? { from, to } : undefined;
  }
}

/** Offsets [from, to) of a root; writable as well as readable when the access that opened it was a write. */
export interface Window {
  readonly root: number;
  readonly from: number;
  readonly to: number;
  readonly write: boolean;
  /** Local: the address in linear memory of `from`. */
  readonly host: number;
}

/** What is known at a place in the code. Never changed. */
interface Known {
  /** By general register: where it lies from what is not known. */
  readonly registers: readonly Origin[];
  /** Oldest first. */
  readonly windows: readonly Window[];
  /** Known where code goes on that is emitted later: their locals are taken. */
  readonly pinned: readonly Window[];
}

/** Follows what is known while a region is emitted. */
export class Windows {
  readonly #survey: Survey;
  readonly #stage: Stage;
  readonly #locals: readonly number[];
  #accesses = 0;
  #roots = 0;
  #now: Known;
  /** What is known where blocks end. */
  readonly #ends = new Map<number, Known>();

  /** `locals`: for the addresses of windows; as many are open at once. */
  constructor(survey: Survey, stage: Stage, locals: readonly number[], registers: number) {
    this.#survey = survey;
    this.#stage = stage;
    this.#locals = locals;
    this.#now = { registers: Array.from({ length: registers }, () => this.#root()), windows: [], pinned: [] };
  }

  #root(): Origin {
    return { root: this.#roots++, offset: 0 };
  }

  // --- registers -------------------------------------------------------------------------------------------------------------

  register(index: number): Origin {
    return this.#now.registers[index];
  }

  /** `origin`: absent when nothing is known of the value. */
  setRegister(index: number, origin: Origin | undefined): void {
    this.#now = { ...this.#now, registers: this.#now.registers.with(index, origin ?? this.#root()) };
  }

  // --- accesses ----------------------------------------------------------------------------------------------------------------

  /** The window that the access lies in, and whether it has to be opened first; undefined: it is on its own. */
  use(origin: Origin, bytes: number, write: boolean): { window: Window; opens: boolean } | undefined {
    const number = this.#accesses++;
    if (this.#stage === 'accesses') {
      this.#survey.note({ origin, bytes, write });
      return undefined;
    }
    const { windows } = this.#now;
    const open = windows.find(
      (w) => w.root === origin.root && w.from <= origin.offset && origin.offset + bytes <= w.to && (w.write || !write),
    );
    if (open) return { window: open, opens: false };
    const extent = this.#survey.extent(number);
    const host = extent && this.#freeLocal();
    if (host === undefined) return undefined;
    const window = { root: origin.root, ...extent!, write, host };
    this.#now = { ...this.#now, windows: [...windows.filter((w) => w.host !== host), window] };
    return { window, opens: true };
  }

  /** One that no window has, or the one of a window that matters least. */
  #freeLocal(): number | undefined {
    const { windows, pinned } = this.#now;
    const taken = (local: number, by: readonly Window[]): boolean => by.some(({ host }) => host === local);
    const loose = windows.filter(({ host }) => !taken(host, pinned));
    return (
      this.#locals.find((local) => !taken(local, windows) && !taken(local, pinned)) ??
      (loose.find((w) => !this.#isUsed(w)) ?? loose.at(0))?.host
    );
  }

  #isUsed({ root }: Window): boolean {
    return this.#survey.uses(root, this.#accesses);
  }

  // --- paths -------------------------------------------------------------------------------------------------------------------

  /** Nothing is known here. */
  forget(): void {
    this.#now = { registers: this.#now.registers.map(() => this.#root()), windows: [], pinned: this.#now.pinned };
  }

  /** Pages may have been moved. */
  close(): void {
    this.#now = { ...this.#now, windows: [] };
  }

  #pin({ registers, windows, pinned }: Known): Known {
    const also = windows.filter((window) => this.#isUsed(window) && !pinned.includes(window));
    return { registers, windows, pinned: [...pinned, ...also] };
  }

  /** Emits code from which control does not come back. */
  aside(emit: () => void): void {
    const before = this.#now;
    this.#now = this.#pin(before);
    emit();
    this.#now = before;
  }

  /** A branch away from the block; called for each. */
  end(block: number): void {
    const other = this.#ends.get(block);
    this.#ends.set(block, other ? this.#join([other, this.#now], this.#now.pinned) : this.#now);
  }

  /** A block begins where paths meet: all have passed the end of `dominator`, then some of the blocks `between`. */
  meet(dominator: number, between: readonly number[]): void {
    const end = this.#ends.get(dominator);
    if (!end) {
      this.forget();
      return;
    }
    this.#now = this.#pin(end);
    this.again(between);
  }

  /** A loop begins here, in which these blocks run. */
  again(blocks: readonly number[]): void {
    const written = this.#survey.writes(blocks);
    this.#now = this.#pin({
      registers: this.#now.registers.map((origin, index) => (written & (1 << index) ? this.#root() : origin)),
      windows: this.#survey.moves(blocks) ? [] : this.#now.windows,
      pinned: this.#now.pinned,
    });
  }

  /** Ways of which one runs: `way` emits each, `join` stands where they meet; `none`: it may be that none runs. */
  fork(): { way: (emit: () => void) => void; join: (none: boolean) => void } {
    const before = this.#now;
    const ends: Known[] = [];
    return {
      way: (emit) => {
        this.#now = before;
        emit();
        ends.push(this.#now);
      },
      join: (none) => {
        this.#now = this.#join(none ? [...ends, before] : ends, before.pinned);
      },
    };
  }

  #join([first, ...others]: readonly Known[], pinned: readonly Window[]): Known {
    return {
      registers: first.registers.map((origin, index) =>
        others.every(({ registers }) => same(registers[index], origin)) ? origin : this.#root(),
      ),
      windows: first.windows.filter((window) => others.every(({ windows }) => windows.includes(window))),
      pinned,
    };
  }
}

const same = (a: Origin, b: Origin): boolean => a.root === b.root && a.offset === b.offset;
