import { Loader } from '@mantine/core';
import { Suspense, lazy } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './serial-tab.module.css';
import type { SerialTerminalProps } from './serial-terminal.tsx';

/** xterm is larger than the rest of the window: it is loaded when a serial port is looked at. */
const SerialTerminal = lazy(async () => ({ default: (await import('./serial-terminal.tsx')).SerialTerminal }));

export interface SerialTabProps extends Omit<SerialTerminalProps, 'label' | 'fileName'> {
  readonly machineName: string;
}

export function SerialTab({ machineName, ...terminal }: SerialTabProps) {
  const { t } = useTranslation();
  const { port } = terminal;
  return (
    <div className={classes['tab']}>
      <Suspense fallback={<Loader size="sm" aria-label={t('window.loadingTerminal')} />}>
        <SerialTerminal
          {...terminal}
          label={t('window.terminal', { number: port + 1 })}
          fileName={`${machineName} COM${port + 1}.txt`}
        />
      </Suspense>
    </div>
  );
}
