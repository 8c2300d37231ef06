import { Checkbox, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { useApp, useMachines } from '../../state/context.ts';
import type { SnapshotInfo } from '../../state/dialogs.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { freeName } from '../machines/medium-menu.tsx';

interface CopyProps {
  readonly machine: MachineInfo;
  readonly onClose: () => void;
}

function useCopyName(machine: MachineInfo, kind: 'clone' | 'fork'): string {
  const { t } = useTranslation();
  const { machines } = useMachines();
  const wanted = t(`${kind}.defaultName`, { name: machine.config.name.slice(0, 48) });
  return freeName(
    wanted,
    machines.map(({ config }) => config),
  );
}

/** Without a field for it there is no way to give a name that is too long. */
const NAME_MAX = 64;

export function CloneDialog({ machine, snapshot, onClose }: CopyProps & { readonly snapshot?: SnapshotInfo }) {
  const { t } = useTranslation();
  const { client } = useApp();
  const form = useForm({
    initialValues: { name: useCopyName(machine, 'clone'), full: 'linked' },
    validate: { name: (name) => (name.trim() === '' ? t('create.problem.name') : null) },
  });
  return (
    <FormDialog
      title={
        snapshot ? t('clone.titleSnapshot', { name: snapshot.name }) : t('clone.title', { name: machine.config.name })
      }
      submitLabel={t('clone.submit')}
      disabled={!form.isValid()}
      onClose={onClose}
      onSubmit={async () => {
        const { name, full } = form.values;
        const cloned = await client.call('machines.clone', {
          id: machine.config.id,
          name: name.trim(),
          full: full === 'full',
          ...(snapshot && { snapshot: snapshot.id }),
        });
        return cloned.ok ? undefined : cloned.error;
      }}
    >
      <TextInput label={t('create.name')} maxLength={NAME_MAX} data-autofocus {...form.getInputProps('name')} />
      <Radio.Group label={t('clone.history')} {...form.getInputProps('full')}>
        <Stack gap="xs" mt="xs">
          <Radio value="linked" label={t('clone.stateOnly')} description={t('clone.stateOnlyHint')} />
          <Radio value="full" label={t('clone.everything')} description={t('clone.everythingHint')} />
        </Stack>
      </Radio.Group>
    </FormDialog>
  );
}

export function ForkDialog({ machine, onClose }: CopyProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const form = useForm({
    initialValues: { name: useCopyName(machine, 'fork'), start: true },
    validate: { name: (name) => (name.trim() === '' ? t('create.problem.name') : null) },
  });
  return (
    <FormDialog
      title={t('fork.title', { name: machine.config.name })}
      submitLabel={t('fork.submit')}
      disabled={!form.isValid()}
      onClose={onClose}
      onSubmit={async () => {
        const { name, start } = form.values;
        const forked = await client.call('machines.fork', { id: machine.config.id, name: name.trim(), start });
        return forked.ok ? undefined : forked.error;
      }}
    >
      <Text size="sm">{t('fork.text')}</Text>
      <TextInput label={t('create.name')} maxLength={NAME_MAX} data-autofocus {...form.getInputProps('name')} />
      <Checkbox label={t('fork.start')} {...form.getInputProps('start', { type: 'checkbox' })} />
    </FormDialog>
  );
}
