import { Tooltip } from '@mantine/core';
import { IconDeviceFloppy, IconDisc, IconPlugConnected, IconServer, type Icon } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import type { Activity, StatusMessage } from '../../../core/contract/stream.ts';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import type { HostKey } from '../../state/preferences.ts';
import { useFormats } from '../../ui/formats.ts';
import { StateLabel } from '../../ui/state-label.tsx';
import { Works, useWorks } from '../../ui/works.tsx';
import type { Capture } from './guest-screen.tsx';
import type { Size } from './scaling.ts';
import classes from './status-line.module.css';

const DEVICES: readonly { readonly device: keyof Activity; readonly icon: Icon }[] = [
  { device: 'floppy', icon: IconDeviceFloppy },
  { device: 'disk', icon: IconServer },
  { device: 'cdrom', icon: IconDisc },
  { device: 'serial', icon: IconPlugConnected },
];

export interface StatusLineProps {
  readonly stream: MachineStream;
  readonly machine: MachineInfo;
  readonly live: boolean;
  readonly size: Size | undefined;
  readonly capture: Capture;
  readonly hostKey: HostKey;
  readonly hintId: string;
}

/** What the machine is doing, under its screen. */
export function StatusLine({ stream, machine, live, size, capture, hostKey, hintId }: StatusLineProps) {
  const { t } = useTranslation();
  const { number: round } = useFormats();
  const { state } = machine.status;
  const [status, setStatus] = useState<StatusMessage>();
  useEffect(() => stream.on('status', setStatus), [stream]);
  const shown = live ? status : undefined;
  const works = useWorks();
  return (
    <footer className={classes['line']} aria-label={t('status.label')}>
      <StateLabel state={state} saved={machine.saved} />
      <span id={hintId} className={classes['hint']}>
        {live ? t(`window.hint.${capture}`, { key: t(`hostKey.${hostKey}`) }) : ''}
      </span>
      {works.running > 0 && (
        <Works position="top-end" className={classes['works']} ringPx={20}>
          {`${t('tasks.title')}: ${t('tasks.running', { count: works.running })}`}
        </Works>
      )}
      {live && size && (
        <span data-testid="resolution">{t('status.resolution', { width: size.width, height: size.height })}</span>
      )}
      {shown && (
        <>
          {state === 'running' && (
            <>
              <Tooltip label={t('status.mipsHint')}>
                <span>{t('status.mips', { mips: round(shown.instructionsPerSecond / 1e6, 1) })}</span>
              </Tooltip>
              <Tooltip label={t('status.engineHint', { percent: round(shown.compiledShare * 100, 0) })}>
                <span>{t(`details.engineValue.${machine.config.engine}`)}</span>
              </Tooltip>
              <span>{t('status.load', { percent: round(shown.busyShare * 100, 0) })}</span>
            </>
          )}
          <span className={classes['lamps']}>
            {DEVICES.map(({ device, icon }) => (
              <Lamp key={device} icon={icon} label={t(`status.${device}`)} active={shown.activity[device]} />
            ))}
          </span>
        </>
      )}
    </footer>
  );
}

function Lamp({
  icon: Glyph,
  label,
  active,
}: {
  readonly icon: Icon;
  readonly label: string;
  readonly active: boolean;
}) {
  const { t } = useTranslation();
  const text = t(active ? 'status.active' : 'status.idle', { device: label });
  return (
    <Tooltip label={text}>
      <span role="img" aria-label={text} className={classes['lamp']} data-active={active || undefined}>
        <Glyph size={16} stroke={1.7} aria-hidden />
      </span>
    </Tooltip>
  );
}
