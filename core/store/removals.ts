import type { Library } from './library.ts';

/** Something that is out of sight, and gone when its time is over. */
export interface Removal {
  /** Later ones have higher numbers. */
  readonly number: number;
  /** What was asked for at once is taken back at once. */
  readonly batch: string;
  readonly kind: 'machine' | 'snapshot' | 'medium';
  readonly item: string;
  readonly name: string;
  /** Milliseconds since 1970, by the host's clock. */
  readonly dueMs: number;
}

/** Oldest first. */
export const listRemovals = (library: Library): Removal[] =>
  library.database
    .prepare('SELECT number, batch, kind, item, name, due_ms AS dueMs FROM removing ORDER BY number')
    .all() as Removal[];

/** What has been asked for already keeps its time. */
export function addRemovals(library: Library, removals: readonly Omit<Removal, 'number'>[]): void {
  const add = library.database.prepare(
    `INSERT INTO removal (batch, kind, item, name, due_ms, digest)
     VALUES (@batch, @kind, @item, @name, @dueMs, digest_of(@batch, @kind, @item, @name, @dueMs))
     ON CONFLICT (item) DO NOTHING`,
  );
  library.database.transaction(() => removals.forEach((removal) => add.run(removal))).immediate();
}

/** What it named is in sight again, unless it is gone. Returns whether the removal was still there. */
export const dropRemoval = (library: Library, number: number): boolean =>
  library.database.prepare('DELETE FROM removal WHERE number = ?').run(number).changes === 1;

/** From now on nobody can take it back. */
export const makeRemovalDue = (library: Library, number: number, dueMs: number): void => {
  library.database
    .prepare(
      `UPDATE removal SET due_ms = @dueMs, digest = digest_of(batch, kind, item, name, @dueMs)
       WHERE number = @number AND due_ms > @dueMs`,
    )
    .run({ number, dueMs });
};

/** Rows that are not as they were written: what they were about is not known, so that they remove nothing. */
export const alteredRemovals = (library: Library): number[] =>
  library.database
    .prepare('SELECT number FROM removal WHERE number NOT IN (SELECT number FROM removing)')
    .pluck()
    .all() as number[];
