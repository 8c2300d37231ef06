import { Alert } from '@mantine/core';
import { IconPlugConnectedX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { MachinesView } from '../state/machines.ts';
import { FailureAlert } from './failure-alert.tsx';

/** Over everything, while what is shown may be old. */
export function ConnectionBanner({ connection, failure }: Pick<MachinesView, 'connection' | 'failure'>) {
  const { t } = useTranslation();
  if (failure) return <FailureAlert failure={failure} />;
  if (connection !== 'disconnected' && connection !== 'refused') return null;
  return (
    <Alert color="yellow" variant="light" radius={0} icon={<IconPlugConnectedX aria-hidden />}>
      {t(`app.${connection}`)}
    </Alert>
  );
}
