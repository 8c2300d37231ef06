import type { CallResult } from '../../core/contract/index.ts';

type SnapshotInfo = CallResult<'snapshots.list'>['snapshots'][number];

/** Without those that are being removed: what came after them follows what they followed, as when they are gone. */
export function shownSnapshots(snapshots: readonly SnapshotInfo[], hidden: ReadonlySet<string>): SnapshotInfo[] {
  const byId = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]));
  const shownAncestor = (id: string | null): string | null => {
    let at = id;
    while (at !== null && hidden.has(at)) at = byId.get(at)?.parent ?? null;
    return at;
  };
  const present = shownAncestor(snapshots.find(({ current }) => current)?.id ?? null);
  return snapshots
    .filter(({ id }) => !hidden.has(id))
    .map((snapshot) => ({
      ...snapshot,
      parent: shownAncestor(snapshot.parent),
      current: snapshot.id === present,
    }));
}
