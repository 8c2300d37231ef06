import { Toolbar } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './tool-bar.module.css';

/** A row of ToolButtons; one stop for the Tab key, arrow keys move within. `end` stands apart, at the other side. */
export function ToolBar({
  label,
  children,
  end,
}: {
  readonly label: string;
  readonly children: ReactNode;
  readonly end?: ReactNode;
}) {
  return (
    <header className={classes['bar']}>
      <Toolbar aria-label={label} withBorder={false} className={classes['tools'] ?? ''}>
        {children}
      </Toolbar>
      {end}
    </header>
  );
}

export const ToolDivider = Toolbar.Divider;
