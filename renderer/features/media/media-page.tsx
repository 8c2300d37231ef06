import { ActionIcon, Button, Group, Menu, Paper, SegmentedControl, Stack, Table, Text, Tooltip } from '@mantine/core';
import {
  IconArrowsDiagonal,
  IconArrowsMinimize,
  IconDeviceFloppy,
  IconDisc,
  IconDotsVertical,
  IconFileExport,
  IconFileImport,
  IconFolderShare,
  IconPlugConnectedX,
  IconPlus,
  IconRecycle,
  IconServer,
  IconShieldCheck,
  IconTransform,
  IconTrash,
} from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { mediumPath, type CallResult, type Failure } from '../../../core/contract/index.ts';
import { useApp, useMachines } from '../../state/context.ts';
import { useResource } from '../../state/resource.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { useFormats } from '../../ui/formats.ts';
import { Page } from '../../ui/page.tsx';
import { SizeBar } from '../../ui/size-bar.tsx';
import { ImageDrop } from '../machines/image-drop.tsx';
import {
  CollectDialog,
  ConvertDialog,
  CreateDialog,
  ExamineDialog,
  ExportDialog,
  ImportDialog,
  ResizeDialog,
} from './media-dialogs.tsx';
import classes from './media-page.module.css';
import { useMedia, type Medium, type MediumKind } from './use-media.ts';

const ICONS = { disk: IconServer, cdrom: IconDisc, floppy: IconDeviceFloppy } as const;
const KINDS = ['all', 'disk', 'cdrom', 'floppy'] as const;

type Asked =
  | { readonly kind: 'create' }
  | { readonly kind: 'import'; readonly file?: File }
  | { readonly kind: 'convert' }
  | { readonly kind: 'collect'; readonly garbageBytes: number }
  | { readonly kind: 'export' | 'move' | 'resize' | 'examine'; readonly medium: Medium };

/** Disks, CDs and floppies of the library: who uses them, what they take, and what is done with them. */
export function MediaPage() {
  const { t } = useTranslation();
  const { client, removals } = useApp();
  const { machines } = useMachines();
  const { media: all, failure: listFailure, known } = useMedia();
  const { value: usage, reload } = useResource(
    'store.usage',
    {},
    ({ event }) => event === 'media.changed' || event === 'snapshots.changed' || event === 'machine.removed',
  );
  const [kind, setKind] = useState<(typeof KINDS)[number]>('all');
  const [asked, setAsked] = useState<Asked>();
  const [failure, setFailure] = useState<Failure>();
  const media = all.filter((medium) => kind === 'all' || medium.kind === kind);
  const owners = new Map(usage?.owners.map((owner) => [owner.id, owner]));
  const largest = Math.max(1, ...media.map(({ id }) => owners.get(id)?.bytes ?? 0));

  const remove = (medium: Medium): void => {
    void removals.remove([{ kind: 'medium', id: medium.id }]).then(setFailure);
  };

  /** Out of every drive that it is in. */
  const release = async (medium: Medium): Promise<void> => {
    const path = mediumPath(medium.id);
    for (const { config } of machines) {
      if (![...config.floppies, ...config.disks, config.cdrom].some((attachment) => attachment?.path === path))
        continue;
      const done = await client.call('machines.update', {
        id: config.id,
        changes: {
          floppies: config.floppies.map((attachment) => (attachment?.path === path ? null : attachment)),
          disks: config.disks.filter((attachment) => attachment.path !== path),
          cdrom: config.cdrom?.path === path ? null : config.cdrom,
        },
      });
      if (!done.ok) return setFailure(done.error);
    }
    setFailure(undefined);
  };

  const compact = async (medium: Medium): Promise<void> => {
    const done = await client.call('media.compact', { id: medium.id });
    setFailure(done.ok ? undefined : done.error);
    reload();
  };

  return (
    <ImageDrop onImage={(file) => setAsked({ kind: 'import', file })}>
      <Page
        title={t('frame.media')}
        tools={
          <Group gap="xs">
            <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setAsked({ kind: 'create' })}>
              {t('media.create')}
            </Button>
            <Button
              variant="default"
              leftSection={<IconFileImport size={16} aria-hidden />}
              onClick={() => setAsked({ kind: 'import' })}
            >
              {t('media.import')}
            </Button>
            <Button
              variant="default"
              leftSection={<IconTransform size={16} aria-hidden />}
              onClick={() => setAsked({ kind: 'convert' })}
            >
              {t('media.convert')}
            </Button>
          </Group>
        }
      >
        <Stack gap="md">
          {usage && (
            <UsageCard
              usage={usage}
              onCollect={() => setAsked({ kind: 'collect', garbageBytes: usage.garbageBytes })}
            />
          )}
          {listFailure && <FailureAlert failure={listFailure} />}
          {failure && <FailureAlert failure={failure} onDismiss={() => setFailure(undefined)} />}
          <SegmentedControl
            w="fit-content"
            aria-label={t('media.filter')}
            value={kind}
            onChange={(value) => setKind(value as typeof kind)}
            data={KINDS.map((value) => ({ value, label: t(`media.kinds.${value}`) }))}
          />
          {known && media.length === 0 ? (
            <Text c="var(--text-dimmed)" ta="center" py="xl">
              {t('media.none')}
            </Text>
          ) : (
            <Paper withBorder className={classes['table'] ?? ''}>
              <Table verticalSpacing={8} horizontalSpacing="md" highlightOnHover layout="fixed">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th w="32%">{t('media.column.name')}</Table.Th>
                    <Table.Th w="13%">{t('media.column.size')}</Table.Th>
                    <Table.Th w="24%">{t('media.column.stored')}</Table.Th>
                    <Table.Th>{t('media.column.usedBy')}</Table.Th>
                    <Table.Th w={56}>
                      <span className="visually-hidden">{t('media.column.actions')}</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {media.map((medium) => (
                    <MediumRow
                      key={medium.id}
                      medium={medium}
                      owner={owners.get(medium.id)}
                      largest={largest}
                      onAsk={setAsked}
                      onRelease={() => void release(medium)}
                      onCompact={() => void compact(medium)}
                      onRemove={() => remove(medium)}
                    />
                  ))}
                </Table.Tbody>
              </Table>
            </Paper>
          )}
        </Stack>
        <MediaDialog asked={asked} onCollected={reload} onClose={() => setAsked(undefined)} />
      </Page>
    </ImageDrop>
  );
}

function MediaDialog({
  asked,
  onCollected,
  onClose,
}: {
  readonly asked: Asked | undefined;
  readonly onCollected: () => void;
  readonly onClose: () => void;
}) {
  switch (asked?.kind) {
    case 'create':
      return <CreateDialog onClose={onClose} />;
    case 'import':
      return <ImportDialog onClose={onClose} {...(asked.file && { file: asked.file })} />;
    case 'convert':
      return <ConvertDialog onClose={onClose} />;
    case 'collect':
      return <CollectDialog garbageBytes={asked.garbageBytes} onDone={onCollected} onClose={onClose} />;
    case 'export':
      return <ExportDialog medium={asked.medium} onClose={onClose} />;
    case 'move':
      return <ExportDialog medium={asked.medium} moves onClose={onClose} />;
    case 'examine':
      return <ExamineDialog medium={asked.medium} onClose={onClose} />;
    case 'resize':
      return <ResizeDialog medium={asked.medium} onClose={onClose} />;
    case undefined:
      return null;
  }
}

type Usage = CallResult<'store.usage'>;

/** The library as one bar: what one thing alone needs, what several share, and what goes at the next tidying. */
function UsageCard({ usage, onCollect }: { readonly usage: Usage; readonly onCollect: () => void }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const unique = usage.owners.reduce((sum, { uniqueBytes }) => sum + uniqueBytes, 0);
  const { storedBytes, garbageBytes, logBytes } = usage;
  const whole = Math.max(1, storedBytes + logBytes);
  const parts = [
    { key: 'unique', value: unique },
    { key: 'shared', value: Math.max(0, storedBytes - unique - garbageBytes) },
    { key: 'logs', value: logBytes },
    { key: 'garbage', value: garbageBytes },
  ] as const;
  return (
    <Paper withBorder className={classes['usage'] ?? ''} component="section" aria-label={t('media.usage.title')}>
      <Group justify="space-between" mb={8}>
        <Text fw={600}>{t('media.usage.total', { bytes: bytes(storedBytes + logBytes) })}</Text>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconRecycle size={15} aria-hidden />}
          onClick={onCollect}
        >
          {t('media.usage.collect')}
        </Button>
      </Group>
      <div className={classes['whole']} aria-hidden>
        {parts.map(({ key, value }) => (
          <span key={key} data-part={key} style={{ width: `${(100 * value) / whole}%` }} />
        ))}
      </div>
      <Group gap="lg" mt={8}>
        {parts.map(({ key, value }) => (
          <Group key={key} gap={6}>
            <span className={classes['key']} data-part={key} aria-hidden />
            <Text size="xs" c="var(--text-dimmed)">
              {t(`media.usage.${key}`, { bytes: bytes(value) })}
            </Text>
          </Group>
        ))}
      </Group>
    </Paper>
  );
}

interface MediumRowProps {
  readonly medium: Medium;
  readonly owner: Usage['owners'][number] | undefined;
  readonly largest: number;
  readonly onAsk: (asked: Asked) => void;
  readonly onRelease: () => void;
  readonly onCompact: () => void;
  readonly onRemove: () => void;
}

function MediumRow({ medium, owner, largest, onAsk, onRelease, onCompact, onRemove }: MediumRowProps) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const Glyph = ICONS[medium.kind satisfies MediumKind];
  const used = medium.usedBy.length > 0;
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap={10} wrap="nowrap">
          <Glyph size={20} stroke={1.6} aria-label={t(`media.kind.${medium.kind}`)} role="img" />
          <Text fw={550} truncate title={medium.name}>
            {medium.name}
          </Text>
        </Group>
      </Table.Td>
      <Table.Td>{bytes(medium.sizeBytes)}</Table.Td>
      <Table.Td>
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
      <Table.Td>
        <Text size="sm" truncate {...(!used && { c: 'var(--text-dimmed)' })} title={medium.usedBy.join(', ')}>
          {used ? medium.usedBy.join(', ') : t('media.unused')}
        </Text>
      </Table.Td>
      <Table.Td>
        <Menu position="bottom-end" width={240} middlewares={{ flip: true, shift: { crossAxis: true, padding: 8 } }}>
          <Menu.Target>
            <ActionIcon variant="subtle" color="gray" aria-label={t('media.actions', { name: medium.name })}>
              <IconDotsVertical size={17} aria-hidden />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
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
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}
