import { Button, EmptyState, Loader, Menu, Text } from '@mantine/core';
import { useDocumentTitle, useLocalStorage } from '@mantine/hooks';
import {
  IconAppWindow,
  IconChevronDown,
  IconDeviceDesktop,
  IconPlant2,
  IconPlayerPlayFilled,
  IconPlus,
  IconTrash,
} from '@tabler/icons-react';
import { Suspense, lazy, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { allows, isLive } from '../../state/actions.ts';
import { useApp, useMachines } from '../../state/context.ts';
import { goTo, machineHash } from '../../state/route.ts';
import { ConnectionBanner } from '../../ui/connection-banner.tsx';
import { PreferencesMenu } from '../../ui/preferences-menu.tsx';
import { ToolBar, ToolDivider } from '../../ui/tool-bar.tsx';
import { ToolButton } from '../../ui/tool-button.tsx';
import { MachineDetails } from './machine-details.tsx';
import { MachineList } from './machine-list.tsx';
import classes from './machines-page.module.css';
import { PowerTools } from './power-tools.tsx';
import { useCommands } from './use-commands.tsx';

/** The form and the schemas behind it are not needed to show the list. */
const NewMachineDialog = lazy(async () => ({
  default: (await import('../new-machine/new-machine-dialog.tsx')).NewMachineDialog,
}));

/** The manager: toolbar, list, details. */
export function MachinesPage() {
  const { t } = useTranslation();
  const { actions } = useApp();
  const { machines, connection, failure } = useMachines();
  const [selectedId, setSelectedId] = useLocalStorage<string>({
    key: 'terrarium.selected',
    getInitialValueInEffect: false,
  });
  const [creating, setCreating] = useState<boolean>();
  const selected = machines.find(({ config }) => config.id === selectedId) ?? machines[0];
  const { run, dialog } = useCommands(selected);
  useDocumentTitle(t('app.name'));

  const show = (machine: MachineInfo): void => goTo(machineHash(machine.config.id));
  const start = async (machine: MachineInfo): Promise<void> => {
    if (await actions.run('start', machine.config.id)) show(machine);
  };
  const activate = (machine: MachineInfo): void => {
    if (allows(machine, 'start')) void start(machine);
    else show(machine);
  };

  return (
    <div className={classes['page']}>
      <ToolBar label={t('machines.toolbar')} end={<PreferencesMenu />}>
        <ToolButton icon={IconPlus} tint="running" label={t('action.new')} onClick={() => setCreating(true)} />
        <ToolDivider />
        <ToolButton
          icon={IconPlayerPlayFilled}
          tint="running"
          label={t('action.start')}
          disabled={!allows(selected, 'start')}
          onClick={() => void start(selected)}
        />
        <Menu position="bottom-start">
          <Menu.Target>
            <button
              type="button"
              className={classes['more']}
              aria-label={t('action.startOptions')}
              disabled={!allows(selected, 'start')}
              data-toolbar-toggle
              data-disabled={!allows(selected, 'start') || undefined}
            >
              <IconChevronDown size={14} aria-hidden />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item leftSection={<IconPlayerPlayFilled size={16} aria-hidden />} onClick={() => run('start')}>
              {t('action.startInBackground')}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
        <ToolButton
          icon={IconAppWindow}
          label={t('action.show')}
          disabled={!isLive(selected)}
          onClick={() => show(selected)}
        />
        <ToolDivider />
        <PowerTools machine={selected} run={run} />
        <ToolDivider />
        <ToolButton
          icon={IconTrash}
          label={t('action.remove')}
          disabled={!allows(selected, 'remove')}
          onClick={() => run('remove')}
        />
      </ToolBar>
      <ConnectionBanner connection={connection} failure={failure} />
      {connection === 'loading' ? (
        <div className={classes['centre']} role="status">
          <Loader size="sm" />
          <Text size="sm">{t('app.loading')}</Text>
        </div>
      ) : machines.length === 0 ? (
        <FirstMachine onCreate={() => setCreating(true)} />
      ) : (
        <div className={classes['body']}>
          <MachineList
            machines={machines}
            selectedId={selected?.config.id}
            onSelect={setSelectedId}
            onActivate={activate}
          />
          <MachineDetails key={selected.config.id} machine={selected} onShow={() => show(selected)} />
        </div>
      )}
      {dialog}
      {creating !== undefined && (
        <Suspense>
          <NewMachineDialog
            opened={creating}
            onClose={() => setCreating(false)}
            onCreated={(id) => {
              setCreating(false);
              setSelectedId(id);
            }}
          />
        </Suspense>
      )}
    </div>
  );
}

function FirstMachine({ onCreate }: { readonly onCreate: () => void }) {
  const { t } = useTranslation();
  return (
    <main className={classes['centre']}>
      <EmptyState
        size="lg"
        variant="light"
        icon={<IconPlant2 stroke={1.4} aria-hidden />}
        title={t('machines.empty.title')}
        description={t('machines.empty.text')}
        maw={460}
      >
        <EmptyState.Actions>
          <Button size="md" leftSection={<IconDeviceDesktop size={18} aria-hidden />} onClick={onCreate}>
            {t('machines.empty.create')}
          </Button>
        </EmptyState.Actions>
      </EmptyState>
    </main>
  );
}
