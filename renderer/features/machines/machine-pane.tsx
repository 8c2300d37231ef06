import { Stack, Tabs, Text, Title } from '@mantine/core';
import { IconActivityHeartbeat, IconCamera, IconFileText, IconListDetails } from '@tabler/icons-react';
import { Suspense, lazy, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { isLive } from '../../state/actions.ts';
import { reasonWords } from '../../i18n/errors.ts';
import { useApp, useFailure, useFailures } from '../../state/context.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { useFormats } from '../../ui/formats.ts';
import { StateLabel } from '../../ui/state-label.tsx';
import { MachineDetails } from './machine-details.tsx';
import classes from './machine-pane.module.css';
import { SharedSettings } from './shared-settings.tsx';
import { TemplateTile } from './template-tile.tsx';
import type { RunCommand } from './use-commands.ts';

const SnapshotsPane = lazy(async () => ({
  default: (await import('../snapshots/snapshots-pane.tsx')).SnapshotsPane,
}));
const MachineActivity = lazy(async () => ({
  default: (await import('../activity/machine-activity.tsx')).MachineActivity,
}));
const LogView = lazy(async () => ({ default: (await import('../logs/log-view.tsx')).LogView }));

const TABS = [
  { value: 'details', icon: IconListDetails },
  { value: 'snapshots', icon: IconCamera },
  { value: 'activity', icon: IconActivityHeartbeat },
  { value: 'log', icon: IconFileText },
] as const;

/** Beside the list: what is known of the selected machine, or how many there are. */
export function MachinePane({
  machines,
  run,
}: {
  readonly machines: readonly MachineInfo[];
  readonly run: RunCommand;
}) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const [tab, setTab] = useState<string | null>('details');
  if (machines.length === 0)
    return (
      <main className={classes['many']} aria-label={t('details.pane')}>
        <Text c="var(--text-dimmed)">{t('machines.noneSelected')}</Text>
      </main>
    );
  if (machines.length !== 1)
    return (
      <main className={classes['many']} aria-label={t('details.pane')}>
        <Text c="var(--text-dimmed)">{t('machines.selected', { count: machines.length })}</Text>
        <ul className={classes['list']} aria-label={t('machines.list')}>
          {machines.map(({ config, status, saved }) => (
            <li key={config.id} className={classes['one']}>
              <TemplateTile template={config.template} size={34} />
              <span className={classes['words']}>
                <Text fw={600} size="sm" truncate title={config.name}>
                  {config.name}
                </Text>
                <StateLabel state={status.state} saved={saved} />
              </span>
              <Text size="xs" c="var(--text-dimmed)" ml="auto" flex="none">
                {t('details.memoryValue', { mib: number(config.memoryMiB) })}
              </Text>
            </li>
          ))}
        </ul>
        <Failures machines={machines} />
        <SharedSettings key={machines.map(({ config }) => config.id).join()} machines={machines} />
      </main>
    );
  const [machine] = machines;
  const { config } = machine;
  return (
    <main className={classes['pane']} aria-label={t('details.label', { name: config.name })}>
      <PaneHeader machine={machine} />
      <Tabs value={tab} onChange={setTab} keepMounted={false} className={classes['tabs'] ?? ''}>
        <Tabs.List px="md" aria-label={t('details.label', { name: config.name })}>
          {TABS.map(({ value, icon: Glyph }) => (
            <Tabs.Tab key={value} value={value} leftSection={<Glyph size={16} aria-hidden />}>
              {t(`details.tab.${value}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="details" className={classes['panel'] ?? ''}>
          <MachineDetails key={config.id} machine={machine} onShow={() => run('show', machines)} />
        </Tabs.Panel>
        <Suspense>
          <Tabs.Panel value="snapshots" className={classes['panel'] ?? ''}>
            <SnapshotsPane key={config.id} machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="activity" className={classes['panel'] ?? ''}>
            <MachineActivity key={config.id} machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="log" className={classes['panel'] ?? ''}>
            <LogView machine={config.id} name={config.name} />
          </Tabs.Panel>
        </Suspense>
      </Tabs>
    </main>
  );
}

/** Of what was asked of several: whose it is, and why. */
function Failures({ machines }: { readonly machines: readonly MachineInfo[] }) {
  const { actions } = useApp();
  const failures = useFailures();
  return machines.map(({ config }) => {
    const failure = failures.get(config.id);
    return (
      failure && (
        <FailureAlert
          key={config.id}
          subject={config.name}
          failure={failure}
          onDismiss={() => actions.dismiss(config.id)}
        />
      )
    );
  });
}

function PaneHeader({ machine }: { readonly machine: MachineInfo }) {
  const { t, i18n } = useTranslation();
  const { time } = useFormats();
  const { actions } = useApp();
  const { config, status } = machine;
  const failure = useFailure(config.id);
  // What was just asked and failed is told below, at length.
  const reason = status.state === 'stopped' && !failure ? status.reason : undefined;
  return (
    <div className={classes['header']}>
      <div className={classes['title']}>
        <TemplateTile template={config.template} size={46} />
        <div className={classes['words']}>
          <Title order={1} size={20} className={classes['name'] ?? ''} title={config.name}>
            {config.name}
          </Title>
          <span>
            <StateLabel state={status.state} saved={machine.saved} size={14} />{' '}
            <Text span size="sm" c="var(--text-dimmed)">
              {/* Of one that is off it is known only when this Terrarium saw it end. */}
              {isLive(machine) && t('details.since', { time: time(status.since) })}
              {reason !== undefined && reasonWords(i18n, t, reason)}
            </Text>
          </span>
        </div>
      </div>
      <Stack gap="sm" className={classes['messages'] ?? ''}>
        {failure && <FailureAlert failure={failure} onDismiss={() => actions.dismiss(config.id)} />}
        {status.state === 'aborted' && status.reason.code !== failure?.code && <FailureAlert failure={status.reason} />}
      </Stack>
    </div>
  );
}
