import { Paper, Title } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import { useId, type ReactNode } from 'react';
import classes from './section.module.css';

/** A titled panel of the details pane. */
export function Section({
  icon: Glyph,
  title,
  action,
  children,
}: {
  readonly icon: Icon;
  readonly title: string;
  /** At the title's other side. */
  readonly action?: ReactNode;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <Paper component="section" withBorder className={classes['section']} aria-labelledby={id}>
      <div className={classes['head']}>
        <Title order={2} id={id} className={classes['title']}>
          <Glyph size={16} stroke={1.8} aria-hidden />
          {title}
        </Title>
        {action}
      </div>
      {children}
    </Paper>
  );
}

/** Names and values, two columns. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className={classes['facts']}>{children}</dl>;
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
