import { Select, Text } from '@mantine/core';
import { IconDeviceFloppy, IconDisc, IconServer, IconTopologyBus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { mediumIdOf, type Attachment } from '../../../core/contract/index.ts';
import { AttachMenu } from '../machines/attach-menu.tsx';
import { drivesOf, withMedium, type Drive } from '../machines/drives.ts';
import { MediumMenu } from '../machines/medium-menu.tsx';
import { useAttached } from '../machines/use-attached.ts';
import { modeOf, modesFor, withMode, type WriteMode } from '../machines/write-mode.ts';
import { BrokenMark } from '../media/broken-file.tsx';
import type { PageProps } from './pages.tsx';
import classes from './settings-dialog.module.css';

const ICONS = { floppy: IconDeviceFloppy, disk: IconServer, cdrom: IconDisc } as const;

/** Controllers, their drives, and what is in them. */
export function StoragePage({ form, machine, locked }: PageProps) {
  const { t } = useTranslation();
  const shown = locked === undefined ? form.values : { ...form.values, ...machine.config };
  const drives = drivesOf(shown, true);
  const set = (drive: Drive, medium: Attachment | null): void => form.setValues(withMedium(form.values, drive, medium));
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
            data={modesFor(inLibrary).map((value) => ({
              value,
              label: t(`settings.writeMode.${value}`),
            }))}
            onChange={(mode) => mode && onChange(withMode(medium, mode as WriteMode))}
          />
        )}
      </span>
      {locked !== undefined && drive.removable && !machine.saved ? (
        <MediumMenu machine={machine} drive={drive.removable} />
      ) : (
        <AttachMenu
          kind={kind}
          medium={medium}
          name={name}
          disabled={locked !== undefined || !free}
          onChange={onChange}
        />
      )}
    </li>
  );
}
