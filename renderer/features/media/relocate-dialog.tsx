import { Button, Text, TextInput } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../../core/contract/index.ts';
import { useApp, useMachines } from '../../state/context.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { fileName } from '../machines/use-attached.ts';
import { replaceEverywhere } from './replace-everywhere.ts';
import type { HostImage } from './use-media.ts';

/** Another place for a file that machines use, or out of their drives with it. */
export function RelocateDialog({ file, onClose }: { readonly file: HostImage; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { machines } = useMachines();
  const [path, setPath] = useState(file.path);
  const [failed, setFailed] = useState<Failure>();
  const shown = failed ?? file.problem;
  return (
    <FormDialog
      title={t('media.relocateTitle', { name: fileName(file.path) })}
      submitLabel={t('media.relocateSubmit')}
      disabled={path.trim() === '' || (path.trim() === file.path && !file.problem)}
      onClose={onClose}
      onSubmit={async () => {
        const checked = await client.call('media.check', { path: path.trim(), kind: file.kind });
        return checked.ok ? replaceEverywhere(client, machines, file.path, checked.value.path) : checked.error;
      }}
    >
      {shown && <FailureAlert failure={shown} />}
      <Text size="sm">{t('media.relocateText', { machines: file.usedBy.join(', ') })}</Text>
      <TextInput
        label={t('create.path')}
        description={t('media.targetHint')}
        spellCheck={false}
        data-autofocus
        value={path}
        onChange={(event) => setPath(event.currentTarget.value)}
      />
      <Button
        variant="default"
        w="fit-content"
        leftSection={<IconPlugConnectedX size={16} aria-hidden />}
        onClick={() =>
          void replaceEverywhere(client, machines, file.path, null).then((failure) =>
            failure ? setFailed(failure) : onClose(),
          )
        }
      >
        {t('media.release')}
      </Button>
    </FormDialog>
  );
}
