import { Button, EmptyState, Loader, Menu, Tabs } from '@mantine/core';
import { useDocumentTitle, useFullscreenElement, useLocalStorage } from '@mantine/hooks';
import {
  IconArrowLeft,
  IconAspectRatio,
  IconDeviceDesktop,
  IconExternalLink,
  IconKeyboard,
  IconMaximize,
  IconPlayerPlayFilled,
  IconPower,
  IconTerminal2,
  IconZoomQuestion,
} from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { useMachineStream } from '../../ipc/use-machine-stream.ts';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import { allows, isLive } from '../../state/actions.ts';
import { useApp, useFailure, useMachine, useMachines } from '../../state/context.ts';
import { goTo, machineHash, machinesHash } from '../../state/route.ts';
import { ConnectionBanner } from '../../ui/connection-banner.tsx';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { ToolBar, ToolDivider } from '../../ui/tool-bar.tsx';
import { ToolButton } from '../../ui/tool-button.tsx';
import { PowerTools } from '../machines/power-tools.tsx';
import { useCommands } from '../machines/use-commands.tsx';
import { GuestScreen, type Capture } from './guest-screen.tsx';
import { CTRL_ALT_DEL } from './keyboard-capture.ts';
import classes from './machine-window.module.css';
import { SCALINGS, type Scaling, type Size } from './scaling.ts';
import { SerialTab } from './serial-tab.tsx';
import { StatusLine } from './status-line.tsx';

/** One machine: its screen and serial ports, between a toolbar and a status line. */
export function MachineWindow({ id }: { readonly id: string }) {
  const { t } = useTranslation();
  const { connection } = useMachines();
  const machine = useMachine(id);
  if (machine) return <KnownMachine machine={machine} />;
  return (
    <main className={classes['centre']}>
      {connection === 'loading' ? (
        <Loader aria-label={t('app.loading')} />
      ) : (
        <EmptyState
          icon={<IconZoomQuestion stroke={1.4} aria-hidden />}
          title={t('window.unknown.title')}
          description={t('window.unknown.text')}
        >
          <EmptyState.Actions>
            <Button onClick={() => goTo(machinesHash)}>{t('window.back')}</Button>
          </EmptyState.Actions>
        </EmptyState>
      )}
    </main>
  );
}

function KnownMachine({ machine }: { readonly machine: MachineInfo }) {
  const { t } = useTranslation();
  const { client, actions } = useApp();
  const { connection, failure: listFailure } = useMachines();
  const { config, status } = machine;
  const live = isLive(machine);
  const stream = useMachineStream(client, config.id, live);
  const failure = useFailure(config.id);
  const { run, dialog } = useCommands(machine);
  const [scaling, setScaling] = useLocalStorage<Scaling>({
    key: 'terrarium.scaling',
    defaultValue: 'fit',
    getInitialValueInEffect: false,
  });
  const { ref: fullScreenRef, toggle: toggleFullScreen } = useFullscreenElement();
  const [capture, setCapture] = useState<Capture>('idle');
  const [size, setSize] = useState<Size>();
  const hintId = useId();
  useDocumentTitle(`${config.name} — ${t(`state.${status.state}`)} — ${t('app.name')}`);

  const consoles = config.serial.flatMap((serial, port) => (serial.mode === 'console' ? [port] : []));
  return (
    <div className={classes['window']}>
      <ToolBar label={t('window.toolbar')} keepsFocus>
        <ToolButton icon={IconArrowLeft} label={t('window.back')} onClick={() => goTo(machinesHash)} />
        <ToolDivider />
        <PowerTools machine={machine} run={run} />
        <ToolDivider />
        <ToolButton
          icon={IconKeyboard}
          label={t('window.ctrlAltDel')}
          disabled={!live}
          onClick={() => stream.send({ type: 'chord', codes: CTRL_ALT_DEL })}
        />
        <ScalingMenu scaling={scaling} onChoose={setScaling} />
        <ToolButton
          icon={IconMaximize}
          label={t('window.fullScreen')}
          disabled={!live}
          onClick={() => void toggleFullScreen()}
        />
        {client.shell === 'web' && (
          <ToolButton icon={IconExternalLink} label={t('window.ownWindow')} onClick={() => openOwnWindow(config.id)} />
        )}
      </ToolBar>
      <ConnectionBanner connection={connection} failure={listFailure} />
      {failure && <FailureAlert failure={failure} onDismiss={() => actions.dismiss(config.id)} />}
      <Tabs defaultValue="screen" className={classes['tabs'] ?? ''} variant="default">
        <Tabs.List aria-label={t('window.tabs')} className={classes['tabList'] ?? ''}>
          <Tabs.Tab value="screen" leftSection={<IconDeviceDesktop size={16} aria-hidden />}>
            {t('window.screen')}
          </Tabs.Tab>
          {consoles.map((port) => (
            <Tabs.Tab key={port} value={`serial-${port}`} leftSection={<IconTerminal2 size={16} aria-hidden />}>
              {t('window.serial', { number: port + 1 })}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="screen" className={classes['panel'] ?? ''} keepMounted={false}>
          {live ? (
            <div ref={fullScreenRef} className={classes['fill']}>
              <GuestScreen
                name={config.name}
                stream={stream}
                scaling={scaling}
                capture={capture}
                onCapture={setCapture}
                onSize={setSize}
                onToggleFullScreen={toggleFullScreen}
                hintId={hintId}
                paused={status.state === 'paused'}
              />
            </div>
          ) : (
            <PoweredOff machine={machine} onStart={() => run('start')} />
          )}
        </Tabs.Panel>
        {consoles.map((port) => (
          <SerialPanel key={port} stream={stream} port={port} />
        ))}
      </Tabs>
      <StatusLine stream={stream} state={status.state} live={live} size={size} capture={capture} hintId={hintId} />
      {dialog}
    </div>
  );
}

function SerialPanel({ stream, port }: { readonly stream: MachineStream; readonly port: number }) {
  return (
    <Tabs.Panel value={`serial-${port}`} className={classes['panel'] ?? ''} keepMounted={false}>
      <SerialTab stream={stream} port={port} />
    </Tabs.Panel>
  );
}

function ScalingMenu({
  scaling,
  onChoose,
}: {
  readonly scaling: Scaling;
  readonly onChoose: (scaling: Scaling) => void;
}) {
  const { t } = useTranslation();
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <ToolButton icon={IconAspectRatio} label={t('window.scaling')} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup value={scaling} onChange={(one) => onChoose(one as Scaling)}>
          {SCALINGS.map((one) => (
            <Menu.RadioItem key={one} value={one} closeMenuOnClick>
              {t(`window.scale.${one}`)}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}

function PoweredOff({ machine, onStart }: { readonly machine: MachineInfo; readonly onStart: () => void }) {
  const { t } = useTranslation();
  const { status } = machine;
  const busy = status.state === 'starting' || status.state === 'stopping';
  const state = status.state === 'running' || status.state === 'paused' ? 'starting' : status.state;
  return (
    <div className={classes['centre']}>
      <EmptyState
        icon={busy ? <Loader aria-hidden /> : <IconPower stroke={1.4} aria-hidden />}
        title={t(`window.off.${state}`)}
        description={status.state === 'stopped' ? status.reason : undefined}
        maw={560}
      >
        {status.state === 'aborted' && <FailureAlert failure={status.reason} />}
        {allows(machine, 'start') && (
          <EmptyState.Actions>
            <Button leftSection={<IconPlayerPlayFilled size={18} aria-hidden />} onClick={onStart}>
              {t('action.start')}
            </Button>
          </EmptyState.Actions>
        )}
      </EmptyState>
    </div>
  );
}

/** The desktop shell opens no windows for its pages. A window that is already there for this machine is shown again rather than opened twice. */
function openOwnWindow(id: string): void {
  window.open(machineHash(id), `machine-${id}`, 'popup,width=1100,height=760');
}
