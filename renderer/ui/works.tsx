import { Popover, RingProgress, ScrollArea, Stack, UnstyledButton } from '@mantine/core';
import type { FloatingPosition } from '@mantine/core';
import { IconChecklist } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useTasks, useUploads } from '../state/context.ts';
import { TaskRow, shareOf } from './task-row.tsx';
import { UploadRow } from './upload-row.tsx';
import classes from './works.module.css';

/** Long works of the library, and what this window sends to it. */
export function useWorks() {
  const tasks = useTasks();
  const uploads = useUploads();
  const shares = [
    ...tasks.filter(({ state }) => state === 'running').map(shareOf),
    ...uploads.map((upload) => 100 * upload.share),
  ];
  const failed = tasks.filter(({ state }) => state === 'failed').length;
  return {
    known: tasks.length + uploads.length,
    running: shares.length,
    failed,
    /** Of what runs, in percent; of nothing it is 100. */
    share: shares.length > 0 ? shares.reduce((sum, one) => sum + one, 0) / shares.length : 100,
  };
}

export interface WorksProps {
  readonly position: FloatingPosition;
  readonly className: string | undefined;
  readonly ringPx: number;
  readonly children: ReactNode;
}

/** A button with how far they are; opened, each of them with a way to end it. They go on when the window is closed, all but uploads. */
export function Works({ position, className, ringPx, children }: WorksProps) {
  const { t } = useTranslation();
  const tasks = useTasks();
  const uploads = useUploads();
  const { running, failed, share } = useWorks();
  return (
    <Popover position={position} width={340} trapFocus returnFocus withArrow>
      <Popover.Target>
        <UnstyledButton className={className ?? ''}>
          <RingProgress
            size={ringPx}
            thickness={3}
            roundCaps
            sections={[{ value: share, color: failed > 0 && running === 0 ? 'red' : 'leaf' }]}
            label={ringPx > 24 && <IconChecklist size={14} className={classes['centre']} aria-hidden />}
          />
          {children}
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
