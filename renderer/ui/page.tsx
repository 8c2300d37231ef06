import { Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './page.module.css';

export interface PageProps {
  readonly title: string;
  /** At the title's other side. */
  readonly tools?: ReactNode;
  /** What is inside scrolls by itself, to the edges. */
  readonly flush?: boolean;
  readonly children: ReactNode;
}

/** A screen of the manager with a title over what scrolls. */
export function Page({ title, tools, flush = false, children }: PageProps) {
  const { t } = useTranslation();
  useDocumentTitle(`${title} — ${t('app.name')}`);
  return (
    <main className={classes['page']} aria-label={title}>
      <header className={classes['head']}>
        <Title order={1} size={20}>
          {title}
        </Title>
        {tools}
      </header>
      <div className={classes[flush ? 'flush' : 'body']}>{children}</div>
    </main>
  );
}
