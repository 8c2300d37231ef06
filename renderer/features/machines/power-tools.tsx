import { IconPlayerPauseFilled, IconPlayerPlayFilled, IconPower, IconRotateClockwise2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { allows, type MachineAction } from '../../state/actions.ts';
import { ToolButton } from '../../ui/tool-button.tsx';

/** Pause, reset and power off: the same buttons over the list and in a machine's window. */
export function PowerTools({
  machine,
  run,
}: {
  readonly machine: MachineInfo | undefined;
  readonly run: (action: MachineAction) => void;
}) {
  const { t } = useTranslation();
  const paused = machine?.status.state === 'paused';
  return (
    <>
      {paused ? (
        <ToolButton
          icon={IconPlayerPlayFilled}
          tint="running"
          label={t('action.resume')}
          onClick={() => run('resume')}
        />
      ) : (
        <ToolButton
          icon={IconPlayerPauseFilled}
          tint="paused"
          label={t('action.pause')}
          disabled={!allows(machine, 'pause')}
          onClick={() => run('pause')}
        />
      )}
      <ToolButton
        icon={IconRotateClockwise2}
        label={t('action.reset')}
        disabled={!allows(machine, 'reset')}
        onClick={() => run('reset')}
      />
      <ToolButton
        icon={IconPower}
        tint="aborted"
        label={t('action.stop')}
        disabled={!allows(machine, 'stop')}
        onClick={() => run('stop')}
      />
    </>
  );
}
