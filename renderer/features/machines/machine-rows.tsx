import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useImperativeHandle, type MouseEvent, type Ref } from 'react';
import type { MachineInfo } from '../../../core/contract/index.ts';
import type { Dragged } from './drag.ts';
import { GroupRow } from './group-row.tsx';
import type { GroupLine, Line } from './groups.ts';
import classes from './machine-list.module.css';
import { MachineRow } from './machine-row.tsx';

const ROW_PX = { group: 34, machine: 60 } as const;

export interface MachineRowsHandle {
  scrollToIndex(index: number): void;
}

export interface MachineRowsProps {
  readonly ref: Ref<MachineRowsHandle>;
  /** Around the rows; null until it is there. */
  readonly scrollElement: HTMLElement | null;
  readonly lines: readonly Line[];
  /** Of each line. */
  readonly keys: readonly string[];
  readonly currentIndex: number;
  readonly selected: ReadonlySet<string>;
  /** The group over which something hangs that can be let go. */
  readonly overGroup: string | undefined;
  readonly optionId: (key: string) => string;
  readonly onSelect: (event: MouseEvent, id: string) => void;
  readonly onSelectGroup: (group: GroupLine) => void;
  readonly onToggle: (path: string) => void;
  readonly onActivate: (machine: MachineInfo) => void;
  readonly dragWordsOf: (dragged: Dragged) => string | undefined;
}

/**
 * The lines that are in sight. Scrolling renders this alone, and of its rows those that come into sight: what it is given
 * has to be the same things from one time to the next.
 */
export const MachineRows = memo(function MachineRows(props: MachineRowsProps) {
  const { ref, scrollElement, lines, keys, currentIndex, selected, overGroup, optionId } = props;
  const { onSelect, onSelectGroup, onToggle, onActivate, dragWordsOf } = props;
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scrollElement,
    estimateSize: (index) => ROW_PX[lines[index].kind],
    getItemKey: (index) => keys[index],
    overscan: 6,
  });
  useImperativeHandle(ref, () => ({ scrollToIndex: (index) => virtualizer.scrollToIndex(index) }), [virtualizer]);
  return (
    <div className={classes['rows']} style={{ height: virtualizer.getTotalSize() }} role="presentation">
      {virtualizer.getVirtualItems().map(({ index, start }) => {
        const line = lines[index];
        const key = keys[index];
        const place = {
          id: optionId(key),
          current: index === currentIndex,
          topPx: start,
          heightPx: ROW_PX[line.kind],
          // Of no group in particular the list itself says so.
          over: overGroup !== '' && overGroup === (line.kind === 'group' ? line.path : line.machine.config.group),
        };
        return line.kind === 'group' ? (
          <GroupRow key={key} {...place} group={line} onSelect={onSelectGroup} onToggle={onToggle} />
        ) : (
          <MachineRow
            key={key}
            {...place}
            machine={line.machine}
            level={line.level}
            selected={selected.has(key)}
            onSelect={onSelect}
            onActivate={onActivate}
            dragWordsOf={dragWordsOf}
          />
        );
      })}
    </div>
  );
});
