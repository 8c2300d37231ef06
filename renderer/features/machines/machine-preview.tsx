import { UnstyledButton } from '@mantine/core';
import { IconPower } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { useMachineStream } from '../../ipc/use-machine-stream.ts';
import { isLive } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import { ScreenCanvas } from '../machine-window/screen-canvas.tsx';
import classes from './machine-preview.module.css';

/** A live machine's picture, small; a click shows it whole. */
export function MachinePreview({ machine, onShow }: { readonly machine: MachineInfo; readonly onShow: () => void }) {
  const live = isLive(machine);
  // A key, so that neither another machine nor a new start begins with the last one's picture.
  return live ? <LivePreview key={machine.config.id} machine={machine} onShow={onShow} /> : <DarkPreview />;
}

function LivePreview({ machine, onShow }: { readonly machine: MachineInfo; readonly onShow: () => void }) {
  const { t } = useTranslation();
  const { client } = useApp();
  const stream = useMachineStream(client, machine.config.id, true);
  return (
    <UnstyledButton
      className={classes['glass']}
      onClick={onShow}
      aria-label={`${t('action.show')}: ${machine.config.name}`}
    >
      <ScreenCanvas stream={stream} scaling="fit" />
    </UnstyledButton>
  );
}

function DarkPreview() {
  const { t } = useTranslation();
  return (
    <div className={classes['glass']} data-dark>
      <IconPower size={26} stroke={1.4} aria-hidden />
      {t('details.previewOff')}
    </div>
  );
}
