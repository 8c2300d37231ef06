import { memo, useRef, type CSSProperties, type MouseEvent } from 'react';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { useMachineStream } from '../../ipc/use-machine-stream.ts';
import { isLive } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import { StateLabel } from '../../ui/state-label.tsx';
import { ScreenCanvas } from '../machine-window/screen-canvas.tsx';
import { useDraggable, type Dragged } from './drag.ts';
import classes from './machine-list.module.css';
import { TemplateTile } from './template-tile.tsx';

/** A thumbnail's frames are acknowledged this late: it is sent as few. */
const THUMBNAIL_MS = 1000;

export interface MachineRowProps {
  readonly id: string;
  readonly machine: MachineInfo;
  readonly level: number;
  readonly selected: boolean;
  readonly current: boolean;
  /** Something hangs over the machine's group and can be let go. */
  readonly over: boolean;
  readonly topPx: number;
  readonly heightPx: number;
  readonly onSelect: (event: MouseEvent, id: string) => void;
  readonly onActivate: (machine: MachineInfo) => void;
  /** What hangs at the pointer where more than this machine is dragged with it. */
  readonly dragWordsOf: (dragged: Dragged) => string | undefined;
}

export const MachineRow = memo(function MachineRow(props: MachineRowProps) {
  const { id, machine, level, selected, current, over, topPx, heightPx, onSelect, onActivate, dragWordsOf } = props;
  const { config, status } = machine;
  const ref = useRef<HTMLDivElement>(null);
  useDraggable(ref, { kind: 'machine', id: config.id }, dragWordsOf);
  return (
    <div
      ref={ref}
      id={id}
      role="treeitem"
      aria-level={level}
      aria-selected={selected}
      className={classes['row']}
      style={{ transform: `translateY(${topPx}px)`, height: heightPx, '--level': level } as CSSProperties}
      data-current={current || undefined}
      data-group={config.group}
      data-over={over || undefined}
      onClick={(event) => onSelect(event, config.id)}
      onContextMenu={(event) => onSelect(event, config.id)}
      onDoubleClick={() => onActivate(machine)}
    >
      {isLive(machine) ? <Thumbnail id={config.id} /> : <TemplateTile template={config.template} size={44} />}
      <span className={classes['words']}>
        <span className={classes['name']} title={config.name}>
          {config.name}
        </span>
        <StateLabel state={status.state} saved={machine.saved} />
      </span>
    </div>
  );
});

function Thumbnail({ id }: { readonly id: string }) {
  const { client } = useApp();
  const stream = useMachineStream(client, id, true);
  return (
    <span className={classes['thumbnail']} aria-hidden>
      <ScreenCanvas stream={stream} scaling="fit" ackDelayMs={THUMBNAIL_MS} />
    </span>
  );
}
