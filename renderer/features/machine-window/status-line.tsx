import { Tooltip } from '@mantine/core';
import { IconDeviceFloppy, IconDisc, IconPlugConnected, IconServer, type Icon } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineState } from '../../../core/contract/index.ts';
import type { Activity, StatusMessage } from '../../../core/contract/stream.ts';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import { StateLabel } from '../../ui/state-label.tsx';
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
  readonly state: MachineState;
  readonly live: boolean;
  readonly size: Size | undefined;
  readonly capture: Capture;
  readonly hintId: string;
}

/** What the machine is doing, under its screen. */
export function StatusLine({ stream, state, live, size, capture, hintId }: StatusLineProps) {
  const { t, i18n } = useTranslation();
  const [status, setStatus] = useState<StatusMessage>();
  useEffect(() => stream.on('status', setStatus), [stream]);
  const shown = live ? status : undefined;
  const round = (value: number, digits: number): string =>
    value.toLocaleString(i18n.language, { maximumFractionDigits: digits });
  return (
    <footer className={classes['line']} aria-label={t('status.label')}>
      <StateLabel state={state} />
      <span id={hintId} className={classes['hint']}>
        {live ? t(`window.hint.${capture}`) : ''}
      </span>
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
