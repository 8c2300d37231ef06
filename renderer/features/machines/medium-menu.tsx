import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconDotsVertical } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo, RemovableDrive } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { PathDialog } from '../settings/path-dialog.tsx';
import { MediumChoices } from './medium-choices.tsx';

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
        <Tooltip label={label}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label}>
              <IconDotsVertical size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
        </Tooltip>
        <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
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
  const { actions } = useApp();
  const insert = useInsert(machine);
  const { id, floppies, cdrom } = machine.config;
  return (
    <>
      <Menu.Label>{t(`drive.${drive}`)}</Menu.Label>
      <MediumChoices
        kind={kindOf(drive)}
        present={drive === 'cdrom' ? cdrom : floppies[drive === 'floppy0' ? 0 : 1]}
        onMedium={(path) => void insert(drive, path)}
        onAskPath={() => onAskPath(drive)}
        onFailed={(failure) => actions.failed(id, failure)}
      />
    </>
  );
}
