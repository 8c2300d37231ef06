import { Checkbox, Radio, Stack } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure, MachineInfo } from '../../../core/contract/index.ts';
import { allows } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import { useResource } from '../../state/resource.ts';
import { goTo, machinesHash } from '../../state/route.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';

const CHOICES = ['leave', 'save', 'powerButton', 'stop'] as const;
type Choice = (typeof CHOICES)[number];

/** What becomes of a machine whose window is closed. */
export function CloseDialog({ machine, onClose }: { readonly machine: MachineInfo; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { client, actions } = useApp();
  const [choice, setChoice] = useState<Choice>('leave');
  const [restores, setRestores] = useState(false);
  const [keeps, setKeeps] = useState(false);
  const { id, name } = machine.config;
  const { value } = useResource('snapshots.list', { machine: id });
  const present = value?.snapshots.find(({ current }) => current);

  const carryOut = async (): Promise<Failure | undefined> => {
    if (choice === 'leave') return undefined;
    if (choice === 'powerButton') return actions.pressPowerButton(machine.config);
    const keepCurrent = choice === 'stop' && keeps ? t('power.stop.snapshot') : undefined;
    if (choice === 'stop' && restores && present) {
      const keep = keepCurrent !== undefined && { keepCurrent };
      const restored = await client.call('snapshots.restore', { id: present.id, ...keep, stop: true });
      return restored.ok ? undefined : restored.error;
    }
    if (keepCurrent !== undefined) {
      const kept = await client.call('snapshots.take', { machine: id, name: keepCurrent });
      if (!kept.ok) return kept.error;
    }
    const done = await client.call(`machines.${choice}`, { id });
    return done.ok ? undefined : done.error;
  };
  const submit = async (): Promise<Failure | undefined> => {
    const why = await carryOut();
    if (why) return why;
    // The shutdown is the guest's work: its window shows how it goes.
    if (choice !== 'powerButton') goTo(machinesHash);
    return undefined;
  };
  return (
    <FormDialog
      title={t('close.title', { name })}
      submitLabel={t('close.submit')}
      danger={choice === 'stop'}
      onClose={onClose}
      onSubmit={submit}
    >
      <Radio.Group
        value={choice}
        onChange={(chosen) => setChoice(chosen as Choice)}
        aria-label={t('close.title', { name })}
      >
        <Stack gap="sm">
          {CHOICES.map((one) => (
            <Radio
              key={one}
              value={one}
              label={t(`close.${one}`)}
              description={t(`close.${one}Hint`)}
              disabled={one !== 'leave' && !allows(machine, one)}
              data-autofocus={one === choice || undefined}
            />
          ))}
        </Stack>
      </Radio.Group>
      <Checkbox
        ml={32}
        label={t('power.snapshotFirst')}
        disabled={choice !== 'stop'}
        checked={keeps && choice === 'stop'}
        onChange={(event) => setKeeps(event.currentTarget.checked)}
      />
      {present && (
        <Checkbox
          ml={32}
          label={t('close.restore', { name: present.name })}
          description={t('close.restoreHint')}
          disabled={choice !== 'stop'}
          checked={restores && choice === 'stop'}
          onChange={(event) => setRestores(event.currentTarget.checked)}
        />
      )}
    </FormDialog>
  );
}
