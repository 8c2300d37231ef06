import { CloseButton, Menu, Text, TextInput } from '@mantine/core';
import { useCallbackRef, useLocalStorage, useMergedRef } from '@mantine/hooks';
import { IconFolder, IconFolderOff, IconSearch } from '@tabler/icons-react';
import { useCallback, useId, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { moveSelection, type Selection } from '../../state/selection.ts';
import { CommandItems } from './command-menu.tsx';
import { linesOf, movedGroup, parentOf, renamedGroup, type GroupLine, type Line } from './groups.ts';
import classes from './machine-list.module.css';
import { MachineRows, type MachineRowsHandle } from './machine-rows.tsx';
import { useDropTarget, type Dragged } from './drag.ts';
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
const keyOf = (line: Line): string => (line.kind === 'group' ? `group:${line.path}` : line.machine.config.id);

/** The machines of the library in their groups; as many as there are, only those in sight are made. */
export function MachineList({ machines, selection, onSelect, onActivate, run }: MachineListProps) {
  const { t } = useTranslation();
  const { client, actions, dialogs } = useApp();
  const [search, setSearch] = useState('');
  const [closed, setClosed] = useLocalStorage<readonly string[]>({
    key: 'terrarium.closedGroups',
    defaultValue: [],
    getInitialValueInEffect: false,
  });
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
  const optionId = useCallback((key: string): string => `${prefix}-${key.replaceAll(/\s/g, '_')}`, [prefix]);
  const chosen = machines.filter(({ config }) => selection.selected.has(config.id));

  const toggle = (path: string): void =>
    setClosed((before) => (before.includes(path) ? before.filter((one) => one !== path) : [...before, path]));

  const regroup = useCallback(
    async (changes: readonly (readonly [id: string, group: string])[]): Promise<void> => {
      for (const [id, group] of changes) {
        const done = await client.call('machines.update', { id, changes: { group } });
        if (!done.ok) actions.failed(id, done.error);
      }
    },
    [client, actions],
  );
  /** A machine takes the rest of the selection along when it is part of it. */
  const drop = (dragged: Dragged, target: string): void => {
    if (dragged.kind === 'machine') {
      const ids = selection.selected.has(dragged.id) ? [...selection.selected] : [dragged.id];
      void regroup(ids.map((id) => [id, target] as const));
      return;
    }
    const moved = movedGroup(dragged.path, target);
    if (moved === undefined || moved === dragged.path) return;
    void regroup(
      machines
        .map(({ config }) => [config.id, renamedGroup(config.group, dragged.path, moved), config.group] as const)
        .filter(([, to, from]) => to !== from)
        .map(([id, to]) => [id, to] as const),
    );
  };
  const overList = useDropTarget(scrollRef, '', drop);

  const current = lines[currentIndex] as Line | undefined;
  const group = current?.kind === 'group' ? current : undefined;
  const rename = (): void => {
    if (group) dialogs.open({ kind: 'group', machines: group.machines, from: group.path });
    else if (current?.kind === 'machine')
      dialogs.open({ kind: 'settings', machine: current.machine.config.id, page: 'general' });
  };
  /** What is in it goes to the group around it. */
  const dissolve = ({ path, machines: inside }: NonNullable<typeof group>): void =>
    void regroup(
      machines
        .filter(({ config }) => inside.includes(config.id))
        .map(({ config }) => [config.id, renamedGroup(config.group, path, parentOf(path))] as const),
    );

  const goTo = (moved: Selection): void => {
    onSelect(moved);
    const to = keys.indexOf(moved.current ?? '');
    if (to >= 0) rowsRef.current?.scrollToIndex(to);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && current) {
      event.preventDefault();
      if (current.kind === 'machine') onActivate(current.machine);
      else toggle(current.path);
      return;
    }
    if (group && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) {
      event.preventDefault();
      if (group.open === (event.key === 'ArrowLeft')) toggle(group.path);
      return;
    }
    if (event.key === 'Delete') return run('remove', chosen);
    if (event.key === 'F2') return rename();
    const moved = moveSelection(
      event,
      selection,
      lines.map((one, i) => [keys[i], one.kind === 'machine' ? [keys[i]] : one.machines] as const),
    );
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

  const select = (event: MouseEvent, key: string): void => {
    if (event.ctrlKey || event.metaKey) {
      const selected = new Set(selection.selected);
      if (!selected.delete(key)) selected.add(key);
      onSelect({ current: key, selected });
    } else if (event.shiftKey) {
      const [a, b] = [currentIndex < 0 ? 0 : currentIndex, keys.indexOf(key)].sort((x, y) => x - y);
      const between = lines
        .slice(a, b + 1)
        .filter((line) => line.kind === 'machine')
        .map(keyOf);
      onSelect({ current: selection.current ?? key, selected: new Set(between) });
    } else if (event.type === 'contextmenu' && selection.selected.has(key)) onSelect({ ...selection, current: key });
    else onSelect({ current: key, selected: new Set([key]) });
  };

  const stable = {
    onSelect: useCallbackRef(select),
    onSelectGroup: useCallbackRef((line: GroupLine) =>
      onSelect({ current: keyOf(line), selected: new Set(line.machines) }),
    ),
    onToggle: useCallbackRef(toggle),
    onActivate: useCallbackRef(onActivate),
    onDrop: useCallbackRef(drop),
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
            data-over={overList || undefined}
            onKeyDown={onKeyDown}
          >
            <MachineRows
              ref={rowsRef}
              {...{ scrollElement, lines, keys, currentIndex, optionId, ...stable }}
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
