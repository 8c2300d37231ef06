import { notifications } from '@mantine/notifications';
import { useCallback } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import type { MachineAction } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import { usePreferences } from '../../state/preferences.ts';
import { goTo, machineHash } from '../../state/route.ts';
import { shownState } from '../../ui/state-label.tsx';
import { openOwnWindow } from '../machine-window/own-window.ts';
import { subjectsOf, type CommandId } from './commands.ts';

export type RunCommand = (id: CommandId, machines: readonly MachineInfo[]) => void;

/** A notice is read at a glance. */
const NAMED_MAX = 6;

/** What a person does to machines, from any toolbar, menu or key. What loses something asks, or can be taken back. */
export function useCommands(): RunCommand {
  const { t } = useTranslation();
  const { client, actions, dialogs, removals } = useApp();
  const [{ showOnStart }] = usePreferences();

  /** Of a mixed selection some cannot: which, and what state keeps them from it. */
  const tellLeftOut = useCallback(
    (id: CommandId, leftOut: readonly MachineInfo[], all: number): void => {
      const named = leftOut
        .slice(0, NAMED_MAX)
        .map(({ config, status, saved }) => `${config.name} (${t(`state.${shownState(status.state, saved)}`)})`);
      const more = leftOut.length > NAMED_MAX ? ['…'] : [];
      notifications.show({
        id: 'left-out',
        color: 'yellow',
        autoClose: 8000,
        title: t('leftOut.title', { action: t(`action.${id}`).replace('…', ''), count: leftOut.length, all }),
        message: t('leftOut.text', { names: [...named, ...more].join(', ') }),
        closeButtonProps: { 'aria-label': t('action.dismiss') },
      });
    },
    [t],
  );

  return useCallback(
    (id, machines) => {
      const subjects = subjectsOf(id, machines);
      if (subjects.length === 0) return;
      const leftOut = machines.filter((machine) => !subjects.includes(machine));
      if (leftOut.length > 0) tellLeftOut(id, leftOut, machines.length);
      const ids = subjects.map(({ config }) => config.id);
      const [first] = ids;
      const each = (action: MachineAction): void => ids.forEach((one) => void actions.run(action, one));
      const start = async (throwAway: boolean, show: boolean): Promise<void> => {
        const started = await Promise.all(ids.map((one) => actions.run('start', one, { throwAway })));
        if (show && ids.length === 1 && started[0]) goTo(machineHash(first));
      };
      /** Browsers open one window for a click; the rest once they may. */
      const showEach = (shown: readonly MachineInfo[]): void => {
        const blocked = shown.filter(({ config }) => !openOwnWindow(client, config.id));
        if (blocked.length === 0) return;
        const names = blocked.map(({ config }) => config.name).join(', ');
        notifications.show({
          color: 'yellow',
          autoClose: false,
          title: t('window.blocked.title', { count: blocked.length, name: names }),
          message: t('window.blocked.text', { names }),
          closeButtonProps: { 'aria-label': t('action.dismiss') },
        });
      };
      switch (id) {
        case 'start':
          return void start(false, showOnStart);
        case 'startInBackground':
          return void start(false, false);
        case 'startThrowAway':
          return void start(true, showOnStart);
        case 'show':
          return ids.length === 1 ? goTo(machineHash(first)) : showEach(subjects);
        case 'pause':
        case 'resume':
        case 'save':
          return each(id);
        case 'powerButton':
          return subjects.forEach(({ config }) => {
            actions.dismiss(config.id);
            void actions.pressPowerButton(config).then((why) => why && actions.failed(config.id, why));
          });
        case 'stop':
        case 'reset':
        case 'discardSaved':
          return dialogs.open({ kind: 'power', action: id, machines: ids });
        case 'take':
          return dialogs.open({ kind: 'take', machines: ids });
        case 'group':
          return dialogs.open({ kind: 'group', machines: ids });
        case 'clone':
        case 'fork':
          return dialogs.open({ kind: id, machines: ids });
        case 'settings':
          return dialogs.open({ kind: 'settings', machine: first });
        case 'remove':
          return void removals
            .remove(ids.map((one) => ({ kind: 'machine', id: one })))
            .then((why) => why && actions.failed(first, why));
      }
    },
    [t, client, actions, dialogs, removals, showOnStart, tellLeftOut],
  );
}
