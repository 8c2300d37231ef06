import { Modal, type ModalProps } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** Those that are open, the one in front last. */
const stack: symbol[] = [];

/** A modal dialog that is there as long as it is rendered. The focus goes back to where it was asked for. */
export function Dialog(props: Omit<ModalProps, 'opened'>) {
  const { t } = useTranslation();
  const [asker] = useState(() => document.activeElement);
  const [self] = useState(() => Symbol('dialog'));
  useEffect(() => {
    stack.push(self);
    // Not before the key that has closed it was seen by those behind it, too.
    return () => void setTimeout(() => stack.splice(stack.indexOf(self), 1));
  }, [self]);
  useEffect(
    () => () => {
      // Once the dialog's own elements are gone, and unless something else has the focus by then.
      setTimeout(() => {
        if (document.activeElement === document.body) placeOf(asker)?.focus({ preventScroll: true });
      });
    },
    [asker],
  );
  return (
    <Modal
      opened
      // It is no answer, and would lose what was filled in.
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': t('action.close') }}
      {...props}
      // Every dialog hears Escape.
      onClose={() => stack.at(-1) === self && props.onClose()}
    />
  );
}

/** A menu's item is gone: the menu's button is where the person was, or the list whose lines the menu was of. */
function placeOf(asker: Element | null): HTMLElement | null {
  if (asker instanceof HTMLElement && asker.isConnected && asker !== document.body) return asker;
  const label = asker?.closest('[role=menu]')?.getAttribute('aria-labelledby');
  const button = typeof label === 'string' ? document.getElementById(label) : null;
  return button ?? document.querySelector<HTMLElement>('[role=tree]');
}
