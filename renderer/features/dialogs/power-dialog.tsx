import { Checkbox, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure, MachineInfo } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import type { PowerAction } from '../../state/dialogs.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';

export interface PowerDialogProps {
  readonly action: PowerAction;
  readonly machines: readonly MachineInfo[];
  readonly onClose: () => void;
}

/** Before the plug is pulled: what is lost by it, and a snapshot from which it can be had back. */
export function PowerDialog({ action, machines, onClose }: PowerDialogProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const [snapshot, setSnapshot] = useState(false);
  const submit = async (): Promise<Failure | undefined> => {
    for (const { config } of machines) {
      if (snapshot) {
        const taken = await client.call('snapshots.take', { machine: config.id, name: t(`power.${action}.snapshot`) });
        if (!taken.ok) return taken.error;
      }
      const done = await client.call(`machines.${action}`, { id: config.id });
      if (!done.ok) return done.error;
    }
    return undefined;
  };
  return (
    <FormDialog
      title={t(`power.${action}.title`, { count: machines.length, name: machines[0]?.config.name ?? '' })}
      submitLabel={t(`action.${action}`)}
      danger
      onClose={onClose}
      onSubmit={submit}
    >
      {machines.length > 1 && (
        <Text size="sm" fw={600} lineClamp={4}>
          {machines.map(({ config }) => config.name).join(', ')}
        </Text>
      )}
      <Text size="sm">{t(`power.${action}.text`)}</Text>
      <Checkbox
        label={t('power.snapshotFirst')}
        checked={snapshot}
        onChange={(event) => setSnapshot(event.currentTarget.checked)}
      />
    </FormDialog>
  );
}
