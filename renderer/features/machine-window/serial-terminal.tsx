import { FitAddon } from '@xterm/addon-fit';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef } from 'react';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import classes from './serial-terminal.module.css';

const SCROLLBACK_LINES = 10_000;

export interface SerialTerminalProps {
  readonly stream: MachineStream;
  /** 0 is COM1. */
  readonly port: number;
  readonly label: string;
}

/** A terminal on a serial port of the guest. Bytes are the guest's own, both ways: xterm decodes its output as UTF-8. */
export function SerialTerminal({ stream, port, label }: SerialTerminalProps) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const host = ref.current;
    if (!host) return;
    const terminal = new Terminal({
      scrollback: SCROLLBACK_LINES,
      cursorBlink: true,
      screenReaderMode: true,
      fontFamily: getComputedStyle(host).fontFamily,
      fontSize: 14,
      theme: { background: '#101413', foreground: '#d5ded9', cursor: '#43bd82', selectionBackground: '#2c5c46' },
    });
    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.open(host);
    terminal.textarea?.setAttribute('aria-label', label);
    const encoder = new TextEncoder();
    terminal.onData((text) => stream.send({ type: 'serial', port, data: encoder.encode(text) }));
    terminal.onBinary((bytes) =>
      stream.send({ type: 'serial', port, data: Uint8Array.from(bytes, (c) => c.charCodeAt(0)) }),
    );
    const end = stream.on('serial', (message) => {
      if (message.port === port) terminal.write(message.data);
    });
    // A new connection brings the recent past with it.
    const endConnected = stream.onConnected(() => terminal.reset());
    const observer = new ResizeObserver(() => {
      if (host.clientHeight > 0) fit.fit();
    });
    observer.observe(host);
    terminal.focus();
    return () => {
      observer.disconnect();
      end();
      endConnected();
      terminal.dispose();
    };
  }, [stream, port, label]);
  return <div ref={ref} className={classes['terminal']} data-testid={`serial-${port}`} />;
}
