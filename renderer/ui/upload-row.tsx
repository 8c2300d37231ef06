import { ActionIcon, Group, Progress, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Upload } from '../state/uploads.ts';

/** A file on its way, wherever works are shown. */
export function UploadRow({ upload: { name, share, cancel } }: { readonly upload: Upload }) {
  const { t } = useTranslation();
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" fw={600} truncate title={name}>
          {t('tasks.kind.upload', { name })}
        </Text>
        <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t('tasks.cancel', { name })} onClick={cancel}>
          <IconX size={15} aria-hidden />
        </ActionIcon>
      </Group>
      <Progress value={100 * share} my={4} aria-label={t('tasks.progress', { name })} />
      <Text size="xs" c="var(--text-dimmed)">
        {t('tasks.uploadNote')}
      </Text>
    </div>
  );
}
