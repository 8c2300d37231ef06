import { Button, Group, Paper, SegmentedControl, Stack, Table, Text } from '@mantine/core';
import { IconFileImport, IconPlus, IconTransform } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { mediumPath, type Failure } from '../../../core/contract/index.ts';
import { useApp, useMachines } from '../../state/context.ts';
import { useResource } from '../../state/resource.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { Page } from '../../ui/page.tsx';
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
import { FileRow, MediumRow, PlaceholderRows, type RowQuestion } from './media-rows.tsx';
import { RelocateDialog } from './relocate-dialog.tsx';
import { replaceEverywhere } from './replace-everywhere.ts';
import { UsageCard } from './usage-card.tsx';
import { useMedia, type Medium, type MediumKind } from './use-media.ts';

const KINDS = ['all', 'disk', 'cdrom', 'floppy'] as const;

type Asked =
  | { readonly kind: 'create' }
  | { readonly kind: 'import'; readonly file?: File }
  | { readonly kind: 'convert' }
  | { readonly kind: 'collect'; readonly garbageBytes: number }
  | RowQuestion;

/** Disks, CDs and floppies of the library: who uses them, what they take, and what is done with them. */
export function MediaPage() {
  const { t } = useTranslation();
  const { client, removals } = useApp();
  const { machines } = useMachines();
  const { media: all, files: allFiles, failure: listFailure, known } = useMedia();
  const { value: usage, reload } = useResource(
    'store.usage',
    {},
    ({ event }) => event === 'media.changed' || event === 'snapshots.changed' || event === 'machine.removed',
  );
  const [kind, setKind] = useState<(typeof KINDS)[number]>('all');
  const [asked, setAsked] = useState<Asked>();
  const [failure, setFailure] = useState<Failure>();
  const isShown = (one: { readonly kind: MediumKind }): boolean => kind === 'all' || one.kind === kind;
  const media = all.filter(isShown);
  const files = allFiles.filter(isShown);
  const owners = new Map(usage?.owners.map((owner) => [owner.id, owner]));
  const largest = Math.max(1, ...media.map(({ id }) => owners.get(id)?.bytes ?? 0));

  const remove = (medium: Medium): void => {
    void removals.remove([{ kind: 'medium', id: medium.id }]).then(setFailure);
  };

  /** Out of every drive that it is in. */
  const release = async (path: string): Promise<void> =>
    setFailure(await replaceEverywhere(client, machines, path, null));

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
          <UsageCard usage={usage} onCollect={(garbageBytes) => setAsked({ kind: 'collect', garbageBytes })} />
          {listFailure && <FailureAlert failure={listFailure} />}
          {failure && <FailureAlert failure={failure} onDismiss={() => setFailure(undefined)} />}
          <SegmentedControl
            w="fit-content"
            aria-label={t('media.filter')}
            value={kind}
            onChange={(value) => setKind(value as typeof kind)}
            data={KINDS.map((value) => ({ value, label: t(`media.kinds.${value}`) }))}
          />
          {known && media.length + files.length === 0 ? (
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
                      usage={usage}
                      largest={largest}
                      onAsk={setAsked}
                      onRelease={() => void release(mediumPath(medium.id))}
                      onCompact={() => void compact(medium)}
                      onRemove={() => remove(medium)}
                    />
                  ))}
                  {files.map((file) => (
                    <FileRow key={file.path} file={file} onAsk={setAsked} onRelease={() => void release(file.path)} />
                  ))}
                  {!known && <PlaceholderRows />}
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
    case 'relocate':
      return <RelocateDialog file={asked.file} onClose={onClose} />;
    case 'examine':
      return <ExamineDialog medium={asked.medium} onClose={onClose} />;
    case 'resize':
      return <ResizeDialog medium={asked.medium} onClose={onClose} />;
    case undefined:
      return null;
  }
}
