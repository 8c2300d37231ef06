import { Button, Group, Paper, Skeleton, Text } from '@mantine/core';
import { IconRecycle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { CallResult } from '../../../core/contract/index.ts';
import { useFormats } from '../../ui/formats.ts';
import classes from './media-page.module.css';

export type Usage = CallResult<'store.usage'>;

interface UsageCardProps {
  /** Undefined until it has been counted: the card then has its size, and no figures. */
  readonly usage: Usage | undefined;
  readonly onCollect: (garbageBytes: number) => void;
}

const NOTHING_YET = { storedBytes: 0, garbageBytes: 0, logBytes: 0, owners: [] } satisfies Partial<Usage>;

/** The library as one bar: what one thing alone needs, what several share, and what goes at the next tidying. */
export function UsageCard({ usage, onCollect }: UsageCardProps) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const { storedBytes, garbageBytes, logBytes, owners } = usage ?? NOTHING_YET;
  const unique = owners.reduce((sum, { uniqueBytes }) => sum + uniqueBytes, 0);
  const whole = Math.max(1, storedBytes + logBytes);
  const parts = [
    { key: 'unique', value: unique },
    { key: 'shared', value: Math.max(0, storedBytes - unique - garbageBytes) },
    { key: 'logs', value: logBytes },
    { key: 'garbage', value: garbageBytes },
  ] as const;
  return (
    <Paper withBorder className={classes['usage'] ?? ''} component="section" aria-label={t('media.usage.title')}>
      <Group justify="space-between" mb={8}>
        <Skeleton visible={!usage} w="fit-content">
          <Text fw={600}>{t('media.usage.total', { bytes: bytes(storedBytes + logBytes) })}</Text>
        </Skeleton>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconRecycle size={15} aria-hidden />}
          disabled={!usage}
          onClick={() => onCollect(garbageBytes)}
        >
          {t('media.usage.collect')}
        </Button>
      </Group>
      <div className={classes['whole']} aria-hidden>
        {parts.map(({ key, value }) => (
          <span key={key} data-part={key} style={{ width: `${(100 * value) / whole}%` }} />
        ))}
      </div>
      <Group gap="lg" mt={8}>
        {parts.map(({ key, value }) => (
          <Group key={key} gap={6}>
            <span className={classes['key']} data-part={key} aria-hidden />
            <Skeleton visible={!usage} w="fit-content">
              <Text size="xs" c="var(--text-dimmed)">
                {t(`media.usage.${key}`, { bytes: bytes(value) })}
              </Text>
            </Skeleton>
          </Group>
        ))}
      </Group>
    </Paper>
  );
}
