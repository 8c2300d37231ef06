import { Checkbox, Text, TextInput, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import type { Failure, MachineInfo } from '../../../core/contract/index.ts';
import { isLive } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import type { SnapshotInfo } from '../../state/dialogs.ts';
import { useFormats } from '../../ui/formats.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';

/** A name for the moment: people name few snapshots, and find them by their time. */
function useMoment(): string {
  const { i18n } = useTranslation();
  return new Date().toLocaleString(i18n.language, { dateStyle: 'medium', timeStyle: 'medium' });
}

export interface TakeDialogProps {
  readonly machines: readonly MachineInfo[];
  readonly onClose: () => void;
}

export function TakeDialog({ machines, onClose }: TakeDialogProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const moment = useMoment();
  const live = machines.some(isLive);
  const form = useForm({
    initialValues: { name: t('take.defaultName', { time: moment }), note: '', memory: true },
    validate: { name: (name) => (name.trim() === '' ? t('snapshots.nameNeeded') : null) },
  });
  const submit = async (): Promise<Failure | undefined> => {
    const { name, note, memory } = form.values;
    for (const { config } of machines) {
      const taken = await client.call('snapshots.take', { machine: config.id, name: name.trim(), note, memory });
      if (!taken.ok) return taken.error;
    }
    return undefined;
  };
  return (
    <FormDialog
      title={t('take.title', { count: machines.length, name: machines[0]?.config.name ?? '' })}
      submitLabel={t('take.submit')}
      disabled={!form.isValid()}
      onClose={onClose}
      onSubmit={submit}
    >
      <TextInput
        label={t('snapshots.name')}
        data-autofocus
        {...form.getInputProps('name')}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Textarea label={t('snapshots.note')} autosize minRows={2} maxRows={6} {...form.getInputProps('note')} />
      {live && (
        <Checkbox
          label={t('take.memory')}
          description={t('take.memoryHint')}
          {...form.getInputProps('memory', { type: 'checkbox' })}
        />
      )}
    </FormDialog>
  );
}

export interface RestoreDialogProps {
  readonly machine: MachineInfo;
  readonly snapshot: SnapshotInfo;
  /** It holds the present state: that need not be kept once more. */
  readonly unchanged?: SnapshotInfo;
  readonly onClose: () => void;
}

export function RestoreDialog({ machine, snapshot, unchanged, onClose }: RestoreDialogProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { time } = useFormats();
  const moment = useMoment();
  const form = useForm({
    initialValues: { keep: !unchanged, name: t('restore.keptName', { time: moment }), start: isLive(machine) },
    validate: { name: (name, { keep }) => (keep && name.trim() === '' ? t('snapshots.nameNeeded') : null) },
  });
  const { keep, name, start } = form.values;
  const submit = async (): Promise<Failure | undefined> => {
    const restored = await client.call('snapshots.restore', {
      id: snapshot.id,
      ...(keep && { keepCurrent: name.trim() }),
      stop: isLive(machine),
      start,
    });
    return restored.ok ? undefined : restored.error;
  };
  return (
    <FormDialog
      title={t('restore.title', { name: snapshot.name })}
      submitLabel={t('restore.submit')}
      danger={!keep && !unchanged}
      disabled={!form.isValid()}
      onClose={onClose}
      onSubmit={submit}
    >
      <Text size="sm">
        {t('restore.text', { machine: machine.config.name, time: time(snapshot.createdAt) })}
        {isLive(machine) && ` ${t('restore.live')}`}
      </Text>
      <Checkbox
        label={t('restore.keep')}
        description={
          keep
            ? t('restore.keepHint')
            : unchanged
              ? t('restore.sameHint', { name: unchanged.name })
              : t('restore.loseHint')
        }
        {...form.getInputProps('keep', { type: 'checkbox' })}
      />
      {keep && <TextInput label={t('restore.keepName')} {...form.getInputProps('name')} />}
      <Checkbox label={t('restore.start')} {...form.getInputProps('start', { type: 'checkbox' })} />
    </FormDialog>
  );
}
