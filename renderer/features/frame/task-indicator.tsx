import { Popover, RingProgress, ScrollArea, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useTasks, useUploads } from '../../state/context.ts';
import { TaskRow, shareOf } from '../../ui/task-row.tsx';
import { UploadRow } from '../../ui/upload-row.tsx';
import classes from './manager-frame.module.css';

/** Long works: how many, how far; opened, each of them with a way to end it. They go on when the window is closed, all but uploads. */
export function TaskIndicator() {
  const { t } = useTranslation();
  const tasks = useTasks();
  const running = tasks.filter(({ state }) => state === 'running');
  const failed = tasks.filter(({ state }) => state === 'failed').length;
  const uploads = useUploads();
  if (tasks.length + uploads.length === 0) return null;
  const shares = [...running.map(shareOf), ...uploads.map((upload) => 100 * upload.share)];
  const share = shares.length > 0 ? shares.reduce((sum, one) => sum + one, 0) / shares.length : 100;
  return (
    <Popover position="right-end" width={340} trapFocus returnFocus withArrow>
      <Popover.Target>
        <UnstyledButton className={classes['link']}>
          <RingProgress
            size={30}
            thickness={3}
            roundCaps
            sections={[{ value: share, color: failed > 0 && shares.length === 0 ? 'red' : 'leaf' }]}
            label={<IconChecklist size={14} className={classes['centre']} aria-hidden />}
          />
          <Text span fz={11} fw={550}>
            <span className="visually-hidden">{`${t('tasks.title')}: `}</span>
            {shares.length > 0
              ? t('tasks.running', { count: shares.length })
              : failed > 0
                ? t('tasks.failed', { count: failed })
                : t('tasks.none')}
          </Text>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('tasks.title')}>
        <ScrollArea.Autosize mah={360}>
          <Stack gap="sm">
            {uploads.map((upload) => (
              <UploadRow key={upload.id} upload={upload} />
            ))}
            {tasks.map((task) => (
              <TaskRow key={task.id} task={task} />
            ))}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}
