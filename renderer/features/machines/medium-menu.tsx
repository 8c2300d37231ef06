import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconDisc, IconDotsVertical, IconFileImport, IconPlayerEject } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { mediumPath, type MachineInfo, type RemovableDrive } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { useMedia } from '../media/use-media.ts';

export interface MediumMenuProps {
  readonly machine: MachineInfo;
  readonly drive: RemovableDrive;
}

/** Another medium into a drive, or none, while the machine runs or not. */
export function MediumMenu({ machine, drive }: MediumMenuProps) {
  const { t } = useTranslation();
  const label = t('drive.change', { drive: t(`drive.${drive}`) });
  return (
    <Menu position="bottom-end" width={280}>
      <Menu.Target>
        <Tooltip label={label}>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label}>
            <IconDotsVertical size={16} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <MediumItems machine={machine} drive={drive} />
      </Menu.Dropdown>
    </Menu>
  );
}

export function MediumItems({ machine, drive }: MediumMenuProps) {
  const { t } = useTranslation();
  const { client, actions } = useApp();
  const { media } = useMedia();
  const fileRef = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const kind = drive === 'cdrom' ? 'cdrom' : 'floppy';
  const { id, floppies, cdrom } = machine.config;
  const present = drive === 'cdrom' ? cdrom : floppies[drive === 'floppy0' ? 0 : 1];

  const insert = async (path: string | null): Promise<void> => {
    actions.dismiss(id);
    const done = await client.call('machines.changeMedium', {
      id,
      drive,
      medium: path === null ? null : { path, writable: kind === 'floppy' },
    });
    if (!done.ok) actions.failed(id, done.error);
  };
  const open = async (file: File): Promise<void> => {
    setBusy(true);
    const imported = await client.importFile(file, { name: freeName(file.name, media), kind });
    setBusy(false);
    if (imported.ok) await insert(mediumPath(imported.value.id));
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
            leftSection={<IconDisc size={16} aria-hidden />}
            disabled={present?.path === mediumPath(medium.id)}
            onClick={() => void insert(mediumPath(medium.id))}
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
      <Menu.Item
        leftSection={<IconPlayerEject size={16} aria-hidden />}
        disabled={!present}
        onClick={() => void insert(null)}
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
