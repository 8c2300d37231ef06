import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import {
  IconCheck,
  IconDeviceFloppy,
  IconDisc,
  IconDotsVertical,
  IconFileImport,
  IconLink,
  IconPlayerEject,
} from '@tabler/icons-react';
import { useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { mediumPath, type MachineInfo, type RemovableDrive } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { useMedia } from '../media/use-media.ts';
import { PathDialog } from '../settings/path-dialog.tsx';

export interface MediumMenuProps {
  readonly machine: MachineInfo;
  readonly drive: RemovableDrive;
}

/** Another medium into a drive, or none, while the machine runs or not. */
export function MediumMenu({ machine, drive }: MediumMenuProps) {
  const { t } = useTranslation();
  const label = t('drive.change', { drive: t(`drive.${drive}`) });
  const path = usePathOfMedium(machine);
  return (
    <>
      <Menu position="bottom-end" width={280}>
        <Menu.Target>
          <Tooltip label={label}>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label}>
              <IconDotsVertical size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          <MediumItems machine={machine} drive={drive} onAskPath={path.ask} />
        </Menu.Dropdown>
      </Menu>
      {path.dialog}
    </>
  );
}

/** Puts media into a machine's drives; what fails is told where its failures are. */
function useInsert({ config: { id } }: MachineInfo): (drive: RemovableDrive, path: string | null) => Promise<void> {
  const { client, actions } = useApp();
  return async (drive, path) => {
    actions.dismiss(id);
    const medium = path === null ? null : { path, writable: kindOf(drive) === 'floppy' };
    const done = await client.call('machines.changeMedium', { id, drive, medium });
    if (!done.ok) actions.failed(id, done.error);
  };
}

const kindOf = (drive: RemovableDrive): 'cdrom' | 'floppy' => (drive === 'cdrom' ? 'cdrom' : 'floppy');

/** The question for a file's path, which stands beside the menu that asks it: a menu is gone once something is chosen. */
export function usePathOfMedium(machine: MachineInfo): {
  readonly ask: (drive: RemovableDrive) => void;
  readonly dialog: ReactNode;
} {
  const insert = useInsert(machine);
  const [asking, setAsking] = useState<RemovableDrive>();
  const dialog = asking && (
    <PathDialog
      kind={kindOf(asking)}
      onClose={() => setAsking(undefined)}
      onPath={(path) => void insert(asking, path)}
    />
  );
  return { ask: setAsking, dialog };
}

export function MediumItems({
  machine,
  drive,
  onAskPath,
}: MediumMenuProps & { readonly onAskPath: (drive: RemovableDrive) => void }) {
  const { t } = useTranslation();
  const { client, actions } = useApp();
  const insert = useInsert(machine);
  const { media } = useMedia();
  const fileRef = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const kind = kindOf(drive);
  const Glyph = kind === 'cdrom' ? IconDisc : IconDeviceFloppy;
  const { id, floppies, cdrom } = machine.config;
  const present = drive === 'cdrom' ? cdrom : floppies[drive === 'floppy0' ? 0 : 1];

  const open = async (file: File): Promise<void> => {
    setBusy(true);
    const imported = await client.importFile(file, { name: freeName(file.name, media), kind });
    setBusy(false);
    if (imported.ok) await insert(drive, mediumPath(imported.value.id));
    else actions.failed(id, imported.error);
  };
  return (
    <>
      <Menu.Label>{t(`drive.${drive}`)}</Menu.Label>
      {media
        .filter((medium) => medium.kind === kind)
        .map((medium) => (
          <Menu.Item
            key={medium.id}
            leftSection={<Glyph size={16} aria-hidden />}
            rightSection={present?.path === mediumPath(medium.id) && <IconCheck size={16} aria-hidden />}
            disabled={present?.path === mediumPath(medium.id)}
            onClick={() => void insert(drive, mediumPath(medium.id))}
          >
            {medium.name}
          </Menu.Item>
        ))}
      <Menu.Divider />
      <Menu.Item
        leftSection={<IconFileImport size={16} aria-hidden />}
        closeMenuOnClick={false}
        disabled={busy}
        onClick={() => fileRef.current?.click()}
      >
        {t('drive.open')}
      </Menu.Item>
      <Menu.Item leftSection={<IconLink size={16} aria-hidden />} onClick={() => onAskPath(drive)}>
        {t('drive.path')}
      </Menu.Item>
      <Menu.Item
        leftSection={<IconPlayerEject size={16} aria-hidden />}
        disabled={!present}
        onClick={() => void insert(drive, null)}
      >
        {t('drive.eject')}
      </Menu.Item>
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
    </>
  );
}

/** The file's name, with a number where the library has that name already. */
export function freeName(wanted: string, media: readonly { readonly name: string }[]): string {
  const taken = new Set(media.map(({ name }) => name));
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number++) if (!taken.has(`${wanted} (${number})`)) return `${wanted} (${number})`;
}
