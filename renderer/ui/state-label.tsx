import {
  IconAlertTriangleFilled,
  IconDeviceFloppy,
  IconLoader2,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPower,
  type Icon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { MachineState } from '../../core/contract/index.ts';
import classes from './state-label.module.css';

const LOOK: Readonly<Record<MachineState | 'saved', { readonly icon: Icon; readonly color: string }>> = {
  stopped: { icon: IconPower, color: 'var(--state-stopped)' },
  starting: { icon: IconLoader2, color: 'var(--state-busy)' },
  running: { icon: IconPlayerPlayFilled, color: 'var(--state-running)' },
  paused: { icon: IconPlayerPauseFilled, color: 'var(--state-paused)' },
  stopping: { icon: IconLoader2, color: 'var(--state-busy)' },
  aborted: { icon: IconAlertTriangleFilled, color: 'var(--state-aborted)' },
  saved: { icon: IconDeviceFloppy, color: 'var(--state-busy)' },
};

/** A saved machine is stopped, in the middle of its work. */
export const shownState = (state: MachineState, saved: boolean): MachineState | 'saved' =>
  saved && state === 'stopped' ? 'saved' : state;

/** A machine's state by picture, word and colour, so that no one of them has to be seen. */
export interface StateLabelProps {
  readonly state: MachineState;
  /** Stopped in the middle of its work. */
  readonly saved?: boolean;
  readonly size?: number;
}

export function StateLabel({ state, saved = false, size = 13 }: StateLabelProps) {
  const { t } = useTranslation();
  const shown = shownState(state, saved);
  const { icon: Glyph, color } = LOOK[shown];
  return (
    <span className={classes['label']} style={{ color, fontSize: size }} data-state={state}>
      <Glyph size={size + 1} aria-hidden />
      {t(`state.${shown}`)}
    </span>
  );
}
