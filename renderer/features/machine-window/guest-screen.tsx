import { useEffect, useId, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import classes from './guest-screen.module.css';
import { KeyboardCapture } from './keyboard-capture.ts';
import { MouseCapture } from './mouse-capture.ts';
import type { Scaling, Size } from './scaling.ts';
import { ScreenCanvas } from './screen-canvas.tsx';
import { ScreenText } from './screen-text.tsx';

/** Who has the host's devices: nobody, or the guest the keyboard, or both. */
export type Capture = 'idle' | 'keyboard' | 'mouse';

export interface GuestScreenProps {
  readonly name: string;
  /** What has the focus while the guest has the keyboard. */
  readonly ref: RefObject<HTMLDivElement | null>;
  readonly stream: MachineStream;
  readonly scaling: Scaling;
  readonly capture: Capture;
  readonly onCapture: (capture: Capture) => void;
  readonly onSize: (size: Size) => void;
  readonly hostKey: string;
  /** The host key and another, by KeyboardEvent.code. */
  readonly onCommand: (code: string) => void;
  /** The host key alone: somebody else has the keyboard from now on. */
  readonly onLetGo: () => void;
  /** Where the person is told how to get the devices back. */
  readonly hintId: string;
  readonly paused: boolean;
}

/** The screen of a machine that is typed and clicked into. It has the keyboard while it has the focus. */
export function GuestScreen(props: GuestScreenProps) {
  const { ref, name, stream, scaling, capture, onCapture, onSize, hostKey, onCommand, onLetGo, hintId, paused } = props;
  const { t } = useTranslation();
  const textId = useId();
  const canvasRef = useRef<HTMLCanvasElement>(null);
  /** The guest takes positions: the host's pointer moves freely, and the guest's is where it is. */
  const [absolute, setAbsolute] = useState(false);
  const absoluteRef = useRef(absolute);

  const asked = useRef({ onCommand, onLetGo });
  useEffect(() => {
    asked.current = { onCommand, onLetGo };
  });
  useEffect(() => stream.on('status', (status) => setAbsolute(status.absolutePointer)), [stream]);
  useEffect(() => {
    absoluteRef.current = absolute;
    if (absolute && document.pointerLockElement === ref.current) document.exitPointerLock();
  }, [ref, absolute]);

  useEffect(() => {
    const screen = ref.current;
    if (!screen) return;
    const keyboard = new KeyboardCapture({
      send: (message) => stream.send(message),
      letGo: () => {
        if (document.pointerLockElement === screen) document.exitPointerLock();
        screen.blur();
        asked.current.onLetGo();
      },
      command: (code) => asked.current.onCommand(code),
      hostKey,
    });
    const mouse = new MouseCapture({ send: (message) => stream.send(message) });
    const isLocked = (): boolean => document.pointerLockElement === screen;
    const report = (): void =>
      onCapture(isLocked() ? 'mouse' : document.activeElement === screen ? 'keyboard' : 'idle');

    const end = new AbortController();
    const listen = <K extends keyof HTMLElementEventMap>(
      kind: K,
      listener: (event: HTMLElementEventMap[K]) => void,
    ): void => screen.addEventListener(kind, listener, { signal: end.signal, passive: false });
    // A guest that is being typed into gets every key: none may also scroll, search or close this window.
    listen('keydown', (event) => {
      event.preventDefault();
      keyboard.down(event);
    });
    listen('keyup', (event) => {
      event.preventDefault();
      keyboard.up(event);
    });
    listen('focus', report);
    listen('blur', () => {
      keyboard.blur();
      report();
    });
    const follow = (event: MouseEvent): void => {
      if (absoluteRef.current && canvasRef.current) mouse.moveTo(event, canvasRef.current.getBoundingClientRect());
    };
    const button = (event: MouseEvent): void => {
      if (isLocked()) mouse.button(event);
      else follow(event);
    };
    listen('mousedown', button);
    // Let go outside, it is let go in the guest as well.
    window.addEventListener('mouseup', button, { signal: end.signal });
    listen('mousemove', (event) => {
      if (isLocked()) mouse.move(event);
      else follow(event);
    });
    listen('wheel', (event) => {
      if (!isLocked() && !absoluteRef.current) return;
      event.preventDefault();
      mouse.wheel(event);
    });
    listen('contextmenu', (event) => event.preventDefault());
    listen('click', () => {
      screen.focus();
      if (absoluteRef.current) return;
      // Refused where there is no pointer to lock (a remote desktop): the keyboard is captured all the same.
      if (!isLocked()) Promise.resolve(screen.requestPointerLock()).catch(() => undefined);
    });
    document.addEventListener(
      'pointerlockchange',
      () => {
        if (!isLocked()) mouse.release();
        report();
      },
      { signal: end.signal },
    );
    screen.focus();
    return () => {
      end.abort();
      mouse.release();
      keyboard.blur();
      if (isLocked()) document.exitPointerLock();
    };
  }, [ref, stream, onCapture, hostKey]);

  return (
    <div className={classes['frame']} data-capture={capture} data-absolute={absolute || undefined}>
      <div
        ref={ref}
        className={classes['screen']}
        role="application"
        tabIndex={0}
        aria-label={t('window.screenOf', { name })}
        aria-describedby={`${hintId} ${textId}`}
        data-testid="screen"
      >
        <ScreenCanvas stream={stream} scaling={scaling} onSize={onSize} canvasRef={canvasRef} />
      </div>
      <ScreenText id={textId} stream={stream} label={t('window.screenText', { name })} />
      {paused && (
        <div className={classes['veil']}>
          <span>{t('state.paused')}</span>
        </div>
      )}
    </div>
  );
}
