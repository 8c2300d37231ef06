/**
 * What people remove in a window is out of sight at once, in every window and for the command line, and gone a few seconds
 * later unless it is taken back. It stands in the library, so that it outlives windows and processes: whichever process
 * has the library open when the time is over finishes it, else the next one that opens it.
 */
import { randomUUID } from 'node:crypto';
import { FailureError, err, ok, type Disposable, type Result } from '../../core/base/index.ts';
import { fail, type CallResult } from '../../core/contract/index.ts';
import {
  addRemovals,
  dropRemoval,
  ioFailure,
  listRemovals,
  makeRemovalDue,
  type Library,
  type Removal,
} from '../../core/store/index.ts';
import type { Handlers } from './services.ts';

/** How long a removal can be taken back. */
const UNDO_MS = 7000;

type Batch = CallResult<'removals.begin'>;
type Kind = Removal['kind'];

/** How things of a kind go. */
export interface Removable {
  /** The name of what is to go. Throws FailureError: why it cannot, what is being removed already left aside. */
  check(id: string): string;
  /** For good; what is gone already is no failure. Throws FailureError. */
  remove(id: string): void;
  /** Tells the windows that it is in sight, or no longer. */
  changed(id: string): void;
}

export interface RemovalsOptions {
  readonly library: Library;
  readonly kinds: Readonly<Record<Kind, Removable>>;
  /** Tells this process's windows and the other processes. */
  readonly tell: (batches: readonly Batch[]) => void;
  readonly warn: (message: string) => void;
  readonly undoMs?: number | undefined;
}

export class Removals implements Disposable {
  readonly #options: RemovalsOptions;
  readonly #undoMs: number;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: RemovalsOptions) {
    this.#options = options;
    this.#undoMs = options.undoMs ?? UNDO_MS;
  }

  /** Ids of all that is on its way out, and so nobody's business any more. */
  hidden(): ReadonlySet<string> {
    return new Set(this.#rows().map(({ item }) => item));
  }

  /** What can still be taken back, oldest first. */
  list(): Batch[] {
    const batches = new Map<string, { readonly first: Removal; readonly items: Batch['items'] }>();
    for (const row of this.#rows().filter(({ dueMs }) => dueMs > Date.now())) {
      const batch = batches.get(row.batch) ?? { first: row, items: [] };
      batch.items.push({ kind: row.kind, id: row.item, name: row.name });
      batches.set(row.batch, batch);
    }
    return [...batches].map(([id, { first, items }]) => ({ id, items, dueAt: new Date(first.dueMs).toISOString() }));
  }

  /** All of them, or none with the reason of the first that cannot go. Throws FailureError. */
  begin(items: readonly { readonly kind: Kind; readonly id: string }[]): Batch {
    const { library, kinds } = this.#options;
    const batch = randomUUID();
    const dueMs = Date.now() + this.#undoMs;
    const named = items.map(({ kind, id }) => ({ kind, id, name: kinds[kind].check(id) }));
    addRemovals(
      library,
      named.map(({ kind, id, name }) => ({ batch, kind, item: id, name, dueMs })),
    );
    this.#changed(items);
    return { id: batch, items: named, dueAt: new Date(dueMs).toISOString() };
  }

  /** Code `removal.over` when it is too late. */
  undo(batch: string): Result<Record<string, never>> {
    const { library, kinds } = this.#options;
    const back = library.database
      .transaction(() => {
        const waiting = this.#rows().filter(({ dueMs }) => dueMs > Date.now());
        const asked = waiting.filter((row) => row.batch === batch);
        for (const { number } of asked) dropRemoval(library, number);
        // What is back may need media that went after it.
        const needed = waiting.filter((row) => asked.length > 0 && row.kind === 'medium' && row.batch !== batch);
        const alsoBack = needed.filter(({ item }) => !succeeds(() => kinds.medium.check(item)));
        for (const { number } of alsoBack) dropRemoval(library, number);
        return [...asked, ...alsoBack];
      })
      .immediate();
    if (back.length === 0) return err(fail('removal.over', 'it is gone', 'what was removed cannot come back'));
    this.#changed(back.map(({ kind, item }) => ({ kind, id: item })));
    return ok({});
  }

  /** Whoever gives this name to another has no second thoughts about the one that is on its way out. */
  finishNamed(kind: Kind, name: string): void {
    const rows = this.#rows();
    const wanted = name.trim().toLowerCase();
    const named = rows.find((row) => row.kind === kind && row.name.toLowerCase() === wanted);
    if (!named) return;
    // Media go after what needs them.
    for (const row of rows)
      if (row === named || (kind === 'medium' && row.kind !== 'medium' && row.number < named.number))
        makeRemovalDue(this.#options.library, row.number, Date.now());
    this.finishDue();
  }

  /** Removes what nobody can take back any more, and waits for the next. */
  finishDue(): void {
    try {
      const due = this.#rows().filter(({ dueMs }) => dueMs <= Date.now());
      for (const row of due) this.#finish(row);
      if (due.length > 0) this.#options.tell(this.list());
      this.wait();
    } catch (error) {
      // A database that cannot be read keeps what it has; the next opening tries again.
      this.#options.warn(`nothing was removed: ${(error as Error).message}`);
    }
  }

  /** Another process may have begun or undone some. */
  wait(): void {
    if (this.#disposed) return;
    clearTimeout(this.#timer);
    const next = Math.min(...this.#rows().map(({ dueMs }) => dueMs - Date.now()));
    if (next === Infinity) return;
    // A clock that was set back makes nobody wait longer.
    this.#timer = setTimeout(() => this.finishDue(), Math.min(Math.max(next, 0), this.#undoMs));
    this.#timer.unref();
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
  }

  #rows(): Removal[] {
    return listRemovals(this.#options.library);
  }

  #changed(items: readonly { readonly kind: Kind; readonly id: string }[]): void {
    for (const { kind, id } of items) this.#options.kinds[kind].changed(id);
    this.#options.tell(this.list());
    this.wait();
  }

  #finish({ number, kind, item, name }: Removal): void {
    const { library, kinds, warn } = this.#options;
    try {
      library.database
        .transaction(() => {
          // Another process may have been quicker.
          if (dropRemoval(library, number)) kinds[kind].remove(item);
        })
        .immediate();
    } catch (error) {
      dropRemoval(library, number);
      kinds[kind].changed(item);
      warn(`"${name}" was not removed: ${ioFailure(error, name).message}`);
    }
  }
}

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof FailureError) return false;
    throw error;
  }
}

/** Calls that give a name, and to what. */
const NAMING = {
  'machines.create': 'machine',
  'machines.clone': 'machine',
  'machines.fork': 'machine',
  'machines.buildDebian': 'machine',
  'machines.update': 'machine',
  'media.create': 'medium',
  'media.import': 'medium',
} as const satisfies Partial<Record<keyof Handlers, Kind>>;

/** The handlers, of which those that give a name take it from what is being removed. */
export function withNamesFreed(handlers: Handlers, removals: Removals): Handlers {
  const freed = Object.entries(NAMING).map(([call, kind]) => {
    const handler = handlers[call as keyof typeof NAMING] as (args: object) => Promise<unknown>;
    return [
      call,
      (args: { readonly name?: string; readonly changes?: { readonly name?: string } }) => {
        const name = args.name ?? args.changes?.name;
        if (name !== undefined) removals.finishNamed(kind, name);
        return handler(args);
      },
    ] as const;
  });
  return { ...handlers, ...(Object.fromEntries(freed) as Partial<Handlers>) };
}
