import { Autocomplete } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { machineGroupSchema, type MachineInfo } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { groupsOf, renamedGroup } from '../machines/groups.ts';

export interface GroupDialogProps {
  readonly machines: readonly MachineInfo[];
  readonly all: readonly MachineInfo[];
  /** They go with the groups inside of it: the group is called otherwise, or stands elsewhere. */
  readonly from?: string;
  readonly onClose: () => void;
}

/** What dragging does, for the keyboard: the machines go to a group that there is or that is made by naming it. */
export function GroupDialog({ machines, all, from, onClose }: GroupDialogProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const [group, setGroup] = useState(from ?? machines[0]?.config.group ?? '');
  const isValid = machineGroupSchema.safeParse(group.trim()).success;
  return (
    <FormDialog
      title={
        from === undefined
          ? t('group.title', { count: machines.length, name: machines[0]?.config.name ?? '' })
          : t('group.rename', { name: from })
      }
      submitLabel={from === undefined ? t('group.submit') : t('group.renameSubmit')}
      disabled={!isValid}
      onClose={onClose}
      onSubmit={async () => {
        for (const { config } of machines) {
          const to = from === undefined ? group.trim() : renamedGroup(config.group, from, group.trim());
          const moved = await client.call('machines.update', { id: config.id, changes: { group: to } });
          if (!moved.ok) return moved.error;
        }
        return undefined;
      }}
    >
      <Autocomplete
        label={t('details.group')}
        description={t('group.hint')}
        data-autofocus
        openOnFocus={false}
        data={from === undefined ? groupsOf(all) : []}
        value={group}
        error={!isValid && t('group.problem')}
        onChange={setGroup}
      />
    </FormDialog>
  );
}
