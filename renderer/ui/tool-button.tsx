import { UnstyledButton } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ComponentProps } from 'react';
import classes from './tool-button.module.css';

export interface ToolButtonProps extends Omit<ComponentProps<'button'>, 'children' | 'color'> {
  readonly icon: Icon;
  readonly label: string;
  /** A colour of the icon, where the deed has one. */
  readonly tint?: 'running' | 'paused' | 'aborted';
}

/** A button of a toolbar: picture over word. */
export function ToolButton({ icon: Glyph, label, tint, className, style, ...rest }: ToolButtonProps) {
  return (
    <UnstyledButton
      {...rest}
      className={[classes['tool'], className].join(' ')}
      style={tint ? { ...style, '--tint': `var(--state-${tint})` } : style}
      // Toolbar moves between the elements that carry these.
      data-toolbar-toggle
      data-disabled={rest.disabled || undefined}
    >
      <Glyph size={22} stroke={1.7} aria-hidden />
      <span>{label}</span>
    </UnstyledButton>
  );
}
