import { Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Works, useWorks } from '../../ui/works.tsx';
import classes from './manager-frame.module.css';

/** Long works: how many, how far, and how they ended. */
export function TaskIndicator() {
  const { t } = useTranslation();
  const { known, running, failed } = useWorks();
  if (known === 0) return null;
  return (
    <Works position="right-end" className={classes['link']} ringPx={30}>
      <Text span fz={11} fw={550}>
        <span className="visually-hidden">{`${t('tasks.title')}: `}</span>
        {running > 0
          ? t('tasks.running', { count: running })
          : failed > 0
            ? t('tasks.failed', { count: failed })
            : t('tasks.none')}
      </Text>
    </Works>
  );
}
