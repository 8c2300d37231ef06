import { Store } from './store.ts';

/** Which machines are acted on, and the line that the keyboard is at (a machine's id, or `group:` and its path). */
export interface Selection {
  readonly current: string | undefined;
  readonly selected: ReadonlySet<string>;
}

interface Press {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
}

/** A line of the list by what it is called here, and by the machines that it stands for: a group for those inside. */
export type SelectableLine = readonly [key: string, machines: readonly string[]];

const isMachine = ([key, [first]]: SelectableLine): boolean => first === key;

/** What a key makes of the selection, as in any list of a desktop; undefined: the key means something else. */
export function moveSelection(
  { key, shiftKey, ctrlKey, metaKey }: Press,
  selection: Selection,
  lines: readonly SelectableLine[],
): Selection | undefined {
  const last = lines.length - 1;
  if (last < 0) return undefined;
  const held = ctrlKey || metaKey;
  if (held && key.toLowerCase() === 'a')
    return { ...selection, selected: new Set(lines.filter(isMachine).map(([one]) => one)) };
  const at = lines.findIndex(([one]) => one === selection.current);
  if (key === ' ' && at >= 0 && isMachine(lines[at])) {
    const selected = new Set(selection.selected);
    if (!selected.delete(lines[at][0])) selected.add(lines[at][0]);
    return { ...selection, selected };
  }
  const targets: Readonly<Record<string, number>> = {
    ArrowDown: Math.min(at + 1, last),
    ArrowUp: Math.max(at - 1, 0),
    PageDown: Math.min(at + 8, last),
    PageUp: Math.max(at - 8, 0),
    Home: 0,
    End: last,
  };
  const to = targets[key];
  if (to === undefined) return undefined;
  const [current, machines] = lines[to];
  if (held) return { ...selection, current };
  if (!shiftKey) return { current, selected: new Set(machines) };
  const between = lines.slice(Math.min(at, to), Math.max(at, to) + 1).filter(isMachine);
  return { current, selected: new Set([...selection.selected, ...between.map(([one]) => one)]) };
}

const KEY = 'terrarium.selection';

/** The selection of the list, kept over restarts. */
export class SelectionStore extends Store<Selection> {
  constructor() {
    super(stored());
  }

  choose(id: string): void {
    this.set({ current: id, selected: new Set([id]) });
  }

  override set(selection: Selection): void {
    super.set(selection);
    localStorage.setItem(KEY, JSON.stringify({ ...selection, selected: [...selection.selected] }));
  }
}

function stored(): Selection {
  try {
    const { current, selected } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<
      Record<'current' | 'selected', unknown>
    >;
    return {
      current: typeof current === 'string' ? current : undefined,
      selected: new Set(Array.isArray(selected) ? selected.filter((id) => typeof id === 'string') : []),
    };
  } catch {
    return { current: undefined, selected: new Set() };
  }
}
