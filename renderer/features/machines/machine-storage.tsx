import { Text } from '@mantine/core';
import { IconDeviceFloppy } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { mediumIdOf, type Attachment, type MachineChanges, type MachineInfo } from '../../../core/contract/index.ts';
import { EditableSelect } from '../../ui/editable.tsx';
import { Fact, Facts, Section } from '../../ui/section.tsx';
import { BrokenFile } from '../media/broken-file.tsx';
import { AttachMenu } from './attach-menu.tsx';
import { drivesOf, withMedium, type Drive } from './drives.ts';
import classes from './machine-details.module.css';
import { MediumMenu } from './medium-menu.tsx';
import { useAttached } from './use-attached.ts';
import { modeOf, modesFor, withMode } from './write-mode.ts';

interface MachineStorageProps {
  readonly machine: MachineInfo;
  /** Why disks cannot change now; undefined: they can. */
  readonly locked: string | undefined;
  readonly action: ReactNode;
  readonly change: (changes: MachineChanges) => void;
}

/** What is in the drives, changed where it stands: floppies and CDs at any time, the rest while the machine is off. */
export function MachineStorage({ machine, locked, action, change }: MachineStorageProps) {
  const { t } = useTranslation();
  const { config } = machine;
  const present = drivesOf(config);
  // Disks stand without gaps: the next place is where another can come.
  const next = locked === undefined && drivesOf(config, true).find(({ kind, medium }) => kind === 'disk' && !medium);
  const drives = next ? drivesOf(config, true).filter((one) => one.key === next.key || isIn(present, one)) : present;
  return (
    <Section icon={IconDeviceFloppy} title={t('details.storage')} action={action}>
      <Facts>
        {drives.map((drive) => (
          <Fact key={drive.key} name={t(`drive.${drive.label}`)}>
            <span className={classes['drive']}>
              <Medium drive={drive} locked={locked} onChange={(medium) => change(withMedium(config, drive, medium))} />
              {drive.removable && <MediumMenu machine={machine} drive={drive.removable} />}
            </span>
          </Fact>
        ))}
      </Facts>
    </Section>
  );
}

const isIn = (drives: readonly Drive[], { key }: Drive): boolean => drives.some((drive) => drive.key === key);

function Medium({
  drive: { key, kind, label, medium, removable },
  locked,
  onChange,
}: {
  readonly drive: Drive;
  readonly locked: string | undefined;
  readonly onChange: (medium: Attachment | null) => void;
}) {
  const { t } = useTranslation();
  const attached = useAttached();
  const drive = t(`drive.${label}`);
  const { name, broken } = medium ? attached(medium.path) : { name: t('drive.empty'), broken: undefined };
  return (
    <>
      <Text span size="sm" truncate {...(medium && { title: medium.path })}>
        {name}
      </Text>
      {broken && <BrokenFile file={broken} />}
      {medium && key !== 'cdrom' && !broken && (
        <Text span size="sm" c="var(--text-dimmed)" className={classes['mode'] ?? ''}>
          <EditableSelect
            label={t('settings.writes', { drive })}
            value={modeOf(medium)}
            locked={locked}
            data={modesFor(mediumIdOf(medium.path) !== undefined).map((value) => ({
              value,
              label: t(`settings.writeMode.${value}`),
            }))}
            onChange={(mode) => onChange(withMode(medium, mode))}
          />
        </Text>
      )}
      {!removable && (
        <AttachMenu kind={kind} medium={medium} name={drive} disabled={locked !== undefined} onChange={onChange} />
      )}
    </>
  );
}
