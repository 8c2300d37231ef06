import { Anchor, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { isLive } from '../../state/actions.ts';
import { useMachines } from '../../state/context.ts';
import { useResource } from '../../state/resource.ts';
import { machineHash } from '../../state/route.ts';
import { useFormats } from '../../ui/formats.ts';
import { Page } from '../../ui/page.tsx';
import { StateLabel } from '../../ui/state-label.tsx';
import { TemplateTile } from '../machines/template-tile.tsx';
import { MachinePlots } from './machine-plots.tsx';
import { Plot } from './plot.tsx';
import { BytesPlot, SpeedPlot } from './plots.tsx';
import { totalsOf, type Sample } from './samples.ts';
import { useSamples } from './use-samples.ts';

/** What all machines do together, and each. */
export function ActivityPage() {
  const { t } = useTranslation();
  const { machines } = useMachines();
  const live = machines.filter(isLive);
  const [byMachine, setByMachine] = useState<ReadonlyMap<string, readonly Sample[]>>(new Map());
  const onSamples = useCallback(
    (id: string, samples: readonly Sample[]) => setByMachine((before) => new Map(before).set(id, samples)),
    [],
  );
  return (
    <Page title={t('frame.activity')}>
      {live.length === 0 ? (
        <Text c="var(--text-dimmed)" ta="center" py="xl">
          {t('activity.none')}
        </Text>
      ) : (
        <Stack gap="lg">
          <HostTotals samples={live.map(({ config }) => byMachine.get(config.id) ?? [])} />
          {live.map((machine) => (
            <MachineSection key={machine.config.id} machine={machine} onSamples={onSamples} />
          ))}
          <Text size="xs" c="var(--text-dimmed)" maw={760}>
            {t('activity.note')}
          </Text>
        </Stack>
      )}
    </Page>
  );
}

function HostTotals({ samples }: { readonly samples: readonly (readonly Sample[])[] }) {
  const { t } = useTranslation();
  const { number, bytes } = useFormats();
  const { value: info } = useResource('app.info', {});
  const columns = useMemo(() => {
    const totals = totalsOf(samples);
    return {
      times: totals.map(({ at }) => at),
      cpu: totals.map(({ cpu }) => cpu),
      mips: totals.map(({ mips }) => mips),
      resident: totals.map(({ residentBytes }) => residentBytes),
    };
  }, [samples]);
  const cpus = info?.host.cpus ?? 1;
  const hostBytes = (info?.host.memoryMiB ?? 0) * 2 ** 20;
  return (
    <section aria-label={t('activity.host')}>
      <Title order={2} size={15} mb={8}>
        {t('activity.hostTitle', { count: cpus, memory: bytes(hostBytes) })}
      </Title>
      <SimpleGrid cols={3} spacing="sm">
        <Plot
          title={t('activity.cpu')}
          times={columns.times}
          series={[{ label: t('activity.cpu'), color: 'green', values: columns.cpu }]}
          format={(cores) => t('activity.percent', { percent: number((100 * cores) / cpus) })}
          atLeast={cpus}
          height={90}
        />
        <SpeedPlot times={columns.times} mips={columns.mips} height={90} />
        <BytesPlot
          title={t('activity.resident')}
          times={columns.times}
          series={[{ label: t('activity.resident'), color: 'amber', values: columns.resident }]}
          atLeast={2 ** 28}
          height={90}
        />
      </SimpleGrid>
    </section>
  );
}

function MachineSection({
  machine,
  onSamples,
}: {
  readonly machine: MachineInfo;
  readonly onSamples: (id: string, samples: readonly Sample[]) => void;
}) {
  const { config, status } = machine;
  const samples = useSamples(config.id, true);
  useEffect(() => onSamples(config.id, samples), [config.id, samples, onSamples]);
  return (
    <section aria-label={config.name}>
      <Group gap="sm" mb={8}>
        <TemplateTile template={config.template} size={26} />
        <Title order={2} size={15}>
          <Anchor href={machineHash(config.id)} inherit c="inherit" underline="hover">
            {config.name}
          </Anchor>
        </Title>
        <StateLabel state={status.state} />
      </Group>
      <MachinePlots samples={samples} memoryMiB={config.memoryMiB} />
    </section>
  );
}
