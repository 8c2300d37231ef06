import { Button, Checkbox, Group, Modal, NumberInput, Select, Stack, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallResult, Failure } from '../../../core/contract/index.ts';
import { MEMORY_MIB_DEFAULT, MEMORY_MIB_MAX, MEMORY_MIB_MIN } from '../../../core/contract/limits.ts';
import { useApp } from '../../state/context.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { draftOf, problemsOf, type NewMachineForm } from './draft.ts';

const BLANK: NewMachineForm = {
  name: '',
  memoryMiB: MEMORY_MIB_DEFAULT,
  floppyPath: '',
  floppyWritable: false,
  clock: 'host',
};

export interface NewMachineDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onCreated: (id: string) => void;
}

/** The machine that most people begin with: memory and a floppy. The rest has defaults. */
export function NewMachineDialog({ opened, onClose, onCreated }: NewMachineDialogProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('create.title')}
      size="lg"
      closeButtonProps={{ 'aria-label': t('action.close') }}
    >
      <NewMachineFields onClose={onClose} onCreated={onCreated} />
    </Modal>
  );
}

function NewMachineFields({ onClose, onCreated }: Omit<NewMachineDialogProps, 'opened'>) {
  const { t } = useTranslation();
  const { client } = useApp();
  const [form, setForm] = useState(BLANK);
  const [info, setInfo] = useState<CallResult<'app.info'>>();
  const [failure, setFailure] = useState<Failure>();
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const memoryMiB = info?.memoryMiB ?? { min: MEMORY_MIB_MIN, max: MEMORY_MIB_MAX };
  const change = (part: Partial<NewMachineForm>): void => setForm((before) => ({ ...before, ...part }));
  const problems = tried ? problemsOf(form) : undefined;

  useEffect(() => {
    void client.call('app.info', {}).then((answer) => {
      if (answer.ok) setInfo(answer.value);
    });
  }, [client]);

  const browse = async (): Promise<void> => {
    const picked = await client.call('media.pick', { kind: 'floppy' });
    if (!picked.ok) setFailure(picked.error);
    else if (picked.value.path !== null) change({ floppyPath: picked.value.path });
  };

  const submit = async (): Promise<void> => {
    setTried(true);
    setFailure(undefined);
    if (problemsOf(form).size > 0) return;
    setBusy(true);
    const failed = (error: Failure): void => {
      setBusy(false);
      setFailure(error);
    };
    const draft = draftOf(form);
    for (const floppy of draft.floppies ?? []) {
      if (!floppy) continue;
      const checked = await client.call('media.check', { ...floppy, kind: 'floppy' });
      if (!checked.ok) return failed(checked.error);
    }
    const created = await client.call('machines.create', draft);
    if (!created.ok) return failed(created.error);
    onCreated(created.value.config.id);
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Stack gap="md">
        <Group grow align="flex-start" preventGrowOverflow={false}>
          <TextInput
            label={t('create.name')}
            placeholder={t('create.namePlaceholder')}
            required
            data-autofocus
            flex={2}
            value={form.name}
            error={problems?.has('name') && t('create.problem.name')}
            onChange={(event) => change({ name: event.currentTarget.value })}
          />
          <NumberInput
            label={t('create.memory')}
            suffix={` ${t('create.memoryUnit')}`}
            min={memoryMiB.min}
            max={memoryMiB.max}
            clampBehavior="none"
            allowDecimal={false}
            flex={1}
            value={form.memoryMiB}
            error={problems?.has('memoryMiB') && t('create.problem.memory', memoryMiB)}
            onChange={(value) => change({ memoryMiB: typeof value === 'number' ? value : Number.parseInt(value, 10) })}
          />
        </Group>
        <Group align="flex-start" wrap="nowrap">
          <TextInput
            label={t('create.floppy')}
            description={t('create.floppyHint')}
            flex={1}
            spellCheck={false}
            value={form.floppyPath}
            error={problems?.has('floppies') && t('create.problem.floppy')}
            onChange={(event) => change({ floppyPath: event.currentTarget.value })}
          />
          {info?.canPickFiles && (
            <Button variant="default" mt={44} onClick={() => void browse()}>
              {t('create.browse')}
            </Button>
          )}
        </Group>
        <Checkbox
          label={t('create.writable')}
          description={t('create.writableHint')}
          disabled={form.floppyPath.trim() === ''}
          checked={form.floppyWritable}
          onChange={(event) => change({ floppyWritable: event.currentTarget.checked })}
        />
        <Select
          label={t('create.clock')}
          description={t(`create.clockHint.${form.clock}`)}
          allowDeselect={false}
          value={form.clock}
          data={[
            { value: 'host', label: t('details.clockValue.host') },
            { value: 'virtual', label: t('details.clockValue.virtual') },
          ]}
          onChange={(clock) => change({ clock: clock === 'virtual' ? 'virtual' : 'host' })}
        />
        {failure && <FailureAlert failure={failure} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('action.cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {t('create.submit')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
