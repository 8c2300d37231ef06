import { IconChevronRight, IconFolder, IconFolderOpen } from '@tabler/icons-react';
import { memo, useRef, type CSSProperties } from 'react';
import { useDraggable } from './drag.ts';
import type { GroupLine } from './groups.ts';
import classes from './machine-list.module.css';

export interface GroupRowProps {
  readonly id: string;
  readonly group: GroupLine;
  readonly current: boolean;
  /** Something hangs over the group and can be let go. */
  readonly over: boolean;
  readonly topPx: number;
  readonly heightPx: number;
  readonly onSelect: (group: GroupLine) => void;
  readonly onToggle: (path: string) => void;
}

export const GroupRow = memo(function GroupRow(props: GroupRowProps) {
  const { id, group, current, over, topPx, heightPx, onSelect, onToggle } = props;
  const ref = useRef<HTMLDivElement>(null);
  useDraggable(ref, { kind: 'group', path: group.path });
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
      style={{ transform: `translateY(${topPx}px)`, height: heightPx, '--level': group.level } as CSSProperties}
      data-current={current || undefined}
      data-group={group.path}
      data-over={over || undefined}
      onClick={() => onSelect(group)}
      onContextMenu={() => onSelect(group)}
      onDoubleClick={() => onToggle(group.path)}
    >
      <span
        className={classes['chevron']}
        data-open={group.open || undefined}
        onClick={(event) => {
          event.stopPropagation();
          onToggle(group.path);
        }}
      >
        <IconChevronRight size={15} aria-hidden />
      </span>
      <Glyph size={17} stroke={1.7} aria-hidden />
      <span className={classes['groupName']} title={group.name}>
        {group.name}
      </span>
      <span className={classes['count']}>{group.machines.length}</span>
    </div>
  );
});
