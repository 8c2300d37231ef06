import { Button, Stack, type ModalProps } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Failure, Task } from '../../core/contract/index.ts';
import { useApp, useUploads } from '../state/context.ts';
import { Dialog } from './dialog.tsx';
import { DialogActions } from './dialog-actions.tsx';
import { Outcome } from './outcome.tsx';
import { TaskRow } from './task-row.tsx';
import { UploadRow } from './upload-row.tsx';
import { useWork } from './use-work.ts';

export interface FormDialogProps {
  readonly title: ReactNode;
  readonly submitLabel: string;
  /** Something is lost by it. Cancel has the focus then: Enter out of habit loses nothing. */
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly size?: ModalProps['size'];
  /** What is done is a task of this kind: it is shown while it lasts, and Cancel ends it. */
  readonly task?: Task['kind'];
  /** It shows what came of it, and is closed by the person. */
  readonly keepOpen?: boolean;
  /** It has been done, and there is nothing left to cancel. */
  readonly done?: boolean;
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
  const { tasks } = useApp();
  const { task } = props;
  // A failure that is told here need not be looked up in the list of works.
  useEffect(() => (task === undefined ? undefined : tasks.toldElsewhere(task)), [tasks, task]);
  const work = useWork(busy ? props.task : undefined);
  const uploads = useUploads();
  const upload = busy && props.task === 'import' ? uploads.at(0) : undefined;
  const submit = async (): Promise<void> => {
    setBusy(true);
    setFailure(undefined);
    const failed = await onSubmit();
    setBusy(false);
    if (failed) setFailure(failed);
    else if (!props.keepOpen) onClose();
  };
  return (
    <Dialog onClose={onClose} title={title} size={size}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          // A dialog over a dialog is inside of it for events, though not on the screen.
          event.stopPropagation();
          if (!disabled && !props.done) void submit();
        }}
      >
        <Stack gap="md" pt={4}>
          {children}
          {upload && <UploadRow upload={upload} />}
          {work.task && <TaskRow task={work.task} />}
          {failure && <Outcome failure={failure} />}
          <DialogActions
            aside={
              (upload ?? work.task) && (
                <Button variant="subtle" px="xs" onClick={onClose}>
                  {t('tasks.background')}
                </Button>
              )
            }
          >
            <Button
              variant="default"
              onClick={() => (upload ? upload.cancel() : work.task ? work.cancel() : onClose())}
              data-autofocus={danger || undefined}
            >
              {t(props.done ? 'action.close' : 'action.cancel')}
            </Button>
            <Button
              type="submit"
              loading={busy}
              disabled={disabled || props.done === true}
              // Where no field asks for the focus.
              data-autofocus={(!danger && !disabled) || undefined}
              {...(danger && { color: 'red.9' })}
            >
              {submitLabel}
            </Button>
          </DialogActions>
        </Stack>
      </form>
    </Dialog>
  );
}
