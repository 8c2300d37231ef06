import { Toolbar } from '@mantine/core';
import type { ReactNode, Ref } from 'react';
import classes from './tool-bar.module.css';

export interface ToolBarProps {
  readonly label: string;
  readonly children: ReactNode;
  /** Stands apart, at the other side. */
  readonly end?: ReactNode;
  /** A click leaves the focus where it is: the machine that is typed into goes on being typed into. */
  readonly keepsFocus?: boolean;
  readonly ref?: Ref<HTMLElement> | undefined;
}

/** A row of ToolButtons; one stop for the Tab key, arrow keys move within. */
export function ToolBar({ label, children, end, keepsFocus = false, ref }: ToolBarProps) {
  return (
    <section
      ref={ref}
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

/** The button that Tab would come to has the focus; false where none is in sight. */
export function focusToolBar(bar: HTMLElement | null): boolean {
  const button = bar?.querySelector<HTMLElement>('[data-toolbar-toggle][tabindex="0"]');
  if (!button?.checkVisibility()) return false;
  button.focus();
  return true;
}

export const ToolDivider = Toolbar.Divider;
