import { Alert, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { MachineStatus } from '../../core/contract/index.ts';
import { failureTitle } from '../i18n/errors.ts';
import classes from './failure-alert.module.css';

/** A Failure, or what it looks like after its way through a schema. */
export type ShownFailure = Extract<MachineStatus, { state: 'aborted' }>['reason'];

/** What went wrong, why, what to do about it, and the code to look it up by. */
export function FailureAlert({
  failure,
  onDismiss,
}: {
  readonly failure: ShownFailure;
  readonly onDismiss?: () => void;
}) {
  const { t } = useTranslation();
  return (
    <Alert
      color="red"
      variant="light"
      className={classes['alert'] ?? ''}
      icon={<IconAlertCircle aria-hidden />}
      title={failureTitle(t, failure.code)}
      withCloseButton={onDismiss !== undefined}
      closeButtonLabel={t('action.dismiss')}
      {...(onDismiss && { onClose: onDismiss })}
      data-code={failure.code}
    >
      <Text size="sm">
        {asSentence(failure.message)} {failure.hint !== undefined && asSentence(failure.hint)}
      </Text>
      <Text size="xs" mt={4} c="var(--text-dimmed)">
        {t('errors.code', { code: failure.code })}
      </Text>
    </Alert>
  );
}

/** On a command line a message follows its code and begins small. A name that it begins with stays as it is. */
const asSentence = (text: string): string =>
  `${/^[a-z]+[ ,']/.test(text) ? text[0].toUpperCase() + text.slice(1) : text}.`;
