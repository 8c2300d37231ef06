import { Button, Group, Progress, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import classes from './typing-progress.module.css';

/** What is typed within a second need not be shown. */
const SHOWN_BYTES = 80;
const NOTHING = { left: 0, most: 0 };

export interface TypingProgressProps {
  readonly stream: MachineStream;
  /** Ended by the keyboard, whose place is gone. */
  readonly onLetGo: () => void;
}

/** A paste: how far it is, and its end. The machine types it, also when this window is closed. */
export function TypingProgress({ stream, onLetGo }: TypingProgressProps) {
  const { t } = useTranslation();
  const [typing, setTyping] = useState(NOTHING);
  useEffect(
    () =>
      stream.on('status', ({ typingBytes: left }) =>
        setTyping((before) => {
          if (left === before.left) return before;
          return left === 0 ? NOTHING : { left, most: Math.max(left, before.most) };
        }),
      ),
    [stream],
  );
  if (typing.most < SHOWN_BYTES) return null;
  const share = 1 - typing.left / typing.most;
  return (
    <Group gap="xs" wrap="nowrap" className={classes['typing'] ?? ''}>
      <Text size="xs">{t('window.typing', { percent: Math.floor(100 * share) })}</Text>
      <Progress value={100 * share} w={120} aria-label={t('window.typingProgress')} />
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<IconX size={12} aria-hidden />}
        // The guest goes on having the focus.
        onMouseDown={(event) => event.preventDefault()}
        onClick={({ detail }) => {
          stream.send({ type: 'stop-typing' });
          setTyping(NOTHING);
          if (detail === 0) onLetGo();
        }}
      >
        {t('window.stopTyping')}
      </Button>
    </Group>
  );
}
