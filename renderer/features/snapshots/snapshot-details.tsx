import { Stack, Text, TextInput, Textarea } from '@mantine/core';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../state/context.ts';
import type { SnapshotInfo } from '../../state/dialogs.ts';
import { useFormats } from '../../ui/formats.ts';
import { Fact, Facts } from '../../ui/section.tsx';
import { SizeBar } from '../../ui/size-bar.tsx';
import { useKept } from '../../ui/use-kept.ts';
import { SnapshotPicture } from './snapshot-picture.tsx';

/** One snapshot; its name and note are changed where they stand. */
export function SnapshotDetails({ snapshot }: { readonly snapshot: SnapshotInfo }) {
  const { t } = useTranslation();
  const { client, actions } = useApp();
  const { time, bytes } = useFormats();
  const [name, setName] = useKept(snapshot.name);
  const [note, setNote] = useKept(snapshot.note);
  const keep = async (changes: { readonly name?: string; readonly note?: string }): Promise<void> => {
    const done = await client.call('snapshots.edit', { id: snapshot.id, ...changes });
    if (!done.ok) actions.failed(snapshot.machine, done.error);
  };
  const keepName = (): void => {
    if (name.trim() !== '' && name !== snapshot.name) void keep({ name: name.trim() });
  };
  const onNameKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') keepName();
    if (event.key === 'Escape') setName(snapshot.name);
  };
  return (
    <Stack gap="sm">
      <SnapshotPicture snapshot={snapshot} large />
      <TextInput
        label={t('snapshots.name')}
        value={name}
        error={name.trim() === '' && t('snapshots.nameNeeded')}
        onChange={(event) => setName(event.currentTarget.value)}
        onBlur={keepName}
        onKeyDown={onNameKey}
      />
      <Textarea
        label={t('snapshots.note')}
        autosize
        minRows={2}
        maxRows={8}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        onBlur={() => {
          if (note !== snapshot.note) void keep({ note });
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape') setNote(snapshot.note);
        }}
      />
      <Facts>
        <Fact name={t('snapshots.taken')}>{time(snapshot.createdAt)}</Fact>
        <Fact name={t('snapshots.memory')}>{t(snapshot.hasMemory ? 'snapshots.memoryYes' : 'snapshots.memoryNo')}</Fact>
        <Fact name={t('snapshots.own')}>{bytes(snapshot.uniqueBytes)}</Fact>
        <Fact name={t('snapshots.shared')}>{bytes(snapshot.bytes - snapshot.uniqueBytes)}</Fact>
      </Facts>
      <SizeBar bytes={snapshot.bytes} uniqueBytes={snapshot.uniqueBytes} of={snapshot.bytes} />
      <Text size="xs" c="var(--text-dimmed)">
        {t('snapshots.ownHint')}
      </Text>
    </Stack>
  );
}
