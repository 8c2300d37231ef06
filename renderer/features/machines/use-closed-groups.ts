import { useLocalStorage } from '@mantine/hooks';
import { useApp } from '../../state/context.ts';
import { groupKey, parentOf, renamedGroup } from './groups.ts';

/** Which groups of the list are closed, kept over reloads. */
export const useClosedGroups = () =>
  useLocalStorage<readonly string[]>({
    key: 'terrarium.closedGroups',
    defaultValue: [],
    getInitialValueInEffect: false,
  });

/** A group that stands elsewhere, or is called otherwise, stays closed, and the keyboard stays on it. */
export function useFollowGroup(): (from: string, to: string) => void {
  const { selection } = useApp();
  const [, setClosed] = useClosedGroups();
  return (from, to) => {
    const isDissolved = to === parentOf(from);
    setClosed((before) =>
      before.filter((path) => !(isDissolved && path === from)).map((path) => renamedGroup(path, from, to)),
    );
    const { current, selected } = selection.get();
    if (current !== groupKey(from)) return;
    // Without a group around it, what was in it is what there is to be at.
    selection.set({ current: to === '' ? [...selected][0] : groupKey(to), selected });
  };
}
