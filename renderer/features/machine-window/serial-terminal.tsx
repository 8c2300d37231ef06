import { ActionIcon, Group, TextInput, Tooltip } from '@mantine/core';
import {
  IconArrowDown,
  IconArrowUp,
  IconCopy,
  IconDownload,
  IconEraser,
  IconSearch,
  type Icon,
} from '@tabler/icons-react';
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import type { HostKey } from '../../state/preferences.ts';
import { saveFile } from '../../ui/save-file.ts';
import type { Capture } from './guest-screen.tsx';
import classes from './serial-terminal.module.css';

const SCROLLBACK_LINES = 10_000;
const FOUND = {
  decorations: {
    matchBackground: '#5b5320',
    activeMatchBackground: '#b58900',
    matchOverviewRuler: '#b58900',
    activeMatchColorOverviewRuler: '#ffffff',
  },
};

export interface SerialTerminalProps {
  readonly stream: MachineStream;
  /** 0 is COM1. */
  readonly port: number;
  readonly hostKey: HostKey;
  readonly onCapture: (capture: Capture) => void;
  /** The host key alone: Tab is the guest's, so that nothing else leads out of here. */
  readonly onLetGo: () => void;
  readonly label: string;
  /** Of what is saved. */
  readonly fileName: string;
}

/** A terminal on a serial port of the guest. Bytes are the guest's own, both ways: xterm decodes its output as UTF-8. */
export function SerialTerminal(props: SerialTerminalProps) {
  const { stream, port, hostKey, onCapture, onLetGo, label, fileName } = props;
  const { t } = useTranslation();
  const ref = useRef<HTMLDivElement>(null);
  const shown = useRef<{ readonly terminal: Terminal; readonly search: SearchAddon }>(undefined);
  const searchRef = useRef<HTMLInputElement>(null);
  const [wanted, setWanted] = useState('');
  const letGo = useRef(onLetGo);
  useEffect(() => {
    letGo.current = onLetGo;
  });
  useEffect(() => {
    const host = ref.current;
    if (!host) return;
    const terminal = new Terminal({
      allowProposedApi: true,
      scrollback: SCROLLBACK_LINES,
      cursorBlink: true,
      screenReaderMode: true,
      fontFamily: getComputedStyle(host).fontFamily,
      fontSize: 14,
      theme: { background: '#101413', foreground: '#d5ded9', cursor: '#43bd82', selectionBackground: '#2c5c46' },
    });
    const fit = new FitAddon();
    const search = new SearchAddon();
    terminal.loadAddon(fit);
    terminal.loadAddon(search);
    terminal.open(host);
    terminal.textarea?.setAttribute('aria-label', label);
    terminal.textarea?.addEventListener('focus', () => onCapture('keyboard'));
    terminal.textarea?.addEventListener('blur', () => onCapture('idle'));
    let hostKeyAlone = false;
    terminal.attachCustomKeyEventHandler((event) => {
      if (event.code === hostKey) {
        if (event.type === 'keyup' && hostKeyAlone) letGo.current();
        hostKeyAlone = event.type === 'keydown';
        return false;
      }
      hostKeyAlone = false;
      // As terminals have it: with Shift these are the window's, without they are the guest's.
      if (event.type !== 'keydown' || !event.ctrlKey || !event.shiftKey) return true;
      if (event.code === 'KeyF') searchRef.current?.focus();
      else if (event.code === 'KeyC') void navigator.clipboard?.writeText(terminal.getSelection());
      else return true;
      event.preventDefault();
      return false;
    });
    shown.current = { terminal, search };
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
      shown.current = undefined;
      observer.disconnect();
      end();
      endConnected();
      terminal.dispose();
      onCapture('idle');
    };
  }, [stream, port, label, hostKey, onCapture]);

  const find = (direction: 'findNext' | 'findPrevious', text = wanted): void => {
    shown.current?.search[direction](text, { ...FOUND, incremental: direction === 'findNext' && text !== wanted });
  };
  return (
    <div className={classes['frame']}>
      <Group gap={4} className={classes['tools'] ?? ''} wrap="nowrap" role="toolbar" aria-label={label}>
        <TextInput
          ref={searchRef}
          size="xs"
          w={240}
          aria-label={t('terminal.search')}
          placeholder={t('terminal.search')}
          leftSection={<IconSearch size={14} aria-hidden />}
          value={wanted}
          onChange={(event) => {
            const text = event.currentTarget.value;
            setWanted(text);
            if (text === '') shown.current?.search.clearDecorations();
            else find('findNext', text);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') find(event.shiftKey ? 'findPrevious' : 'findNext');
            if (event.key === 'Escape') shown.current?.terminal.focus();
          }}
        />
        <Tool icon={IconArrowUp} label={t('terminal.previous')} onClick={() => find('findPrevious')} />
        <Tool icon={IconArrowDown} label={t('terminal.next')} onClick={() => find('findNext')} />
        <span className={classes['space']} />
        <Tool
          icon={IconCopy}
          label={t('terminal.copy')}
          onClick={() => {
            const terminal = shown.current?.terminal;
            if (terminal) void navigator.clipboard?.writeText(terminal.getSelection() || textOf(terminal));
          }}
        />
        <Tool
          icon={IconDownload}
          label={t('terminal.save')}
          onClick={() => {
            if (shown.current) saveFile(fileName, new Blob([textOf(shown.current.terminal)], { type: 'text/plain' }));
          }}
        />
        <Tool icon={IconEraser} label={t('terminal.clear')} onClick={() => shown.current?.terminal.clear()} />
      </Group>
      <div ref={ref} className={classes['terminal']} data-testid={`serial-${port}`} />
    </div>
  );
}

/** All that there is of it, scrolled away or not. */
function textOf(terminal: Terminal): string {
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, y) => active.getLine(y)?.translateToString(true) ?? '');
  return `${lines.join('\n').trimEnd()}\n`;
}

function Tool({
  icon: Glyph,
  label,
  onClick,
}: {
  readonly icon: Icon;
  readonly label: string;
  readonly onClick: () => void;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" aria-label={label} onClick={onClick}>
        <Glyph size={16} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
