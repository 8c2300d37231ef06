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
            <DriveFact
              drive={drive}
              machine={machine}
              locked={locked}
              onChange={(medium) => change(withMedium(config, drive, medium))}
            />
          </Fact>
        ))}
      </Facts>
    </Section>
  );
}

const isIn = (drives: readonly Drive[], { key }: Drive): boolean => drives.some((drive) => drive.key === key);

function DriveFact({
  drive: { key, kind, label, medium, removable },
  machine,
  locked,
  onChange,
}: Pick<MachineStorageProps, 'machine' | 'locked'> & {
  readonly drive: Drive;
  readonly onChange: (medium: Attachment | null) => void;
}) {
  const { t } = useTranslation();
  const attached = useAttached();
  const drive = t(`drive.${label}`);
  const { name, broken } = medium ? attached(medium.path) : { name: t('drive.empty'), broken: undefined };
  return (
    <>
      <span className={classes['drive']}>
        <Text span size="sm" truncate {...(medium && { title: medium.path })}>
          {name}
        </Text>
        {broken && <BrokenFile file={broken} />}
        {removable ? (
          <MediumMenu machine={machine} drive={removable} />
        ) : (
          <AttachMenu kind={kind} medium={medium} name={drive} disabled={locked !== undefined} onChange={onChange} />
        )}
      </span>
      {medium && key !== 'cdrom' && !broken && (
        <Text size="xs" c="var(--text-dimmed)">
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
    </>
  );
}
