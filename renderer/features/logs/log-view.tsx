import { Button, Group, MultiSelect, Text, TextInput } from '@mantine/core';
import { IconDownload, IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type UIEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { LogEntry } from '../../../core/contract/index.ts';
import { useApp, useMachines } from '../../state/context.ts';
import { useFormats } from '../../ui/formats.ts';
import { saveFile } from '../../ui/save-file.ts';
import classes from './log-view.module.css';

const LEVELS = ['error', 'warning', 'info', 'debug'] as const;
const ENTRIES_MAX = 5000;

/** Of one machine, or of everything: what was logged, and what is logged from now on. Undefined until that is known. */
function useLog(machine: string | undefined): readonly LogEntry[] | undefined {
  const { client } = useApp();
  const [entries, setEntries] = useState<readonly LogEntry[]>();
  useEffect(() => {
    let gone = false;
    let come: LogEntry[] = [];
    let soon: ReturnType<typeof setTimeout> | undefined;
    // A machine may log hundreds of lines a second: they are shown together.
    const take = (): void => {
      const taken = come;
      come = [];
      soon = undefined;
      setEntries((before) => [...(before ?? []), ...taken].slice(-ENTRIES_MAX));
    };
    const load = async (): Promise<void> => {
      const listed = await client.call('logs.list', machine === undefined ? {} : { machine });
      if (gone || !listed.ok) return;
      const { entries: known } = listed.value;
      const last = known.at(-1);
      // What came meanwhile is in that list, but for what was logged behind it.
      come = come.filter(({ at }) => last === undefined || at > last.at);
      setEntries(known);
    };
    const end = client.subscribe({
      onConnected: () => void load(),
      onEvent: (event) => {
        if (event.event !== 'log') return;
        const { entry } = event;
        if (machine !== undefined && entry.machineId !== machine) return;
        come.push(entry);
        soon ??= setTimeout(take, 100);
      },
      onDisconnected: () => {},
    });
    return () => {
      gone = true;
      clearTimeout(soon);
      end();
    };
  }, [client, machine]);
  return entries;
}

export interface LogViewProps {
  /** Left out: of the whole program. */
  readonly machine?: string;
  /** Of the file that is saved. */
  readonly name: string;
}

export function LogView({ machine, name }: LogViewProps) {
  const { t } = useTranslation();
  const { clock, time } = useFormats();
  const { machines } = useMachines();
  const known = useLog(machine);
  const entries = known ?? [];
  const [text, setText] = useState('');
  const [levels, setLevels] = useState<string[]>(['error', 'warning', 'info']);
  const scrollRef = useRef<HTMLDivElement>(null);
  const wanted = text.trim().toLocaleLowerCase();
  const nameOf = (id: string | undefined): string => machines.find(({ config }) => config.id === id)?.config.name ?? '';
  const shown = entries.filter(
    ({ level, message, source, code, machineId }) =>
      levels.includes(level) &&
      `${message} ${source} ${code ?? ''} ${nameOf(machineId)}`.toLocaleLowerCase().includes(wanted),
  );
  const virtualizer = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scrollRef.current,
    estimateSize: () => 26,
    overscan: 12,
  });
  const { length } = shown;
  const newest = shown.at(-1);
  // Whoever reads further up is not taken away from there.
  const follows = useRef(true);
  useEffect(() => {
    if (length > 0 && follows.current) virtualizer.scrollToIndex(length - 1);
  }, [length, newest, virtualizer]);
  const onScroll = ({ currentTarget: { scrollHeight, scrollTop, clientHeight } }: UIEvent): void => {
    follows.current = scrollHeight - scrollTop - clientHeight < 30;
  };

  const save = (): void => {
    const lines = shown.map(
      ({ at, level, source, machineId, code, message }) =>
        `${at} ${level} ${source}${machineId === undefined ? '' : ` ${nameOf(machineId)}`}${code === undefined ? '' : ` ${code}`}: ${message}\n`,
    );
    saveFile(`${name}.log`, new Blob(lines, { type: 'text/plain' }));
  };
  return (
    <div className={classes['view']}>
      <Group gap="xs" wrap="nowrap" className={classes['tools'] ?? ''}>
        <TextInput
          flex={1}
          aria-label={t('logs.search')}
          placeholder={t('logs.search')}
          leftSection={<IconSearch size={15} aria-hidden />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <MultiSelect
          w={280}
          aria-label={t('logs.levels')}
          data={LEVELS.map((value) => ({ value, label: t(`logs.level.${value}`) }))}
          value={levels}
          onChange={setLevels}
          clearable={false}
        />
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          disabled={length === 0}
          onClick={save}
        >
          {t('logs.save')}
        </Button>
      </Group>
      {known && length === 0 && (
        <Text c="var(--text-dimmed)" ta="center" py="xl">
          {entries.length > 0 ? t('logs.noMatch') : t('logs.none')}
        </Text>
      )}
      <div
        ref={scrollRef}
        className={classes['scroll']}
        tabIndex={0}
        role="log"
        aria-label={t('frame.logs')}
        onScroll={onScroll}
      >
        <div style={{ position: 'relative', height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const { at, level, source, machineId, message, code } = shown[index];
            return (
              <div
                key={index}
                ref={virtualizer.measureElement}
                data-index={index}
                className={classes['entry']}
                data-level={level}
                data-of={machine === undefined ? 'all' : 'one'}
                style={{ transform: `translateY(${start}px)` }}
              >
                <time dateTime={at} title={time(at)}>
                  {clock(at)}
                </time>
                <span className={classes['level']}>{t(`logs.level.${level}`)}</span>
                {machine === undefined && <span className={classes['source']}>{nameOf(machineId) || source}</span>}
                <span className={classes['message']} lang="en">
                  {message}
                  {code !== undefined && ` (${code})`}
                </span>
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
