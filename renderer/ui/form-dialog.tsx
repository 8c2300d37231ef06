import { Button, Group, Modal, Stack, type ModalProps } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../core/contract/index.ts';
import { FailureAlert } from './failure-alert.tsx';

export interface FormDialogProps {
  readonly title: ReactNode;
  readonly submitLabel: string;
  /** Something is lost by it. Cancel has the focus then: Enter out of habit loses nothing. */
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly size?: ModalProps['size'];
  readonly onClose: () => void;
  /** Resolves with the reason when it could not be done: the dialog stays, with what was filled in. */
  readonly onSubmit: () => Promise<Failure | undefined>;
  readonly children: ReactNode;
}

/** A question with fields, and the deed that follows. */
export function FormDialog(props: FormDialogProps) {
  const { title, submitLabel, danger = false, disabled = false, size = 'md', onClose, onSubmit, children } = props;
  const { t } = useTranslation();
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    const failed = await onSubmit();
    setBusy(false);
    if (failed) setFailure(failed);
    else onClose();
  };
  return (
    <Modal opened onClose={onClose} title={title} size={size} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          // A dialog over a dialog is inside of it for events, though not on the screen.
          event.stopPropagation();
          if (!disabled) void submit();
        }}
      >
        <Stack gap="md">
          {children}
          {failure && <FailureAlert failure={failure} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose} data-autofocus={danger || undefined}>
              {t('action.cancel')}
            </Button>
            <Button type="submit" loading={busy} disabled={disabled} {...(danger && { color: 'red.9' })}>
              {submitLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
