import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Removal } from '../../../core/contract/index.ts';
import { failureWords } from '../../i18n/errors.ts';
import { useApp, useStore } from '../../state/context.ts';

/** What was removed, in this window or elsewhere, and the way to have it back as long as there is one. */
export function RemovalNotices() {
  const { t, i18n } = useTranslation();
  const { removals } = useApp();
  const waiting = useStore(removals);
  const shown = useRef(new Set<string>());
  useEffect(() => {
    const undo = async (id: string): Promise<void> => {
      const why = await removals.undo(id);
      if (!why) return;
      const { title, reason, hint } = failureWords(i18n, t, why);
      notifications.show({ color: 'red', title, message: [reason, hint].join(' ') });
    };
    for (const id of shown.current)
      if (!waiting.some((removal) => removal.id === id)) {
        shown.current.delete(id);
        notifications.hide(id);
      }
    for (const removal of waiting) {
      if (shown.current.has(removal.id)) continue;
      shown.current.add(removal.id);
      notifications.show({
        id: removal.id,
        // The services say when it is over.
        autoClose: false,
        title: titleOf(removal),
        message: (
          <Group justify="space-between" wrap="nowrap">
            <Text size="sm">{t(`removal.${removal.items[0].kind}.text`)}</Text>
            <Button size="compact-sm" variant="light" flex="none" onClick={() => void undo(removal.id)}>
              {t('action.undo')}
            </Button>
          </Group>
        ),
        closeButtonProps: { 'aria-label': t('action.dismiss') },
      });
    }
    function titleOf({ items }: Removal): string {
      return t(`removal.${items[0].kind}.title`, { count: items.length, name: items[0].name });
    }
  }, [waiting, removals, t, i18n]);
  // A machine's window has none of them.
  useEffect(() => {
    const ids = shown.current;
    return () => {
      for (const id of ids) notifications.hide(id);
      ids.clear();
    };
  }, []);
  // As after any other mistake.
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const last = waiting.at(-1);
      if (!last || event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
      if (event.target instanceof Element && event.target.closest('input, textarea, [contenteditable]')) return;
      event.preventDefault();
      void removals.undo(last.id);
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [waiting, removals]);
  return null;
}
