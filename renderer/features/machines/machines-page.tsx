import { Loader, Text } from '@mantine/core';
import { useDidUpdate, useDocumentTitle } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { allows } from '../../state/actions.ts';
import { useApp, useMachines, useStore } from '../../state/context.ts';
import type { Selection } from '../../state/selection.ts';
import { FirstMachine } from './first-machine.tsx';
import { ImageDrop } from './image-drop.tsx';
import { MachineList } from './machine-list.tsx';
import { MachinePane } from './machine-pane.tsx';
import { MachinesToolBar } from './machines-tool-bar.tsx';
import classes from './machines-page.module.css';
import { useCommands } from './use-commands.ts';

/** The manager's first screen: toolbar, list, details. */
export function MachinesPage() {
  const { t } = useTranslation();
  const { dialogs } = useApp();
  const { machines, connection } = useMachines();
  const run = useCommands();
  const [selection, setSelection] = useSelection(machines);
  const chosen = machines.filter(({ config }) => selection.selected.has(config.id));
  useDocumentTitle(t('app.name'));
  const page = useRef<HTMLDivElement>(null);
  // The list and what stands for it while there is none replace each other: the keyboard is where it was.
  useDidUpdate(() => {
    if (connection === 'loading' || document.activeElement !== document.body) return;
    page.current?.querySelector<HTMLElement>('[role=tree], main button')?.focus();
  }, [machines.length === 0]);

  const openImage = (image: File, others: readonly string[]): void => {
    dialogs.open({ kind: 'new', image });
    if (others.length === 0) return;
    notifications.show({
      color: 'yellow',
      autoClose: 12_000,
      title: t('machines.oneImage', { name: image.name }),
      message: t('machines.otherImages', { names: others.join(', ') }),
      closeButtonProps: { 'aria-label': t('action.dismiss') },
    });
  };

  const activate = (machine: MachineInfo): void => run(allows(machine, 'start') ? 'start' : 'show', [machine]);

  return (
    <ImageDrop ref={page} onImage={openImage}>
      <MachinesToolBar machines={chosen} run={run} />
      {connection === 'loading' ? (
        <div className={classes['centre']} role="status">
          <Loader size="sm" />
          <Text size="sm">{t('app.loading')}</Text>
        </div>
      ) : machines.length === 0 ? (
        <FirstMachine />
      ) : (
        <div className={classes['body']}>
          <MachineList
            machines={machines}
            selection={selection}
            onSelect={setSelection}
            onActivate={activate}
            run={run}
          />
          <MachinePane machines={chosen} run={run} />
        </div>
      )}
    </ImageDrop>
  );
}

/** What is gone from the library is gone from it; something is selected where something is. */
function useSelection(machines: readonly MachineInfo[]): [Selection, (selection: Selection) => void] {
  const { selection: store } = useApp();
  const kept = useStore(store);
  const selection = useMemo((): Selection => {
    const known = new Set(machines.map(({ config }) => config.id));
    const selected = [...kept.selected].filter((id) => known.has(id));
    if (selected.length > 0 || kept.current?.startsWith('group:'))
      return { current: kept.current, selected: new Set(selected) };
    const first = machines[0]?.config.id;
    return { current: first, selected: new Set(first === undefined ? [] : [first]) };
  }, [kept, machines]);
  return [selection, (chosen) => store.set(chosen)];
}
