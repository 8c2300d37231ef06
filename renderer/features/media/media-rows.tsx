import { ActionIcon, Group, Menu, Skeleton, Table, Text, Tooltip } from '@mantine/core';
import {
  IconArrowsDiagonal,
  IconArrowsMinimize,
  IconDeviceFloppy,
  IconDisc,
  IconDotsVertical,
  IconFileExport,
  IconFileSearch,
  IconFolderShare,
  IconPlugConnectedX,
  IconServer,
  IconShieldCheck,
  IconTrash,
} from '@tabler/icons-react';
import type { MouseEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../ui/formats.ts';
import { SizeBar } from '../../ui/size-bar.tsx';
import { fileName } from '../machines/use-attached.ts';
import { BrokenFile } from './broken-file.tsx';
import type { Usage } from './usage-card.tsx';
import type { HostImage, Medium, MediumKind } from './use-media.ts';

const ICONS = { disk: IconServer, cdrom: IconDisc, floppy: IconDeviceFloppy } as const;

/** What a row can ask for that a dialog answers. */
export type RowQuestion =
  | { readonly kind: 'relocate'; readonly file: HostImage }
  | { readonly kind: 'export' | 'move' | 'resize' | 'examine'; readonly medium: Medium };

interface MediumRowProps {
  readonly medium: Medium;
  /** What the library has counted; undefined until then. */
  readonly usage: Usage | undefined;
  readonly largest: number;
  readonly onAsk: (asked: RowQuestion) => void;
  readonly onRelease: () => void;
  readonly onCompact: () => void;
  readonly onRemove: () => void;
}

export function MediumRow({ medium, usage, largest, onAsk, onRelease, onCompact, onRemove }: MediumRowProps) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const used = medium.usedBy.length > 0;
  const owner = usage?.owners.find(({ id }) => id === medium.id);
  return (
    <Table.Tr onContextMenu={openMenu}>
      <NameCell kind={medium.kind} name={medium.name} title={medium.name} />
      <Table.Td>{bytes(medium.sizeBytes)}</Table.Td>
      <Table.Td>
        {!usage && <StoredPlaceholder />}
        {owner && (
          <Tooltip label={t('snapshots.sizes', { all: bytes(owner.bytes), own: bytes(owner.uniqueBytes) })}>
            <div>
              <SizeBar bytes={owner.bytes} uniqueBytes={owner.uniqueBytes} of={largest} />
              <Text size="xs" c="var(--text-dimmed)">
                {owner.bytes === 0
                  ? bytes(0)
                  : t('snapshots.sizes', { all: bytes(owner.bytes), own: bytes(owner.uniqueBytes) })}
              </Text>
            </div>
          </Tooltip>
        )}
      </Table.Td>
      <UsedByCell usedBy={medium.usedBy} />
      <Table.Td>
        <RowMenu name={medium.name}>
          <Menu.Item
            leftSection={<IconFileExport size={16} aria-hidden />}
            onClick={() => onAsk({ kind: 'export', medium })}
          >
            {t('media.export')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconFolderShare size={16} aria-hidden />}
            onClick={() => onAsk({ kind: 'move', medium })}
          >
            {t('media.move')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconShieldCheck size={16} aria-hidden />}
            onClick={() => onAsk({ kind: 'examine', medium })}
          >
            {t('media.examine')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconArrowsDiagonal size={16} aria-hidden />}
            disabled={medium.kind !== 'disk'}
            onClick={() => onAsk({ kind: 'resize', medium })}
          >
            {t('media.resize')}
          </Menu.Item>
          <Menu.Item leftSection={<IconArrowsMinimize size={16} aria-hidden />} onClick={onCompact}>
            {t('media.compact')}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlugConnectedX size={16} aria-hidden />} disabled={!used} onClick={onRelease}>
            {t('media.release')}
          </Menu.Item>
          <Menu.Item color="red" leftSection={<IconTrash size={16} aria-hidden />} disabled={used} onClick={onRemove}>
            {t('media.remove')}
          </Menu.Item>
        </RowMenu>
      </Table.Td>
    </Table.Tr>
  );
}

interface FileRowProps {
  readonly file: HostImage;
  readonly onAsk: (asked: RowQuestion) => void;
  readonly onRelease: () => void;
}

/** A file outside of the library: machines use it where it is. */
export function FileRow({ file, onAsk, onRelease }: FileRowProps) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const { path, kind, sizeBytes, fileBytes, problem, usedBy } = file;
  const name = fileName(path);
  return (
    <Table.Tr onContextMenu={openMenu}>
      <NameCell kind={kind} name={name} title={path} />
      <Table.Td>{sizeBytes !== null && bytes(sizeBytes)}</Table.Td>
      <Table.Td>
        {problem ? (
          <BrokenFile file={{ ...file, problem }} />
        ) : (
          <Text size="xs" c="var(--text-dimmed)" truncate title={path}>
            {t('media.outside', { bytes: bytes(fileBytes ?? 0) })}
          </Text>
        )}
      </Table.Td>
      <UsedByCell usedBy={usedBy} />
      <Table.Td>
        <RowMenu name={name}>
          <Menu.Item
            leftSection={<IconFileSearch size={16} aria-hidden />}
            onClick={() => onAsk({ kind: 'relocate', file })}
          >
            {t('media.relocate')}
          </Menu.Item>
          <Menu.Item leftSection={<IconPlugConnectedX size={16} aria-hidden />} onClick={onRelease}>
            {t('media.release')}
          </Menu.Item>
        </RowMenu>
      </Table.Td>
    </Table.Tr>
  );
}

/** A row's menu by the right mouse button, as by its own. */
function openMenu(event: MouseEvent<HTMLElement>): void {
  event.preventDefault();
  event.currentTarget.querySelector<HTMLElement>('[aria-haspopup=menu]')?.click();
}

/** As tall as rows are, until it is known which there are. */
export function PlaceholderRows() {
  return Array.from({ length: 3 }, (_, row) => (
    <Table.Tr key={row} aria-hidden>
      <Table.Td>
        <Skeleton height={20} width="70%" />
      </Table.Td>
      <Table.Td>
        <Skeleton height={20} width="60%" />
      </Table.Td>
      <Table.Td>
        <StoredPlaceholder />
      </Table.Td>
      <Table.Td>
        <Skeleton height={20} width="50%" />
      </Table.Td>
      <Table.Td>
        <Skeleton height={28} width={28} />
      </Table.Td>
    </Table.Tr>
  ));
}

/** As tall as the bar and its words. */
function StoredPlaceholder() {
  return (
    <Skeleton>
      <SizeBar bytes={0} uniqueBytes={0} of={1} />
      <Text size="xs">…</Text>
    </Skeleton>
  );
}

function NameCell({ kind, name, title }: { readonly kind: MediumKind; readonly name: string; readonly title: string }) {
  const { t } = useTranslation();
  const Glyph = ICONS[kind];
  return (
    <Table.Td>
      <Group gap={10} wrap="nowrap">
        <Glyph style={{ flex: 'none' }} size={20} stroke={1.6} aria-label={t(`media.kind.${kind}`)} role="img" />
        <Text fw={550} truncate title={title}>
          {name}
        </Text>
      </Group>
    </Table.Td>
  );
}

function UsedByCell({ usedBy }: { readonly usedBy: readonly string[] }) {
  const { t } = useTranslation();
  const names = usedBy.join(', ');
  return (
    <Table.Td>
      <Text size="sm" truncate {...(names === '' && { c: 'var(--text-dimmed)' })} title={names}>
        {names === '' ? t('media.unused') : names}
      </Text>
    </Table.Td>
  );
}

function RowMenu({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-end" width={240} middlewares={{ flip: true, shift: { crossAxis: true, padding: 8 } }}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('media.actions', { name })}>
          <IconDotsVertical size={17} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
