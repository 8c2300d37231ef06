import {
  ActionIcon,
  Group,
  Popover,
  Progress,
  RingProgress,
  ScrollArea,
  Stack,
  Text,
  UnstyledButton,
} from '@mantine/core';
import { IconChecklist, IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Task } from '../../../core/contract/index.ts';
import { useApp, useTasks } from '../../state/context.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { useFormats } from '../../ui/formats.ts';
import classes from './manager-frame.module.css';

const shareOf = (task: Task): number => (task.totalBytes > 0 ? (100 * task.doneBytes) / task.totalBytes : 0);

/** Long works: how many, how far; opened, each of them with a way to end it. They go on when the window is closed. */
export function TaskIndicator() {
  const { t } = useTranslation();
  const tasks = useTasks();
  const running = tasks.filter(({ state }) => state === 'running');
  if (tasks.length === 0) return null;
  const share = running.length > 0 ? running.reduce((sum, task) => sum + shareOf(task), 0) / running.length : 100;
  return (
    <Popover position="right-end" width={340} trapFocus returnFocus withArrow>
      <Popover.Target>
        <UnstyledButton className={classes['link']}>
          <RingProgress
            size={30}
            thickness={3}
            roundCaps
            sections={[{ value: share, color: 'leaf' }]}
            label={<IconChecklist size={14} className={classes['centre']} aria-hidden />}
          />
          <Text span fz={11} fw={550}>
            <span className="visually-hidden">{`${t('tasks.title')}: `}</span>
            {running.length > 0 ? t('tasks.running', { count: running.length }) : t('tasks.none')}
          </Text>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('tasks.title')}>
        <ScrollArea.Autosize mah={360}>
          <Stack gap="sm">
            {tasks.map((task) => (
              <TaskRow key={task.id} task={task} />
            ))}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}

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
