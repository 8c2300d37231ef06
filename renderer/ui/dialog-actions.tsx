import { Group } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './dialog-actions.module.css';

/** The buttons that end a dialog; `aside`: what stands at the other end of their line. */
export function DialogActions({ aside, children }: { readonly aside?: ReactNode; readonly children: ReactNode }) {
  return (
    <Group justify={aside ? 'space-between' : 'flex-end'} className={classes['actions'] ?? ''}>
      {aside}
      {aside ? <Group>{children}</Group> : children}
    </Group>
  );
}
