import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../state/context.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import type { MediumKind } from '../media/use-media.ts';

export interface PathDialogProps {
  readonly kind: MediumKind;
  readonly onClose: () => void;
  /** An image that is there, and that a drive of the kind takes. */
  readonly onPath: (path: string) => void;
}

/** A file of the computer that runs the machines, used where it is. */
export function PathDialog({ kind, onClose, onPath }: PathDialogProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const [path, setPath] = useState('');
  return (
    <FormDialog
      title={t('drive.path')}
      submitLabel={t('drive.attach')}
      disabled={path.trim() === ''}
      onClose={onClose}
      onSubmit={async () => {
        const checked = await client.call('media.check', { path: path.trim(), kind });
        if (!checked.ok) return checked.error;
        onPath(checked.value.path);
        return undefined;
      }}
    >
      <TextInput
        label={t('create.path')}
        spellCheck={false}
        data-autofocus
        value={path}
        onChange={(event) => setPath(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
