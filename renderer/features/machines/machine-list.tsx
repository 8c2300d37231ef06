import { CloseButton, Text, TextInput } from '@mantine/core';
import { IconDeviceDesktop, IconSearch } from '@tabler/icons-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { StateLabel } from '../../ui/state-label.tsx';
import classes from './machine-list.module.css';

export interface MachineListProps {
  readonly machines: readonly MachineInfo[];
  readonly selectedId: string | undefined;
  readonly onSelect: (id: string) => void;
  /** Double click or Enter. */
  readonly onActivate: (machine: MachineInfo) => void;
}

/** The machines of the library, one selected; arrow keys move the selection, as in any list of a desktop. */
export function MachineList({ machines, selectedId, onSelect, onActivate }: MachineListProps) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const prefix = useId();
  const listRef = useRef<HTMLDivElement>(null);
  const wanted = search.trim().toLocaleLowerCase();
  const shown = machines.filter(({ config }) => config.name.toLocaleLowerCase().includes(wanted));
  const selectedIndex = shown.findIndex(({ config }) => config.id === selectedId);
  const optionId = (id: string): string => `${prefix}-${id}`;

  useEffect(() => {
    if (selectedId !== undefined)
      document.getElementById(`${prefix}-${selectedId}`)?.scrollIntoView({ block: 'nearest' });
  }, [prefix, selectedId]);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && selectedIndex >= 0) {
      event.preventDefault();
      onActivate(shown[selectedIndex]);
      return;
    }
    const last = shown.length - 1;
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(selectedIndex + 1, last),
      ArrowUp: Math.max(selectedIndex - 1, 0),
      Home: 0,
      End: last,
    };
    const target = targets[event.key];
    if (target === undefined || last < 0) return;
    event.preventDefault();
    onSelect(shown[target].config.id);
  };

  return (
    <div className={classes['pane']}>
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
          if (event.key === 'ArrowDown') listRef.current?.focus();
        }}
      />
      <div
        ref={listRef}
        className={classes['list']}
        role="listbox"
        tabIndex={0}
        aria-label={t('machines.list')}
        aria-activedescendant={selectedIndex >= 0 ? optionId(shown[selectedIndex].config.id) : undefined}
        onKeyDown={onKeyDown}
      >
        {shown.map((machine) => (
          <MachineRow
            key={machine.config.id}
            id={optionId(machine.config.id)}
            machine={machine}
            selected={machine.config.id === selectedId}
            onSelect={onSelect}
            onActivate={onActivate}
          />
        ))}
      </div>
      {shown.length === 0 && wanted !== '' && (
        <Text size="sm" c="var(--text-dimmed)" p="sm" role="status">
          {t('machines.noMatch', { text: search.trim() })}
        </Text>
      )}
    </div>
  );
}

interface MachineRowProps extends Pick<MachineListProps, 'onSelect' | 'onActivate'> {
  readonly id: string;
  readonly machine: MachineInfo;
  readonly selected: boolean;
}

function MachineRow({ id, machine, selected, onSelect, onActivate }: MachineRowProps) {
  const { config, status } = machine;
  return (
    <div
      id={id}
      role="option"
      aria-selected={selected}
      className={classes['row']}
      data-live={status.state === 'running' || status.state === 'paused' || undefined}
      onClick={() => onSelect(config.id)}
      onDoubleClick={() => onActivate(machine)}
    >
      <span className={classes['picture']}>
        <IconDeviceDesktop size={24} stroke={1.4} aria-hidden />
      </span>
      <span className={classes['words']}>
        <span className={classes['name']}>{config.name}</span>
        <StateLabel state={status.state} />
      </span>
    </div>
  );
}
