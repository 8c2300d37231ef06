import { Button, Group, Menu, Text } from '@mantine/core';
import {
  IconCamera,
  IconCopy,
  IconCpu,
  IconGitFork,
  IconPlayerPlay,
  IconRestore,
  IconScale,
  IconTrash,
  type Icon,
} from '@tabler/icons-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { isLive } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import type { SnapshotInfo } from '../../state/dialogs.ts';
import { useResource } from '../../state/resource.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { useFormats } from '../../ui/formats.ts';
import { SizeBar } from '../../ui/size-bar.tsx';
import { SnapshotDetails } from './snapshot-details.tsx';
import { SnapshotPicture } from './snapshot-picture.tsx';
import { snapshotLines, type SnapshotLine } from './snapshot-tree.ts';
import classes from './snapshots-pane.module.css';

const PRESENT = 'present';
const keyOf = (line: SnapshotLine): string => (line.kind === 'current' ? PRESENT : line.snapshot.id);

/** What can be done to the machine's present or to the chosen state. */
interface Act {
  readonly name: 'take' | 'restore' | 'clone' | 'fork' | 'compare' | 'delete';
  readonly icon: Icon;
  /** Why it cannot be done now, where it cannot. */
  readonly why?: string;
  readonly run: () => void;
}

/** The states that a machine can go back to, as a tree, and what each of them is. */
export function SnapshotsPane({ machine }: { readonly machine: MachineInfo }) {
  const { t } = useTranslation();
  const { actions, dialogs, removals } = useApp();
  const { id } = machine.config;
  const { value, failure } = useResource(
    'snapshots.list',
    { machine: id },
    (event) =>
      (event.event === 'snapshots.changed' && event.machine === id) ||
      (event.event === 'machine.changed' && event.machine.config.id === id),
  );
  const snapshots = value?.snapshots ?? [];
  const from = snapshots.find(({ current }) => current);
  const present: PresentState = { from, changed: value?.changed !== false };
  const lines = snapshotLines(snapshots);
  const [chosenKey, setChosenKey] = useState(PRESENT);
  const chosen = snapshots.find((snapshot) => snapshot.id === chosenKey);
  const tree = useRef<HTMLDivElement>(null);

  const remove = async (snapshot: SnapshotInfo): Promise<void> => {
    const next = lines.findIndex((line) => keyOf(line) === snapshot.id) + 1;
    const why = await removals.remove([{ kind: 'snapshot', id: snapshot.id }]);
    if (why) return actions.failed(id, why);
    // The line that stands there now: Delete, Delete, Delete goes down the list.
    setChosenKey((now) => (now === snapshot.id && next < lines.length ? keyOf(lines[next]) : now));
    tree.current?.focus({ preventScroll: true });
  };
  const restore = (snapshot: SnapshotInfo): void =>
    dialogs.open({ kind: 'restore', snapshot, ...(from && !present.changed && { unchanged: from }) });

  const ofChosen = chosen && { snapshot: chosen };
  const acts: readonly Act[] = [
    { name: 'take', icon: IconCamera, run: () => dialogs.open({ kind: 'take', machines: [id] }) },
    {
      name: 'restore',
      icon: IconRestore,
      ...(!chosen && { why: t('snapshots.needsOne') }),
      run: () => chosen && restore(chosen),
    },
    {
      name: 'clone',
      icon: IconCopy,
      ...(!chosen && isLive(machine) && { why: t('snapshots.cloneLive') }),
      run: () => dialogs.open({ kind: 'clone', machines: [id], ...ofChosen }),
    },
    {
      name: 'fork',
      icon: IconGitFork,
      ...((chosen !== undefined || !isLive(machine)) && { why: t('snapshots.forkLive') }),
      run: () => dialogs.open({ kind: 'fork', machines: [id] }),
    },
    {
      name: 'compare',
      icon: IconScale,
      ...(snapshots.length === 0 && { why: t('snapshots.needsAny') }),
      run: () => dialogs.open({ kind: 'compare', machine: id, ...ofChosen }),
    },
    {
      name: 'delete',
      icon: IconTrash,
      ...(!chosen && { why: t('snapshots.needsOne') }),
      run: () => chosen && void remove(chosen),
    },
  ];

  return (
    <div className={classes['pane']}>
      <div className={classes['main']}>
        <Group gap={6} className={classes['tools'] ?? ''} role="toolbar" aria-label={t('snapshots.toolbar')}>
          {acts.map(({ name, icon: Glyph, why, run }) => (
            <Button
              key={name}
              size="compact-sm"
              variant={name === 'take' ? 'filled' : 'default'}
              disabled={why !== undefined}
              title={why}
              leftSection={<Glyph size={16} aria-hidden />}
              onClick={run}
            >
              {t(`snapshots.${name}`)}
            </Button>
          ))}
        </Group>
        {failure && <FailureAlert failure={failure} />}
        <Tree
          ref={tree}
          machine={machine}
          present={present}
          lines={lines}
          chosen={chosen?.id ?? PRESENT}
          acts={acts}
          onChoose={setChosenKey}
          onRestore={restore}
          onDelete={(snapshot) => void remove(snapshot)}
        />
      </div>
      <aside className={classes['side']} aria-label={t('snapshots.details')}>
        {chosen ? (
          <SnapshotDetails key={chosen.id} snapshot={chosen} />
        ) : value === undefined ? null : (
          <Text size="sm" c="var(--text-dimmed)">
            {snapshots.length === 0
              ? t('snapshots.none')
              : from
                ? t(present.changed ? 'snapshots.changedText' : 'snapshots.unchangedText', { name: from.name })
                : t('snapshots.choose')}
          </Text>
        )}
      </aside>
    </div>
  );
}

/** The snapshot that the machine's present comes from, and whether that is another by now. */
interface PresentState {
  readonly from: SnapshotInfo | undefined;
  readonly changed: boolean;
}

interface TreeProps {
  readonly ref: Ref<HTMLDivElement>;
  readonly present: PresentState;
  readonly machine: MachineInfo;
  readonly lines: readonly SnapshotLine[];
  readonly chosen: string;
  readonly acts: readonly Act[];
  readonly onChoose: (key: string) => void;
  readonly onRestore: (snapshot: SnapshotInfo) => void;
  readonly onDelete: (snapshot: SnapshotInfo) => void;
}

function Tree({ ref, machine, present, lines, chosen, acts, onChoose, onRestore, onDelete }: TreeProps) {
  const { t } = useTranslation();
  const prefix = useId();
  const at = lines.findIndex((line) => keyOf(line) === chosen);
  const chosenId = `${prefix}-${chosen}`;
  useEffect(() => {
    document.getElementById(chosenId)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [chosenId, at]);
  const deepest = Math.max(...lines.map(({ level }) => level));
  const largest = Math.max(1, ...lines.map((line) => (line.kind === 'snapshot' ? line.snapshot.bytes : 0)));

  const onKeyDown = (event: KeyboardEvent): void => {
    const line = lines[at] as SnapshotLine | undefined;
    const targets: Readonly<Record<string, number>> = {
      ArrowDown: Math.min(at + 1, lines.length - 1),
      ArrowUp: Math.max(at - 1, 0),
      Home: 0,
      End: lines.length - 1,
    };
    const target = targets[event.key];
    if (target !== undefined) onChoose(keyOf(lines[target]));
    else if (event.key === 'Delete' && line?.kind === 'snapshot') onDelete(line.snapshot);
    else if (event.key === 'Enter' && line?.kind === 'snapshot') onRestore(line.snapshot);
    else return;
    event.preventDefault();
  };

  return (
    <Menu position="bottom-start">
      <Menu.ContextMenu>
        <div
          ref={ref}
          className={classes['tree']}
          style={{ '--deepest': deepest } as React.CSSProperties}
          role="tree"
          tabIndex={0}
          aria-label={t('snapshots.tree', { name: machine.config.name })}
          aria-activedescendant={chosenId}
          onKeyDown={onKeyDown}
        >
          {lines.map((line, index) => {
            const key = keyOf(line);
            return (
              <div
                key={key}
                id={`${prefix}-${key}`}
                role="treeitem"
                aria-level={line.level}
                aria-selected={key === chosen}
                className={classes['line']}
                data-first={index === 0 || undefined}
                data-last={(lines[index + 1]?.level ?? 0) < line.level || undefined}
                data-branch={line.level > (lines[index - 1]?.level ?? 1) || undefined}
                style={{ '--level': line.level } as React.CSSProperties}
                onClick={() => onChoose(key)}
                onContextMenu={() => onChoose(key)}
              >
                {/* The ways that go on beside a branch. */}
                {Array.from({ length: line.level - 1 }, (_, level) => (
                  <span
                    key={level}
                    className={classes['way']}
                    style={{ '--back': line.level - 1 - level } as React.CSSProperties}
                  />
                ))}
                <span className={classes['dot']} data-current={line.kind === 'current' || undefined} />
                <div className={classes['slot']}>
                  {line.kind === 'current' ? (
                    <Present machine={machine} {...present} />
                  ) : (
                    <SnapshotCard snapshot={line.snapshot} largest={largest} />
                  )}
                </div>
              </div>
            );
          })}
        </div>
      </Menu.ContextMenu>
      <Menu.Dropdown>
        {acts.map(({ name, icon: Glyph, why, run }) => (
          <Menu.Item
            key={name}
            {...(name === 'delete' && { color: 'red' })}
            leftSection={<Glyph size={16} aria-hidden />}
            disabled={why !== undefined}
            title={why}
            onClick={run}
          >
            {t(`snapshots.${name}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Present({ machine, from, changed }: PresentState & { readonly machine: MachineInfo }) {
  const { t } = useTranslation();
  const state = machine.saved ? t('state.saved') : t(`state.${machine.status.state}`);
  return (
    <span className={classes['present']}>
      <IconPlayerPlay size={18} stroke={1.7} aria-hidden />
      <span className={classes['name']}>{t('snapshots.present')}</span>
      <Text span size="xs" c="var(--text-dimmed)">
        {from && !isLive(machine) ? t(changed ? 'snapshots.changed' : 'snapshots.unchanged', { state }) : state}
      </Text>
    </span>
  );
}

function SnapshotCard({ snapshot, largest }: { readonly snapshot: SnapshotInfo; readonly largest: number }) {
  const { t } = useTranslation();
  const { time, bytes } = useFormats();
  return (
    <span className={classes['card']}>
      <SnapshotPicture snapshot={snapshot} />
      <span className={classes['words']}>
        <span className={classes['name']} title={snapshot.name}>
          {snapshot.name}
        </span>
        <Text span size="xs" c="var(--text-dimmed)">
          {time(snapshot.createdAt)}
          {snapshot.hasMemory && (
            <span className={classes['memory']} title={t('snapshots.withMemory')}>
              <IconCpu size={13} stroke={1.7} aria-hidden />
              <span>{t('snapshots.withMemory')}</span>
            </span>
          )}
        </Text>
        <SizeBar bytes={snapshot.bytes} uniqueBytes={snapshot.uniqueBytes} of={largest} />
        <Text span size="xs" c="var(--text-dimmed)">
          {t('snapshots.sizes', { all: bytes(snapshot.bytes), own: bytes(snapshot.uniqueBytes) })}
        </Text>
      </span>
    </span>
  );
}
