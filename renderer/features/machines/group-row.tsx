import { IconChevronRight, IconFolder, IconFolderOpen } from '@tabler/icons-react';
import { useRef, type CSSProperties } from 'react';
import { useDraggable, useDropTarget, type Dragged } from './drag.ts';
import type { Line } from './groups.ts';
import classes from './machine-list.module.css';

export interface GroupRowProps {
  readonly id: string;
  readonly group: Extract<Line, { kind: 'group' }>;
  readonly current: boolean;
  readonly style: CSSProperties;
  readonly onClick: () => void;
  readonly onToggle: () => void;
  readonly onDrop: (dragged: Dragged, group: string) => void;
}

export function GroupRow({ id, group, current, style, onClick, onToggle, onDrop }: GroupRowProps) {
  const ref = useRef<HTMLDivElement>(null);
  useDraggable(ref, { kind: 'group', path: group.path });
  const over = useDropTarget(ref, group.path, onDrop);
  const Glyph = group.open ? IconFolderOpen : IconFolder;
  return (
    <div
      ref={ref}
      id={id}
      role="treeitem"
      aria-level={group.level}
      aria-expanded={group.open}
      aria-selected={false}
      className={classes['group']}
      style={{ ...style, '--level': group.level } as CSSProperties}
      data-current={current || undefined}
      data-over={over || undefined}
      onClick={onClick}
      onContextMenu={onClick}
      onDoubleClick={onToggle}
    >
      <span
        className={classes['chevron']}
        data-open={group.open || undefined}
        onClick={(event) => {
          event.stopPropagation();
          onToggle();
        }}
      >
        <IconChevronRight size={15} aria-hidden />
      </span>
      <Glyph size={17} stroke={1.7} aria-hidden />
      <span className={classes['groupName']}>{group.name}</span>
      <span className={classes['count']}>{group.machines.length}</span>
    </div>
  );
}
