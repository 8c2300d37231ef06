import { Button, EmptyState, Loader, Tabs } from '@mantine/core';
import { useDocumentTitle, useFullscreenDocument, useLocalStorage } from '@mantine/hooks';
import {
  IconDeviceDesktop,
  IconPlayerPlayFilled,
  IconPower,
  IconTerminal2,
  IconZoomQuestion,
} from '@tabler/icons-react';
import { useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { useMachineStream } from '../../ipc/use-machine-stream.ts';
import { allows, isLive } from '../../state/actions.ts';
import { reasonWords } from '../../i18n/errors.ts';
import { useApp, useFailure, useMachine, useMachines } from '../../state/context.ts';
import { usePreferences } from '../../state/preferences.ts';
import { goTo, machinesHash } from '../../state/route.ts';
import { ConnectionBanner } from '../../ui/connection-banner.tsx';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { focusToolBar } from '../../ui/tool-bar.tsx';
import { useCommands } from '../machines/use-commands.ts';
import { GuestScreen, type Capture } from './guest-screen.tsx';
import { MachineToolBar } from './machine-tool-bar.tsx';
import classes from './machine-window.module.css';
import { PasteDialog } from './paste-dialog.tsx';
import type { Scaling, Size } from './scaling.ts';
import { saveScreenshot } from './screenshot.ts';
import { SerialTab } from './serial-tab.tsx';
import { SoftKeyboard } from './soft-keyboard.tsx';
import { StatusLine } from './status-line.tsx';
import { TypingProgress } from './typing-progress.tsx';

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
  const { client, actions, dialogs } = useApp();
  const { connection, failure: listFailure } = useMachines();
  const { config, status } = machine;
  const live = isLive(machine);
  const stream = useMachineStream(client, config.id, live, true);
  const failure = useFailure(config.id);
  const run = useCommands();
  const [{ hostKey }] = usePreferences();
  const [scaling, setScaling] = useLocalStorage<Scaling>({
    key: 'terrarium.scaling',
    defaultValue: 'fit',
    getInitialValueInEffect: false,
  });
  // The whole page, so that questions and messages are seen there too; what is around the screen is hidden.
  const { fullscreen, toggle } = useFullscreenDocument();
  useEffect(() => {
    // The guest's, not the browser's: Escape above all.
    const keyboard = (navigator as { keyboard?: { lock?(): Promise<void>; unlock?(): void } }).keyboard;
    if (fullscreen) keyboard?.lock?.().catch(() => undefined);
    return () => {
      if (!fullscreen) return;
      keyboard?.unlock?.();
      // The window shows something else: the list, after the machine was closed.
      if (document.fullscreenElement) void document.exitFullscreen();
    };
  }, [fullscreen]);
  const [capture, setCapture] = useState<Capture>('idle');
  const [size, setSize] = useState<Size>();
  const [softKeyboard, setSoftKeyboard] = useState(false);
  const [pasting, setPasting] = useState(false);
  const hintId = useId();
  const tools = useRef<HTMLElement>(null);
  const screen = useRef<HTMLDivElement>(null);
  /** What was asked of a menu is done: the person goes on with the guest. */
  const toScreen = (): void => screen.current?.focus();
  useDocumentTitle(`${config.name} — ${t(`state.${status.state}`)} — ${t('app.name')}`);

  const toggleFullScreen = (): void => void toggle();
  const screenshot = async (): Promise<void> => {
    const failed = await saveScreenshot(client, config.id, config.name);
    if (failed) actions.failed(config.id, failed);
  };
  /** The host key and another: as VirtualBox has them. */
  const hostCommands: Readonly<Record<string, () => void>> = {
    KeyF: toggleFullScreen,
    KeyE: () => void screenshot(),
    KeyT: () => run('take', [machine]),
    KeyS: () => run('settings', [machine]),
    KeyP: () => run(status.state === 'paused' ? 'resume' : 'pause', [machine]),
    KeyR: () => run('reset', [machine]),
    KeyH: () => run('powerButton', [machine]),
    KeyQ: () => dialogs.open({ kind: 'close', machine: config.id }),
    KeyV: () => setPasting(true),
  };

  const input = { hostKey, onCapture: setCapture, onLetGo: () => focusToolBar(tools.current) };
  const consoles = config.serial.flatMap((serial, port) => (serial.mode === 'console' ? [port] : []));
  return (
    <div className={classes['window']} data-fullscreen={fullscreen || undefined}>
      <MachineToolBar
        ref={tools}
        machine={machine}
        hostKey={hostKey}
        stream={stream}
        run={run}
        scaling={scaling}
        onScaling={setScaling}
        onFullScreen={toggleFullScreen}
        softKeyboard={softKeyboard}
        onSoftKeyboard={setSoftKeyboard}
        onPaste={() => setPasting(true)}
        onTyped={toScreen}
        onScreenshot={() => void screenshot()}
      />
      <ConnectionBanner connection={connection} failure={listFailure} />
      {failure && <FailureAlert failure={failure} onDismiss={() => actions.dismiss(config.id)} />}
      <main className={classes['main']} aria-label={t('window.screenOf', { name: config.name })}>
        <h1 className="visually-hidden">{config.name}</h1>
        <Tabs defaultValue="screen" className={classes['tabs'] ?? ''} variant="default">
          <div className={classes['tabBar']}>
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
            {live && <TypingProgress stream={stream} onLetGo={input.onLetGo} />}
          </div>
          <Tabs.Panel value="screen" className={classes['panel'] ?? ''} keepMounted={false}>
            {live ? (
              <div className={classes['fill']}>
                <GuestScreen
                  ref={screen}
                  name={config.name}
                  stream={stream}
                  scaling={scaling}
                  {...input}
                  capture={capture}
                  onSize={setSize}
                  onCommand={(code) => hostCommands[code]?.()}
                  hintId={hintId}
                  paused={status.state === 'paused'}
                />
              </div>
            ) : (
              <PoweredOff machine={machine} onStart={() => run('start', [machine])} />
            )}
          </Tabs.Panel>
          {consoles.map((port) => (
            <Tabs.Panel key={port} value={`serial-${port}`} className={classes['panel'] ?? ''} keepMounted={false}>
              <SerialTab {...input} stream={stream} port={port} machineName={config.name} />
            </Tabs.Panel>
          ))}
        </Tabs>
      </main>
      {softKeyboard && live && <SoftKeyboard stream={stream} />}
      <StatusLine
        stream={stream}
        machine={machine}
        live={live}
        size={size}
        capture={capture}
        hostKey={hostKey}
        hintId={hintId}
      />
      {fullscreen && (
        <p role="status" className={classes['leaving']}>
          {t('window.leaveFullScreen', { key: t(`hostKey.${hostKey}`) })}
        </p>
      )}
      {pasting && (
        <PasteDialog
          stream={stream}
          onClose={() => {
            setPasting(false);
            toScreen();
          }}
        />
      )}
    </div>
  );
}

function PoweredOff({ machine, onStart }: { readonly machine: MachineInfo; readonly onStart: () => void }) {
  const { t, i18n } = useTranslation();
  const { status } = machine;
  const failure = useFailure(machine.config.id);
  const busy = status.state === 'starting' || status.state === 'stopping';
  const state = status.state === 'running' || status.state === 'paused' ? 'starting' : status.state;
  return (
    <div className={classes['centre']}>
      <EmptyState
        icon={busy ? <Loader aria-hidden /> : <IconPower stroke={1.4} aria-hidden />}
        title={t(`window.off.${state}`)}
        description={
          status.state === 'stopped' && status.reason !== undefined && !failure
            ? reasonWords(i18n, t, status.reason)
            : undefined
        }
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
