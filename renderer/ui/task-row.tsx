import { ActionIcon, Group, Progress, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Task } from '../../core/contract/index.ts';
import { useApp } from '../state/context.ts';
import { FailureAlert } from './failure-alert.tsx';
import { useFormats } from './formats.ts';

/** In percent. */
export const shareOf = (task: Task): number => (task.totalBytes > 0 ? (100 * task.doneBytes) / task.totalBytes : 0);

/** One work, wherever works are shown. */
export function TaskRow({ task }: { readonly task: Task }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  const { tasks } = useApp();
  const isRunning = task.state === 'running';
  const name = task.subject.split(/[\\/]/).at(-1) ?? task.subject;
  return (
    <div>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" fw={600} truncate title={task.subject}>
          {t(`tasks.kind.${task.kind}`, { name })}
        </Text>
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={t(isRunning ? 'tasks.cancel' : 'tasks.dismiss', { name })}
          onClick={() => (isRunning ? void tasks.cancel(task.id) : tasks.dismiss(task.id))}
        >
          <IconX size={15} aria-hidden />
        </ActionIcon>
      </Group>
      {isRunning && (
        <Progress
          value={task.totalBytes > 0 ? shareOf(task) : 100}
          animated={task.totalBytes === 0}
          my={4}
          aria-label={t('tasks.progress', { name })}
        />
      )}
      {task.state === 'failed' && task.error ? (
        <FailureAlert failure={task.error} />
      ) : (
        <Text size="xs" c="var(--text-dimmed)">
          {isRunning && task.totalBytes > 0
            ? t('tasks.done', { done: bytes(task.doneBytes), total: bytes(task.totalBytes) })
            : t(`tasks.state.${task.state}`)}
        </Text>
      )}
    </div>
  );
}
