import { Text, UnstyledButton } from '@mantine/core';
import {
  IconActivityHeartbeat,
  IconDatabase,
  IconDeviceDesktop,
  IconFileText,
  IconSettings,
  type Icon,
} from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMachines } from '../../state/context.ts';
import { SCREENS, screenHash, type Screen } from '../../state/route.ts';
import { ConnectionBanner } from '../../ui/connection-banner.tsx';
import classes from './manager-frame.module.css';
import { RemovalNotices } from './removal-notices.tsx';
import { TaskIndicator } from './task-indicator.tsx';

const ICONS: Readonly<Record<Screen, Icon>> = {
  machines: IconDeviceDesktop,
  media: IconDatabase,
  activity: IconActivityHeartbeat,
  logs: IconFileText,
  preferences: IconSettings,
};

/** The manager around each of its screens: where one goes, and what is being worked on. */
export function ManagerFrame({ screen, children }: { readonly screen: Screen; readonly children: ReactNode }) {
  const { t } = useTranslation();
  const { connection, failure } = useMachines();
  return (
    <div className={classes['frame']}>
      <nav className={classes['rail']} aria-label={t('frame.navigation')}>
        {SCREENS.map((one) => {
          const Glyph = ICONS[one];
          return (
            <UnstyledButton
              key={one}
              component="a"
              href={screenHash(one)}
              className={classes['link']}
              aria-current={one === screen ? 'page' : undefined}
            >
              <Glyph size={22} stroke={1.7} aria-hidden />
              <Text span fz={11} fw={550} ta="center" lh={1.15}>
                {t(`frame.${one}`)}
              </Text>
            </UnstyledButton>
          );
        })}
        <span className={classes['space']} />
        <TaskIndicator />
      </nav>
      <div className={classes['screen']}>
        <ConnectionBanner connection={connection} failure={failure} />
        {children}
      </div>
      <RemovalNotices />
    </div>
  );
}
