import { Alert, Text } from '@mantine/core';
import { IconAlertCircle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { failureWords, type ShownFailure } from '../i18n/errors.ts';
import classes from './failure-alert.module.css';

/** What went wrong, why, what to do about it, and the code to look it up by. */
export function FailureAlert({
  subject,
  failure,
  onDismiss,
}: {
  /** What it is about, where that is not plain from the place. */
  readonly subject?: string;
  readonly failure: ShownFailure;
  readonly onDismiss?: () => void;
}) {
  const { t, i18n } = useTranslation();
  const { title, reason, hint, original } = failureWords(i18n, t, failure);
  return (
    <Alert
      color="red"
      variant="light"
      className={classes['alert'] ?? ''}
      icon={<IconAlertCircle aria-hidden />}
      title={subject === undefined ? title : `${subject}: ${title}`}
      withCloseButton={onDismiss !== undefined}
      closeButtonLabel={t('action.dismiss')}
      {...(onDismiss && { onClose: onDismiss })}
      data-code={failure.code}
    >
      <Text size="sm">
        {reason} {hint}
      </Text>
      {original !== undefined && (
        <Text size="xs" mt={4} lang="en" c="var(--text-dimmed)">
          {original}
        </Text>
      )}
      <Text size="xs" mt={4} c="var(--text-dimmed)">
        {t('errors.code', { code: failure.code })}
      </Text>
    </Alert>
  );
}
