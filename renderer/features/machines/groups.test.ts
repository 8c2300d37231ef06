import { describe, expect, test } from 'vitest';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { groupsOf, linesOf, movedGroup, outerLine, parentOf, renamedGroup } from './groups.ts';

const machine = (name: string, group = ''): MachineInfo => ({ config: { id: name, name, group } }) as MachineInfo;
const shown = (machines: MachineInfo[], closed: string[] = []): string[] =>
  linesOf(machines, new Set(closed)).map((line) =>
    line.kind === 'group' ? `${line.level} [${line.name}]` : `${line.level} ${line.machine.config.name}`,
  );

const library = [machine('c'), machine('a', 'Old'), machine('b', 'Old/DOS'), machine('d', 'New')];

describe('the list', () => {
  test('shows groups before machines, nested groups inside their own', () => {
    expect(shown(library)).toEqual(['1 [New]', '2 d', '1 [Old]', '2 [DOS]', '3 b', '2 a', '1 c']);
  });

  test('hides what is in a closed group', () => {
    expect(shown(library, ['Old'])).toEqual(['1 [New]', '2 d', '1 [Old]', '1 c']);
  });

  test('knows every machine in a group and below it', () => {
    const old = linesOf(library, new Set()).find((line) => line.kind === 'group' && line.path === 'Old');
    expect(old).toMatchObject({ machines: ['b', 'a'] });
  });
});

test('a line knows the group that it is in', () => {
  const lines = linesOf(library, new Set());
  expect(lines.map((_, index) => outerLine(lines, index))).toEqual([-1, 0, -1, 2, 3, 2, -1]);
});

test('groups in between exist although no machine is in them alone', () => {
  expect(groupsOf([machine('a', 'One/Two/Three')])).toEqual(['One', 'One/Two', 'One/Two/Three']);
});

test('a group moves into another, to the top, and not into itself', () => {
  expect(movedGroup('Old/DOS', 'New')).toBe('New/DOS');
  expect(movedGroup('Old/DOS', '')).toBe('DOS');
  expect(movedGroup('Old', 'Old/DOS')).toBeUndefined();
  expect(movedGroup('Old', 'Older')).toBe('Older/Old');
});

test('renaming a group takes what is below it along', () => {
  expect(renamedGroup('Old/DOS', 'Old', 'Ancient')).toBe('Ancient/DOS');
  expect(renamedGroup('Older', 'Old', 'Ancient')).toBe('Older');
  // Dissolved: what was in it stands where it stood.
  expect(renamedGroup('Old/DOS', 'Old', parentOf('Old'))).toBe('DOS');
  expect(renamedGroup('Work/Old', 'Work/Old', parentOf('Work/Old'))).toBe('Work');
});
