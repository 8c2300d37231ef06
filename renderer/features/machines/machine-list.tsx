import { CloseButton, Menu, Text, TextInput } from '@mantine/core';
import { useCallbackRef, useMergedRef, useWindowEvent } from '@mantine/hooks';
import { IconFolder, IconFolderOff, IconSearch } from '@tabler/icons-react';
import { useCallback, useId, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { clickSelection, moveSelection, type Selection } from '../../state/selection.ts';
import { CommandItems } from './command-menu.tsx';
import {
  groupKey,
  linesOf,
  movedGroup,
  outerLine,
  parentOf,
  renamedGroup,
  type GroupLine,
  type Line,
} from './groups.ts';
import classes from './machine-list.module.css';
import { MachineRows, type MachineRowsHandle } from './machine-rows.tsx';
import { useGroupDrop, type Dragged } from './drag.ts';
import { useClosedGroups, useFollowGroup } from './use-closed-groups.ts';
import type { RunCommand } from './use-commands.ts';

export interface MachineListProps {
  readonly machines: readonly MachineInfo[];
  readonly selection: Selection;
  readonly onSelect: (selection: Selection) => void;
  /** Double click or Enter. */
  readonly onActivate: (machine: MachineInfo) => void;
  readonly run: RunCommand;
}

const startsWith = (name: string, letter: string): boolean =>
  name.toLocaleLowerCase().startsWith(letter.toLocaleLowerCase());
const keyOf = (line: Line): string => (line.kind === 'group' ? groupKey(line.path) : line.machine.config.id);

/** What a line stands for. */
const machinesOf = (line: Line): readonly string[] =>
  line.kind === 'group' ? line.machines : [line.machine.config.id];

/** The machines of the library in their groups; as many as there are, only those in sight are made. */
export function MachineList({ machines, selection, onSelect, onActivate, run }: MachineListProps) {
  const { t } = useTranslation();
  const { client, actions, dialogs } = useApp();
  const [search, setSearch] = useState('');
  const [closed, setClosed] = useClosedGroups();
  const follow = useFollowGroup();
  const prefix = useId();
  const scrollRef = useRef<HTMLDivElement>(null);
  const [scrollElement, setScrollElement] = useState<HTMLElement | null>(null);
  const listRef = useMergedRef(scrollRef, setScrollElement);
  const rowsRef = useRef<MachineRowsHandle>(null);
  const wanted = search.trim().toLocaleLowerCase();
  const lines = useMemo(() => {
    const found = machines.filter(({ config }) =>
      `${config.name}\n${config.group}`.toLocaleLowerCase().includes(wanted),
    );
    return linesOf(found, new Set(wanted === '' ? closed : []));
  }, [machines, wanted, closed]);
  const keys = useMemo(() => lines.map(keyOf), [lines]);
  const currentIndex = keys.indexOf(selection.current ?? '');
  const selectable = lines.map((line, index) => [keys[index], machinesOf(line)] as const);
  const optionId = useCallback((key: string): string => `${prefix}-${key.replaceAll(/\s/g, '_')}`, [prefix]);
  const chosen = machines.filter(({ config }) => selection.selected.has(config.id));

  const toggle = (path: string): void =>
    setClosed((before) => (before.includes(path) ? before.filter((one) => one !== path) : [...before, path]));

  const regroup = useCallback(
    async (changes: readonly (readonly [id: string, group: string])[]): Promise<void> => {
      await Promise.all(
        changes.map(async ([id, group]) => {
          const done = await client.call('machines.update', { id, changes: { group } });
          if (!done.ok) actions.failed(id, done.error);
        }),
      );
    },
    [client, actions],
  );
  /** A machine takes the rest of the selection along when it is part of it. */
  const isDragged = (id: string, with_: string): boolean =>
    id === with_ || (selection.selected.has(with_) && selection.selected.has(id));
  /** Which machines come to other groups when something is dropped on a group, and to which. */
  const moves = (dragged: Dragged, target: string): readonly (readonly [id: string, group: string])[] => {
    const moved = dragged.kind === 'group' ? movedGroup(dragged.path, target) : target;
    if (moved === undefined) return [];
    const goesTo = ({ id, group: from }: MachineInfo['config']): string =>
      dragged.kind === 'group' ? renamedGroup(from, dragged.path, moved) : isDragged(id, dragged.id) ? moved : from;
    return machines
      .filter(({ config }) => goesTo(config) !== config.group)
      .map(({ config }) => [config.id, goesTo(config)] as const);
  };
  const overGroup = useGroupDrop(
    scrollRef,
    (dragged, target) => moves(dragged, target).length > 0,
    (dragged, target) => {
      void regroup(moves(dragged, target));
      if (dragged.kind === 'group') follow(dragged.path, movedGroup(dragged.path, target) ?? dragged.path);
    },
  );
  const dragWordsOf = (dragged: Dragged): string | undefined => {
    const count =
      dragged.kind === 'machine' ? machines.filter(({ config }) => isDragged(config.id, dragged.id)).length : 1;
    return count > 1 ? t('machines.dragged', { count }) : undefined;
  };

  const current = lines[currentIndex] as Line | undefined;
  const group = current?.kind === 'group' ? current : undefined;
  const rename = (): void => {
    if (group) dialogs.open({ kind: 'group', machines: group.machines, from: group.path });
    else if (current?.kind === 'machine')
      dialogs.open({ kind: 'settings', machine: current.machine.config.id, page: 'general' });
  };
  /** What is in it goes to the group around it. */
  const dissolve = ({ path, machines: inside }: GroupLine): void => {
    void regroup(
      machines
        .filter(({ config }) => inside.includes(config.id))
        .map(({ config }) => [config.id, renamedGroup(config.group, path, parentOf(path))] as const),
    );
    follow(path, parentOf(path));
  };

  const goTo = (moved: Selection): void => {
    onSelect(moved);
    const to = keys.indexOf(moved.current ?? '');
    if (to >= 0) rowsRef.current?.scrollToIndex(to);
  };

  /** Wherever the focus is on this screen: the words around the list are nothing that anyone selects. */
  useWindowEvent('keydown', (event) => {
    const isAll =
      event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    const { target } = event;
    if (!isAll || event.defaultPrevented || !(target instanceof Element)) return;
    if (target.closest('input, textarea, [contenteditable], [role=dialog], [role=log]')) return;
    event.preventDefault();
    const moved = moveSelection(event, selection, selectable);
    if (moved) onSelect(moved);
  });

  /** The menu of the current line opens beside it, as a click with the other button opens it. */
  const openMenu = (): void => {
    const line = document.getElementById(optionId(keys[currentIndex]));
    if (!line) return;
    const { left, bottom } = line.getBoundingClientRect();
    const at = { clientX: left + 24, clientY: bottom - 8 };
    line.dispatchEvent(new window.MouseEvent('contextmenu', { bubbles: true, cancelable: true, ...at }));
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      event.preventDefault();
      return openMenu();
    }
    if (event.key === 'Enter' && current) {
      event.preventDefault();
      if (current.kind === 'machine') onActivate(current.machine);
      else toggle(current.path);
      return;
    }
    if (current && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) {
      event.preventDefault();
      const outwards = event.key === 'ArrowLeft';
      if (group && group.open === outwards) return toggle(group.path);
      const to = outwards ? outerLine(lines, currentIndex) : group ? currentIndex + 1 : -1;
      if (to >= 0) goTo({ current: keys[to], selected: new Set(machinesOf(lines[to])) });
      return;
    }
    if (event.key === 'Delete') return run('remove', chosen);
    if (event.key === 'F2') return rename();
    const moved = moveSelection(event, selection, selectable);
    if (moved) goTo(moved);
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const next = [...lines.slice(currentIndex + 1), ...lines.slice(0, currentIndex + 1)].find(
        (line) => line.kind === 'machine' && startsWith(line.machine.config.name, event.key),
      );
      if (!next) return;
      goTo({ current: keyOf(next), selected: new Set([keyOf(next)]) });
    } else return;
    event.preventDefault();
  };

  const stable = {
    onSelect: useCallbackRef((event: MouseEvent, key: string) =>
      onSelect(clickSelection(event, key, selection, selectable)),
    ),
    onSelectGroup: useCallbackRef((line: GroupLine) =>
      onSelect({ current: keyOf(line), selected: new Set(line.machines) }),
    ),
    onToggle: useCallbackRef(toggle),
    onActivate: useCallbackRef(onActivate),
    dragWordsOf: useCallbackRef(dragWordsOf),
  };
  return (
    <section className={classes['pane']} aria-label={t('machines.list')}>
      <TextInput
        className={classes['search']}
        aria-label={t('machines.search')}
        placeholder={t('machines.search')}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={
          search === '' ? null : (
            <CloseButton size="sm" aria-label={t('machines.clearSearch')} onClick={() => setSearch('')} />
          )
        }
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') scrollRef.current?.focus();
        }}
      />
      {lines.length === 0 && wanted !== '' && (
        <Text size="sm" c="var(--text-dimmed)" p="sm" role="status">
          {t('machines.noMatch', { text: search.trim() })}
        </Text>
      )}
      <Menu position="bottom-start" middlewares={{ flip: true, shift: { crossAxis: true, padding: 8 } }}>
        <Menu.ContextMenu>
          <div
            ref={listRef}
            className={classes['list']}
            role="tree"
            tabIndex={0}
            aria-label={t('machines.list')}
            aria-multiselectable
            aria-activedescendant={currentIndex >= 0 ? optionId(keys[currentIndex]) : undefined}
            data-over={overGroup === '' || undefined}
            onKeyDown={onKeyDown}
          >
            <MachineRows
              ref={rowsRef}
              {...{ scrollElement, lines, keys, currentIndex, overGroup, optionId, ...stable }}
              selected={selection.selected}
            />
          </div>
        </Menu.ContextMenu>
        <Menu.Dropdown mah="calc(100dvh - 16px)" style={{ overflowY: 'auto' }}>
          {group && (
            <>
              <Menu.Item leftSection={<IconFolder size={16} aria-hidden />} onClick={rename}>
                {t('group.renameItem')}
              </Menu.Item>
              <Menu.Item leftSection={<IconFolderOff size={16} aria-hidden />} onClick={() => dissolve(group)}>
                {t('group.dissolve')}
              </Menu.Item>
              <Menu.Divider />
            </>
          )}
          <CommandItems machines={chosen} run={run} />
        </Menu.Dropdown>
      </Menu>
    </section>
  );
}
