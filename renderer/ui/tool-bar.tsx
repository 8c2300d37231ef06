import { Toolbar } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './tool-bar.module.css';

export interface ToolBarProps {
  readonly label: string;
  readonly children: ReactNode;
  /** Stands apart, at the other side. */
  readonly end?: ReactNode;
  /** A click leaves the focus where it is: the machine that is typed into goes on being typed into. */
  readonly keepsFocus?: boolean;
}

/** A row of ToolButtons; one stop for the Tab key, arrow keys move within. */
export function ToolBar({ label, children, end, keepsFocus = false }: ToolBarProps) {
  return (
    <section
      className={classes['bar']}
      aria-label={label}
      onMouseDown={keepsFocus ? (event) => event.preventDefault() : undefined}
    >
      <Toolbar aria-label={label} withBorder={false} className={classes['tools'] ?? ''}>
        {children}
      </Toolbar>
      {end}
    </section>
  );
}

export const ToolDivider = Toolbar.Divider;
