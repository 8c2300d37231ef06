import { Autocomplete, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { machineGroupSchema, type MachineInfo } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { groupsOf, renamedGroup } from '../machines/groups.ts';
import { useFollowGroup } from '../machines/use-closed-groups.ts';

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
  const follow = useFollowGroup();
  const [group, setGroup] = useState(from ?? machines[0]?.config.group ?? '');
  const isValid = machineGroupSchema.safeParse(group.trim()).success;
  const field = {
    label: t('details.group'),
    description: t('group.hint'),
    'data-autofocus': true,
    value: group,
    error: !isValid && t('group.problem'),
  };
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
        const moved = await Promise.all(
          machines.map(({ config }) => {
            const to = from === undefined ? group.trim() : renamedGroup(config.group, from, group.trim());
            return client.call('machines.update', { id: config.id, changes: { group: to } });
          }),
        );
        const failed = moved.find((done) => !done.ok);
        if (failed) return failed.error;
        if (from !== undefined) follow(from, group.trim());
        return undefined;
      }}
    >
      {from === undefined ? (
        <Autocomplete {...field} openOnFocus={false} data={groupsOf(all)} onChange={setGroup} />
      ) : (
        <TextInput
          {...field}
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => setGroup(event.currentTarget.value)}
        />
      )}
    </FormDialog>
  );
}
