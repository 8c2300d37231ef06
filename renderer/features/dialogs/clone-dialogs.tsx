import { Checkbox, List, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure, MachineInfo, Result } from '../../../core/contract/index.ts';
import { useApp, useMachines } from '../../state/context.ts';
import type { SnapshotInfo } from '../../state/dialogs.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { freeName } from '../machines/free-name.ts';

interface CopyProps {
  readonly machines: readonly MachineInfo[];
  readonly onClose: () => void;
}

/** A name for each copy, as they are when the dialog opens: none that a machine has, none twice. */
function useCopyNames(originals: readonly MachineInfo[], kind: 'clone' | 'fork'): readonly string[] {
  const { t } = useTranslation();
  const { machines } = useMachines();
  const [names] = useState(() => {
    const taken = machines.map(({ config }) => ({ name: config.name }));
    return originals.map(({ config }) => {
      const name = freeName(t(`${kind}.defaultName`, { name: config.name.slice(0, 48) }), taken);
      taken.push({ name });
      return name;
    });
  });
  return names;
}

/** One after another; what was made stays made when a later one fails, and is not made again at the next try. */
function useCopying(
  machines: readonly MachineInfo[],
): (copy: (machine: MachineInfo, index: number) => Promise<Result<unknown>>) => Promise<Failure | undefined> {
  const [done] = useState(() => new Set<string>());
  return async (copy) => {
    for (const [index, machine] of machines.entries()) {
      if (done.has(machine.config.id)) continue;
      const made = await copy(machine, index);
      if (!made.ok) return made.error;
      done.add(machine.config.id);
    }
    return undefined;
  };
}

/** Without a field for it there is no way to give a name that is too long. */
const NAME_MAX = 64;

/** One is named by the person, several are named after their originals. */
function CopyNames({
  names,
  ...field
}: { readonly names: readonly string[] } & React.ComponentProps<typeof TextInput>) {
  const { t } = useTranslation();
  if (names.length === 1)
    return (
      <TextInput
        label={t('create.name')}
        maxLength={NAME_MAX}
        data-autofocus
        {...field}
        onFocus={(event) => event.currentTarget.select()}
      />
    );
  return (
    <div>
      <Text size="sm" fw={600}>
        {t('clone.names')}
      </Text>
      <List size="sm" mah={140} style={{ overflowY: 'auto' }} tabIndex={0} aria-label={t('clone.names')}>
        {names.map((name) => (
          <List.Item key={name}>{name}</List.Item>
        ))}
      </List>
    </div>
  );
}

/** `snapshot`: of the one machine. */
export function CloneDialog({ machines, snapshot, onClose }: CopyProps & { readonly snapshot?: SnapshotInfo }) {
  const { t } = useTranslation();
  const { client } = useApp();
  const names = useCopyNames(machines, 'clone');
  const copyAll = useCopying(machines);
  const form = useForm({
    initialValues: { name: names[0] ?? '', full: 'linked' },
    validate: { name: (name) => (name.trim() === '' ? t('create.problem.name') : null) },
  });
  const count = machines.length;
  return (
    <FormDialog
      title={
        snapshot
          ? t('clone.titleSnapshot', { name: snapshot.name })
          : t('clone.title', { count, name: machines[0]?.config.name ?? '' })
      }
      submitLabel={t('clone.submit')}
      disabled={!form.isValid()}
      onClose={onClose}
      onSubmit={() =>
        copyAll(({ config }, index) =>
          client.call('machines.clone', {
            id: config.id,
            name: count === 1 ? form.values.name.trim() : names[index],
            full: form.values.full === 'full',
            ...(snapshot && { snapshot: snapshot.id }),
          }),
        )
      }
    >
      <CopyNames names={names} {...form.getInputProps('name')} />
      <Radio.Group label={t('clone.history')} {...form.getInputProps('full')}>
        <Stack gap="xs" mt="xs">
          <Radio value="linked" label={t('clone.stateOnly')} description={t('clone.stateOnlyHint')} />
          <Radio value="full" label={t('clone.everything')} description={t('clone.everythingHint')} />
        </Stack>
      </Radio.Group>
    </FormDialog>
  );
}

export function ForkDialog({ machines, onClose }: CopyProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const names = useCopyNames(machines, 'fork');
  const copyAll = useCopying(machines);
  const form = useForm({
    initialValues: { name: names[0] ?? '', start: true },
    validate: { name: (name) => (name.trim() === '' ? t('create.problem.name') : null) },
  });
  const count = machines.length;
  return (
    <FormDialog
      title={t('fork.title', { count, name: machines[0]?.config.name ?? '' })}
      submitLabel={t('fork.submit')}
      disabled={!form.isValid()}
      onClose={onClose}
      onSubmit={() =>
        copyAll(({ config }, index) => {
          const { name, start } = form.values;
          return client.call('machines.fork', {
            id: config.id,
            name: count === 1 ? name.trim() : names[index],
            start,
          });
        })
      }
    >
      <Text size="sm">{t('fork.text')}</Text>
      <CopyNames names={names} {...form.getInputProps('name')} />
      <Checkbox label={t('fork.start')} {...form.getInputProps('start', { type: 'checkbox' })} />
    </FormDialog>
  );
}
