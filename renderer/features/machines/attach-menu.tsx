import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconDotsVertical } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Attachment, Failure } from '../../../core/contract/index.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { PathDialog } from '../settings/path-dialog.tsx';
import type { Drive } from './drives.ts';
import { MediumChoices } from './medium-choices.tsx';

export interface AttachMenuProps {
  readonly kind: Drive['kind'];
  readonly medium: Attachment | null;
  /** Of the drive. */
  readonly name: string;
  readonly disabled: boolean;
  readonly onChange: (medium: Attachment | null) => void;
}

/** What a drive of a machine that is off has in it from its next start on. */
export function AttachMenu({ kind, medium, name, disabled, onChange }: AttachMenuProps) {
  const { t } = useTranslation();
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const label = t('drive.change', { drive: name });
  const change = (path: string | null): void => {
    setFailure(undefined);
    onChange(path === null ? null : { path, writable: kind !== 'cdrom' });
  };
  return (
    <span>
      <Menu position="bottom-end" width={280}>
        <Tooltip label={label}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={label} disabled={disabled}>
              <IconDotsVertical size={16} aria-hidden />
            </ActionIcon>
          </Menu.Target>
        </Tooltip>
        <Menu.Dropdown mah={320} style={{ overflowY: 'auto' }}>
          <MediumChoices
            kind={kind}
            present={medium}
            onMedium={change}
            onAskPath={() => setAsking(true)}
            onFailed={setFailure}
          />
        </Menu.Dropdown>
      </Menu>
      {asking && <PathDialog kind={kind} onClose={() => setAsking(false)} onPath={change} />}
      {failure && <FailureAlert failure={failure} onDismiss={() => setFailure(undefined)} />}
    </span>
  );
}
