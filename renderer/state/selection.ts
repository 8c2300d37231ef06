import { Store } from './store.ts';

/** Which machines are acted on, and the line that the keyboard is at (a machine's id, or `group:` and its path). */
export interface Selection {
  readonly current: string | undefined;
  readonly selected: ReadonlySet<string>;
  /** The line from which Shift selects, where that is not the current one. */
  readonly anchor?: string;
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

/** What Shift selects: the machines from the anchor to a line, beside what is selected already (`adds`) or instead. */
function stretched(selection: Selection, lines: readonly SelectableLine[], to: number, adds: boolean): Selection {
  const anchor = selection.anchor ?? selection.current;
  const from = Math.max(
    0,
    lines.findIndex(([key]) => key === anchor),
  );
  const between = lines.slice(Math.min(from, to), Math.max(from, to) + 1).filter(isMachine);
  return {
    current: lines[to][0],
    selected: new Set([...(adds ? selection.selected : []), ...between.map(([key]) => key)]),
    anchor: lines[from][0],
  };
}

/** What a click on a machine makes of the selection; a menu is of all that is selected. */
export function clickSelection(
  { shiftKey, ctrlKey, metaKey, type }: Omit<Press, 'key'> & { readonly type: string },
  key: string,
  selection: Selection,
  lines: readonly SelectableLine[],
): Selection {
  const held = ctrlKey || metaKey;
  const to = lines.findIndex(([one]) => one === key);
  if (shiftKey && to >= 0) return stretched(selection, lines, to, held);
  if (held) return { current: key, selected: toggled(selection.selected, key) };
  if (type === 'contextmenu' && selection.selected.has(key)) return { ...selection, current: key };
  return { current: key, selected: new Set([key]) };
}

function toggled(selected: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const changed = new Set(selected);
  if (!changed.delete(key)) changed.add(key);
  return changed;
}

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
  if (key === ' ' && at >= 0 && isMachine(lines[at]))
    return { current: lines[at][0], selected: toggled(selection.selected, lines[at][0]) };
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
  if (shiftKey) return stretched(selection, lines, to, held);
  return held ? { current, selected: selection.selected } : { current, selected: new Set(machines) };
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
