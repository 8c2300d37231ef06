import type { SnapshotInfo } from '../../state/dialogs.ts';

/** A line of the tree; `current` is the machine as it is now, below the snapshot that it comes from. */
export type SnapshotLine =
  | { readonly kind: 'snapshot'; readonly snapshot: SnapshotInfo; readonly level: number }
  | { readonly kind: 'current'; readonly level: number };

/**
 * Oldest first. A line of snapshots stays in its column, however long it is; only where the tree forks does a branch
 * move to the right, the one that leads to the present state last, so that it stays.
 */
export function snapshotLines(snapshots: readonly SnapshotInfo[]): SnapshotLine[] {
  const children = new Map<string | null, SnapshotInfo[]>();
  const known = new Set(snapshots.map(({ id }) => id));
  for (const snapshot of [...snapshots].sort((a, b) => a.createdAt.localeCompare(b.createdAt))) {
    const parent = snapshot.parent !== null && known.has(snapshot.parent) ? snapshot.parent : null;
    children.set(parent, [...(children.get(parent) ?? []), snapshot]);
  }
  const present = snapshots.find(({ current }) => current);
  const leadsToPresent = new Set<string>();
  for (let at = present; at && !leadsToPresent.has(at.id);) {
    leadsToPresent.add(at.id);
    const { parent } = at;
    at = snapshots.find(({ id }) => id === parent);
  }
  const walk = (parent: string | null, level: number): SnapshotLine[] => {
    const own = [...(children.get(parent) ?? [])].sort(
      (a, b) => Number(leadsToPresent.has(a.id)) - Number(leadsToPresent.has(b.id)),
    );
    const isHere = (present?.id ?? null) === parent;
    return [
      ...own.flatMap((snapshot, index) => {
        const at = isHere || index < own.length - 1 ? level + 1 : level;
        return [{ kind: 'snapshot', snapshot, level: at } as const, ...walk(snapshot.id, at)];
      }),
      ...(isHere ? [{ kind: 'current', level } as const] : []),
    ];
  };
  return walk(null, 1);
}
