import { SimpleGrid } from '@mantine/core';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormats } from '../../ui/formats.ts';
import { Plot } from './plot.tsx';
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
  const { number, bytes } = useFormats();
  const columns = useMemo(() => {
    const of = (field: keyof Sample): number[] => samples.map((sample) => sample[field]);
    return {
      times: of('at'),
      compiled: of('compiled'),
      interpreted: of('interpreted'),
      mips: of('mips'),
      resident: of('residentBytes'),
      read: of('readPerSecond'),
      written: of('writtenPerSecond'),
    };
  }, [samples]);
  const { times } = columns;
  const percent = (share: number): string => t('activity.percent', { percent: number(share * 100) });
  const rate = (perSecond: number): string => t('activity.perSecond', { amount: bytes(perSecond) });
  return (
    <SimpleGrid cols={2} spacing="sm" verticalSpacing="sm">
      <Plot
        title={t('activity.cpu')}
        times={times}
        series={[
          { label: t('activity.compiled'), color: 'green', values: columns.compiled },
          { label: t('activity.interpreted'), color: 'amber', values: columns.interpreted },
        ]}
        format={percent}
        atLeast={1}
      />
      <Plot
        title={t('activity.speed')}
        times={times}
        series={[{ label: t('activity.speed'), color: 'blue', values: columns.mips }]}
        format={(mips) => t('status.mips', { mips: number(mips, 1) })}
        atLeast={10}
      />
      <Plot
        title={t('activity.memory', { mib: number(memoryMiB) })}
        times={times}
        series={[{ label: t('activity.resident'), color: 'green', values: columns.resident }]}
        format={bytes}
        atLeast={memoryMiB * MIB}
        unit="bytes"
      />
      <Plot
        title={t('activity.disk')}
        times={times}
        series={[
          { label: t('activity.read'), color: 'green', values: columns.read },
          { label: t('activity.written'), color: 'amber', values: columns.written },
        ]}
        format={rate}
        atLeast={MIB}
        unit="bytes"
      />
    </SimpleGrid>
  );
}
