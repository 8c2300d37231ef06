import { expect, test } from 'vitest';
import { Flow } from './flow.ts';

const flowOf = (edges: readonly (readonly number[])[], entries: readonly number[] = [0]): Flow =>
  new Flow({ count: edges.length, edges, entries, weights: edges.map(() => 10) });

test('a block that one branch leads to stands in place of the branch', () => {
  const flow = flowOf([[1], [2], []]);
  expect(flow.kind(0, 1)).toBe('inline');
  expect(flow.followers(0)).toEqual([]);
});

test('a block where two paths meet follows the block that both come from', () => {
  const flow = flowOf([[1, 2], [3], [3], []]);
  expect(flow.followers(0)).toEqual([3]);
  expect(flow.kind(1, 3)).toBe('merge');
  expect(flow.kind(0, 1)).toBe('inline');
});

test('both outcomes of a branch to the same block meet there', () => {
  expect(flowOf([[1, 1], []]).kind(0, 1)).toBe('merge');
});

test('an edge to a block that dominates its source is a loop', () => {
  const flow = flowOf([[1], [2], [1, 3], []]);
  expect(flow.isLoop(1)).toBe(true);
  expect(flow.kind(2, 1)).toBe('back');
  expect(flow.isLoop(2)).toBe(false);
});

test('a cycle with two ways in goes through the root, whose entries grow by its target', () => {
  const flow = flowOf([[1, 2], [2], [1, 3], []]);
  expect([flow.kind(1, 2), flow.kind(2, 1)]).toContain('dispatch');
  expect(flow.entries.length).toBe(2);
});

test('an edge that was not declared has no kind', () => {
  expect(flowOf([[1], []], [0, 1]).kind(1, 0)).toBeUndefined();
});

test('blocks that nothing leads to are no entries', () => {
  expect(flowOf([[], [0]]).entries).toEqual([0]);
});

test('the reach of a block ends at loops, which look at the budget themselves', () => {
  // 0 -> 1 (loop over 1, 2) -> 3
  const flow = flowOf([[1], [2, 3], [1], []]);
  expect(flow.reach(0)).toBe(10);
  expect(flow.reach(1)).toBe(20);
  expect(flow.reach(flow.root)).toBe(10);
});
