import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Failure } from '../../core/contract/index.ts';
import { FailureAlert } from './failure-alert.tsx';

/** Why what a dialog was to do is not done: an error, or the person's own will. */
export function Outcome({ failure }: { readonly failure: Failure }) {
  const { t } = useTranslation();
  if (failure.code !== 'task.cancelled') return <FailureAlert failure={failure} />;
  return (
    <Text size="sm" role="status">
      {t('tasks.cancelledHere')}
    </Text>
  );
}
