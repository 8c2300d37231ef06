import { Badge, Stack, Text, Title, Tooltip } from '@mantine/core';
import { IconCpu, IconDeviceDesktop, IconDeviceFloppy, IconInfoCircle, IconPlugConnected } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attachment, MachineInfo, SerialConfig } from '../../../core/contract/index.ts';
import { useApp, useFailure } from '../../state/context.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { Fact, Facts, Section } from '../../ui/section.tsx';
import { StateLabel } from '../../ui/state-label.tsx';
import classes from './machine-details.module.css';
import { MachinePreview } from './machine-preview.tsx';

/** What a machine is made of and how it is, beside the list. */
export function MachineDetails({ machine, onShow }: { readonly machine: MachineInfo; readonly onShow: () => void }) {
  const { t, i18n } = useTranslation();
  const { actions } = useApp();
  const { config, status } = machine;
  const failure = useFailure(config.id);
  const time = (iso: string): string =>
    new Date(iso).toLocaleString(i18n.language, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <main className={classes['pane']} aria-label={t('details.label', { name: config.name })}>
      <Title order={1} className={classes['heading']}>
        {config.name}
      </Title>
      <Stack gap="sm" className={classes['messages']}>
        {failure && <FailureAlert failure={failure} onDismiss={() => actions.dismiss(config.id)} />}
        {status.state === 'aborted' && status.reason.code !== failure?.code && <FailureAlert failure={status.reason} />}
      </Stack>
      <div className={classes['columns']}>
        <Stack gap="sm" className={classes['facts']}>
          <Section icon={IconInfoCircle} title={t('details.general')}>
            <Facts>
              <Fact name={t('details.name')}>{config.name}</Fact>
              <Fact name={t('details.state')}>
                <StateLabel state={status.state} size={14} />{' '}
                <Text span size="sm" c="var(--text-dimmed)">
                  {t('details.since', { time: time(status.since) })}
                </Text>
                {status.state === 'stopped' && status.reason !== undefined && <Text size="sm">{status.reason}</Text>}
              </Fact>
              <Fact name={t('details.created')}>{time(config.createdAt)}</Fact>
            </Facts>
          </Section>
          <SystemSection machine={machine} />
          <StorageSection machine={machine} />
          <SerialSection serial={config.serial} />
        </Stack>
        <Section icon={IconDeviceDesktop} title={t('details.preview')}>
          <MachinePreview machine={machine} onShow={onShow} />
        </Section>
      </div>
    </main>
  );
}

function SystemSection({ machine: { config } }: { readonly machine: MachineInfo }) {
  const { t, i18n } = useTranslation();
  const bootOrder = config.bootOrder.map((device) => t(`details.bootDevice.${device}`));
  return (
    <Section icon={IconCpu} title={t('details.system')}>
      <Facts>
        <Fact name={t('details.memory')}>
          {t('details.memoryValue', { mib: config.memoryMiB.toLocaleString(i18n.language) })}
        </Fact>
        <Fact name={t('details.bootOrder')}>{bootOrder.join(', ')}</Fact>
        <Fact name={t('details.clock')}>{t(`details.clockValue.${config.clock}`)}</Fact>
        <Fact name={t('details.engine')}>{t(`details.engineValue.${config.engine}`)}</Fact>
        <Fact name={t('details.firmware')}>
          {config.firmware === null ? t('details.builtIn') : <HostPath path={config.firmware} />}
        </Fact>
        {config.kernel && (
          <Fact name={t('details.kernel')}>
            <HostPath path={config.kernel.image} />
          </Fact>
        )}
      </Facts>
    </Section>
  );
}

function StorageSection({ machine: { config } }: { readonly machine: MachineInfo }) {
  const { t } = useTranslation();
  const rows: { readonly name: string; readonly medium: Attachment | null; readonly readOnly?: boolean }[] = [
    ...config.floppies.map((medium, i) => ({ name: t('details.floppy', { letter: 'AB'[i] }), medium })),
    ...config.disks.map((medium, i) => ({ name: t('details.disk', { number: i + 1 }), medium })),
    { name: t('details.cdrom'), medium: config.cdrom, readOnly: true },
  ];
  const attached = rows.filter(({ medium }) => medium !== null);
  return (
    <Section icon={IconDeviceFloppy} title={t('details.storage')}>
      {attached.length === 0 && (
        <Text size="sm" c="var(--text-dimmed)">
          {t('details.noMedia')}
        </Text>
      )}
      <Facts>
        {attached.map(({ name, medium, readOnly }) => (
          <Fact key={name} name={name}>
            {medium && <HostPath path={medium.path} />}
            {medium && !readOnly && <WriteBadge writable={medium.writable} />}
          </Fact>
        ))}
      </Facts>
    </Section>
  );
}

function SerialSection({ serial }: { readonly serial: readonly SerialConfig[] }) {
  const { t } = useTranslation();
  const rows = serial.map((port, index) => ({ name: `COM${index + 1}`, port }));
  const describe = (port: SerialConfig): ReactNode =>
    port.mode === 'file' ? <HostPath path={port.path} /> : t(`details.serialMode.${port.mode}`);
  return (
    <Section icon={IconPlugConnected} title={t('details.serial')}>
      {rows.length === 0 && (
        <Text size="sm" c="var(--text-dimmed)">
          {t('details.noSerial')}
        </Text>
      )}
      <Facts>
        {rows.map(({ name, port }) => (
          <Fact key={name} name={name}>
            {describe(port)}
          </Fact>
        ))}
      </Facts>
    </Section>
  );
}

function WriteBadge({ writable }: { readonly writable: boolean }) {
  const { t } = useTranslation();
  return (
    <Tooltip label={t(writable ? 'details.writableHint' : 'details.throwAwayHint')}>
      <Badge variant="default" size="sm" tt="none" fw={500}>
        {t(writable ? 'details.writable' : 'details.throwAway')}
      </Badge>
    </Tooltip>
  );
}

/** The file's name; the whole path where the pointer rests. */
function HostPath({ path }: { readonly path: string }) {
  return (
    <span className={classes['path']} title={path}>
      {path.split(/[\\/]/).at(-1)}
    </span>
  );
}
