import { ActionIcon, Menu, Select, Text, Tooltip } from '@mantine/core';
import {
  IconDeviceFloppy,
  IconDisc,
  IconDotsVertical,
  IconFile,
  IconFileImport,
  IconLink,
  IconPlugConnectedX,
  IconServer,
  IconTopologyBus,
} from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { mediumIdOf, mediumPath, type Attachment, type Failure } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { drivesOf, type Drive } from '../machines/drives.ts';
import { MediumMenu, freeName } from '../machines/medium-menu.tsx';
import { useAttached } from '../machines/use-attached.ts';
import { BrokenMark } from '../media/broken-file.tsx';
import { useMedia } from '../media/use-media.ts';
import { PathDialog } from './path-dialog.tsx';
import type { PageProps } from './pages.tsx';
import classes from './settings-dialog.module.css';

const ICONS = { floppy: IconDeviceFloppy, disk: IconServer, cdrom: IconDisc } as const;

/** What the guest's writes do to a medium. `keep` and `forget` are for files and media alike. */
const MODES = ['keep', 'forget', 'immutable', 'write-through'] as const;
type Mode = (typeof MODES)[number];

const modeOf = ({ writable, mode }: Attachment): Mode => mode ?? (writable ? 'keep' : 'forget');

function withMode(attachment: Attachment, mode: Mode): Attachment {
  const { mode: _mode, ...rest } = attachment;
  return {
    ...rest,
    writable: mode !== 'forget',
    ...((mode === 'immutable' || mode === 'write-through') && { mode }),
  };
}

/** Controllers, their drives, and what is in them. */
export function StoragePage({ form, machine, locked }: PageProps) {
  const { t } = useTranslation();
  const shown = locked === undefined ? form.values : { ...form.values, ...machine.config };
  const drives = drivesOf(shown, true);
  const set = (drive: Drive, medium: Attachment | null): void => {
    const index = Number(drive.key.at(-1));
    if (drive.kind === 'cdrom') form.setFieldValue('cdrom', medium);
    else if (drive.kind === 'floppy') form.setFieldValue(`floppies.${index}`, medium);
    else
      form.setFieldValue(
        'disks',
        medium
          ? [...form.values.disks.slice(0, index), medium, ...form.values.disks.slice(index + 1)]
          : form.values.disks.filter((_, i) => i !== index),
      );
  };
  /** Disks stand without gaps: the first place that is free can be taken. */
  const isFree = (drive: Drive): boolean =>
    drive.kind !== 'disk' || Number(drive.key.at(-1)) <= form.values.disks.length;
  return (
    <div>
      {(['floppy', 'ide'] as const).map((controller) => (
        <section key={controller} aria-label={t(`settings.controller.${controller}`)}>
          <div className={classes['controller']}>
            <IconTopologyBus size={18} stroke={1.7} aria-hidden />
            {t(`settings.controller.${controller}`)}
          </div>
          <ul className={classes['drives']}>
            {drives
              .filter(({ kind }) => (kind === 'floppy') === (controller === 'floppy'))
              .map((drive) => (
                <DriveRow
                  key={drive.key}
                  drive={drive}
                  machine={machine}
                  locked={locked}
                  free={isFree(drive)}
                  onChange={(medium) => set(drive, medium)}
                />
              ))}
          </ul>
        </section>
      ))}
      <Text size="xs" c="var(--text-dimmed)">
        {t('settings.storageHint')}
      </Text>
    </div>
  );
}

interface DriveRowProps extends Pick<PageProps, 'machine' | 'locked'> {
  readonly drive: Drive;
  readonly free: boolean;
  readonly onChange: (medium: Attachment | null) => void;
}

function DriveRow({ drive, machine, locked, free, onChange }: DriveRowProps) {
  const { t } = useTranslation();
  const attached = useAttached();
  const { medium, kind } = drive;
  const Glyph = ICONS[kind];
  const name = t(`drive.${drive.label}`);
  const { name: mediumName, broken } = medium ? attached(medium.path) : { name: t('drive.empty') };
  const inLibrary = medium !== null && mediumIdOf(medium.path) !== undefined;
  return (
    <li className={classes['drive']}>
      <Glyph size={18} stroke={1.6} aria-hidden />
      <Text size="sm" fw={600}>
        {name}
      </Text>
      <span>
        <Text size="sm" truncate {...(medium ? { title: medium.path } : { c: 'var(--text-dimmed)' })}>
          {mediumName}
        </Text>
        {broken && (
          <span className={classes['broken']}>
            <BrokenMark file={broken} />
            <Text span size="xs" c="var(--text-dimmed)">
              {t('settings.brokenHint')}
            </Text>
          </span>
        )}
        {medium && kind !== 'cdrom' && (
          <Select
            size="xs"
            variant={locked === undefined ? 'unstyled' : 'default'}
            aria-label={t('settings.writes', { drive: name })}
            allowDeselect={false}
            disabled={locked !== undefined}
            value={modeOf(medium)}
            data={MODES.filter((mode) => inLibrary || mode === 'keep' || mode === 'forget').map((value) => ({
              value,
              label: t(`settings.writeMode.${value}`),
            }))}
            onChange={(mode) => mode && onChange(withMode(medium, mode as Mode))}
          />
        )}
      </span>
      {locked !== undefined && drive.removable && !machine.saved ? (
        <MediumMenu machine={machine} drive={drive.removable} />
      ) : (
        <AttachMenu drive={drive} name={name} disabled={locked !== undefined || !free} onChange={onChange} />
      )}
    </li>
  );
}

function AttachMenu({
  drive: { kind, medium },
  name,
  disabled,
  onChange,
}: Pick<DriveRowProps, 'drive' | 'onChange'> & { readonly name: string; readonly disabled: boolean }) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { media } = useMedia();
  const fileRef = useRef<HTMLInputElement>(null);
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const label = t('drive.change', { drive: name });
  const attach = (path: string): void => onChange({ path, writable: kind !== 'cdrom' });
  const open = async (file: File): Promise<void> => {
    const imported = await client.importFile(file, { name: freeName(file.name, media), kind });
    if (imported.ok) attach(mediumPath(imported.value.id));
    setFailure(imported.ok ? undefined : imported.error);
  };
  return (
    <span>
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Tooltip label={label}>
            <ActionIcon variant="subtle" color="gray" aria-label={label} disabled={disabled}>
              <IconDotsVertical size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
          {media
            .filter((one) => one.kind === kind)
            .map(({ id, name: mediumName, usedBy }) => (
              <Menu.Item
                key={id}
                leftSection={<IconFile size={16} aria-hidden />}
                disabled={medium?.path === mediumPath(id)}
                rightSection={
                  usedBy.length > 0 && (
                    <Text size="xs" c="var(--text-dimmed)">
                      {usedBy[0]}
                    </Text>
                  )
                }
                onClick={() => attach(mediumPath(id))}
              >
                {mediumName}
              </Menu.Item>
            ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconFileImport size={16} aria-hidden />} onClick={() => fileRef.current?.click()}>
            {t('drive.open')}
          </Menu.Item>
          <Menu.Item leftSection={<IconLink size={16} aria-hidden />} onClick={() => setAsking(true)}>
            {t('drive.path')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconPlugConnectedX size={16} aria-hidden />}
            disabled={!medium}
            onClick={() => onChange(null)}
          >
            {t('drive.eject')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <input
        ref={fileRef}
        type="file"
        hidden
        aria-hidden
        tabIndex={-1}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          if (file) void open(file);
        }}
      />
      {asking && <PathDialog kind={kind} onClose={() => setAsking(false)} onPath={attach} />}
      {failure && <FailureAlert failure={failure} onDismiss={() => setFailure(undefined)} />}
    </span>
  );
}
