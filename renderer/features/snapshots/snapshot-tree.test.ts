import { describe, expect, test } from 'vitest';
import type { SnapshotInfo } from '../../state/dialogs.ts';
import { snapshotLines } from './snapshot-tree.ts';

let minute = 0;
const snapshot = (id: string, parent: string | null, current = false): SnapshotInfo =>
  ({ id, parent, current, createdAt: new Date(60_000 * ++minute).toISOString() }) as SnapshotInfo;
const shown = (snapshots: readonly SnapshotInfo[]): string[] =>
  snapshotLines(snapshots).map((line) =>
    line.kind === 'current' ? `${line.level} now` : `${line.level} ${line.snapshot.id}`,
  );

describe('the tree of snapshots', () => {
  test('is one column while nothing forks', () => {
    expect(shown([snapshot('a', null), snapshot('b', 'a'), snapshot('c', 'b', true)])).toEqual([
      '1 a',
      '1 b',
      '1 c',
      '1 now',
    ]);
  });

  test('moves what branched off to the right; the way to the present stays', () => {
    const forked = [snapshot('a', null), snapshot('old', 'a'), snapshot('older', 'old'), snapshot('b', 'a', true)];
    expect(shown(forked)).toEqual(['1 a', '2 old', '2 older', '1 b', '1 now']);
  });

  test('shows the present below the snapshot that was restored, what came after it aside', () => {
    expect(shown([snapshot('a', null, true), snapshot('b', 'a')])).toEqual(['1 a', '2 b', '1 now']);
  });

  test('of a machine without any is its present state', () => {
    expect(shown([])).toEqual(['1 now']);
  });
});
