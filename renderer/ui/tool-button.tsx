import { UnstyledButton } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ComponentProps } from 'react';
import classes from './tool-button.module.css';

export interface ToolButtonProps extends Omit<ComponentProps<'button'>, 'children' | 'color'> {
  readonly icon: Icon;
  readonly label: string;
  /** A colour of the icon, where the deed has one. */
  readonly tint?: 'running' | 'paused' | 'aborted';
  /** The picture alone, beside the button that it belongs to. */
  readonly narrow?: boolean;
}

/** A button of a toolbar: picture over word. */
export function ToolButton(props: ToolButtonProps) {
  const { icon: Glyph, label, tint, narrow = false, disabled = false, onClick, className, style, ...rest } = props;
  return (
    <UnstyledButton
      {...rest}
      className={[classes['tool'], narrow && classes['narrow'], className].filter(Boolean).join(' ')}
      style={tint ? { ...style, '--tint': `var(--state-${tint})` } : style}
      {...(narrow && { 'aria-label': label })}
      // Toolbar moves between the elements that carry these.
      data-toolbar-toggle
      // Not `disabled`: what was just pressed, and cannot be pressed again, keeps the focus.
      aria-disabled={disabled || undefined}
      onClick={disabled ? undefined : onClick}
    >
      <Glyph size={narrow ? 14 : 22} stroke={1.7} aria-hidden />
      {!narrow && <span>{label}</span>}
    </UnstyledButton>
  );
}
