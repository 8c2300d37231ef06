import {
  IconAlertTriangleFilled,
  IconLoader2,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconPower,
  type Icon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { MachineState } from '../../core/contract/index.ts';
import classes from './state-label.module.css';

const LOOK: Readonly<Record<MachineState, { readonly icon: Icon; readonly color: string }>> = {
  stopped: { icon: IconPower, color: 'var(--state-stopped)' },
  starting: { icon: IconLoader2, color: 'var(--state-busy)' },
  running: { icon: IconPlayerPlayFilled, color: 'var(--state-running)' },
  paused: { icon: IconPlayerPauseFilled, color: 'var(--state-paused)' },
  stopping: { icon: IconLoader2, color: 'var(--state-busy)' },
  aborted: { icon: IconAlertTriangleFilled, color: 'var(--state-aborted)' },
};

/** A machine's state by picture, word and colour, so that no one of them has to be seen. */
export function StateLabel({ state, size = 13 }: { readonly state: MachineState; readonly size?: number }) {
  const { t } = useTranslation();
  const { icon: Glyph, color } = LOOK[state];
  return (
    <span className={classes['label']} style={{ color, fontSize: size }} data-state={state}>
      <Glyph size={size + 1} aria-hidden />
      {t(`state.${state}`)}
    </span>
  );
}
