import { ActionIcon, Menu, Text, Tooltip } from '@mantine/core';
import { IconDotsVertical, IconFile, IconFileImport, IconLink, IconPlugConnectedX } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { mediumPath, type Attachment, type Failure } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { useMedia } from '../media/use-media.ts';
import { PathDialog } from '../settings/path-dialog.tsx';
import type { Drive } from './drives.ts';
import { freeName } from './medium-menu.tsx';

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
