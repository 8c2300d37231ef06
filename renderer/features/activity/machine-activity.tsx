import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { isLive } from '../../state/actions.ts';
import { MachinePlots } from './machine-plots.tsx';
import { useSamples } from './use-samples.ts';

/** The selected machine's curves, beside the list. */
export function MachineActivity({ machine }: { readonly machine: MachineInfo }) {
  const { t } = useTranslation();
  const live = isLive(machine);
  const samples = useSamples(machine.config.id, live);
  return (
    <div style={{ padding: '14px 18px' }}>
      {live ? (
        <MachinePlots samples={samples} memoryMiB={machine.config.memoryMiB} />
      ) : (
        <Text c="var(--text-dimmed)" ta="center" py="xl">
          {t('activity.off')}
        </Text>
      )}
    </div>
  );
}
