import { Loader } from '@mantine/core';
import { Suspense, lazy } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import classes from './serial-tab.module.css';

/** xterm is larger than the rest of the window: it is loaded when a serial port is looked at. */
const SerialTerminal = lazy(async () => ({ default: (await import('./serial-terminal.tsx')).SerialTerminal }));

export interface SerialTabProps {
  readonly stream: MachineStream;
  readonly port: number;
  readonly machineName: string;
}

export function SerialTab({ stream, port, machineName }: SerialTabProps) {
  const { t } = useTranslation();
  return (
    <div className={classes['tab']}>
      <Suspense fallback={<Loader size="sm" aria-label={t('window.loadingTerminal')} />}>
        <SerialTerminal
          stream={stream}
          port={port}
          label={t('window.terminal', { number: port + 1 })}
          fileName={`${machineName} COM${port + 1}.txt`}
        />
      </Suspense>
    </div>
  );
}
