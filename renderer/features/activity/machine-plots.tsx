import { SimpleGrid } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../ui/formats.ts';
import { Plot } from './plot.tsx';
import { BytesPlot, SpeedPlot } from './plots.tsx';
import type { Sample } from './samples.ts';

const MIB = 2 ** 20;

/** One machine's curves: processor by tier, speed, memory, drives. */
export function MachinePlots({
  samples,
  memoryMiB,
}: {
  readonly samples: readonly Sample[];
  readonly memoryMiB: number;
}) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const columns = useMemo(() => {
    const of = (field: Exclude<keyof Sample, 'sharedBytes'>): number[] => samples.map((sample) => sample[field]);
    return {
      times: of('at'),
      compiled: of('compiled'),
      interpreted: of('interpreted'),
      beside: of('beside'),
      mips: of('mips'),
      guest: samples.map(() => memoryMiB * MIB),
      resident: of('residentBytes'),
      shared: samples.map(({ sharedBytes }) => sharedBytes),
      read: of('readPerSecond'),
      written: of('writtenPerSecond'),
    };
  }, [samples, memoryMiB]);
  const { times } = columns;
  const percent = (share: number): string => t('activity.percent', { percent: number(share * 100) });
  return (
    <SimpleGrid cols={2} spacing="sm" verticalSpacing="sm">
      <Plot
        title={t('activity.cpu')}
        times={times}
        series={[
          { label: t('activity.compiled'), color: 'green', values: columns.compiled },
          { label: t('activity.interpreted'), color: 'amber', values: columns.interpreted },
          { label: t('activity.beside'), color: 'blue', values: columns.beside },
        ]}
        format={percent}
        atLeast={1}
      />
      <SpeedPlot times={times} mips={columns.mips} digits={1} />
      <BytesPlot
        title={t('activity.memory')}
        times={times}
        series={[
          { label: t('activity.guest'), color: 'blue', values: columns.guest },
          { label: t('activity.residentShort'), color: 'green', values: columns.resident },
          { label: t('activity.shared'), color: 'amber', values: columns.shared },
        ]}
        atLeast={memoryMiB * MIB}
      />
      <BytesPlot
        title={t('activity.disk')}
        times={times}
        series={[
          { label: t('activity.read'), color: 'green', values: columns.read },
          { label: t('activity.written'), color: 'amber', values: columns.written },
        ]}
        atLeast={MIB}
        perSecond
      />
    </SimpleGrid>
  );
}
