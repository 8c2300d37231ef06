import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import { useEffect, useRef, useState, type RefObject } from 'react';

/** What is dragged within the list. */
export type Dragged =
  { readonly kind: 'machine'; readonly id: string } | { readonly kind: 'group'; readonly path: string };

const asDragged = (data: Record<string | symbol, unknown>): Dragged | undefined =>
  data['kind'] === 'machine' || data['kind'] === 'group' ? (data as unknown as Dragged) : undefined;

export function useDraggable(ref: RefObject<HTMLElement | null>, dragged: Dragged): void {
  const key = JSON.stringify(dragged);
  useEffect(() => {
    const element = ref.current;
    if (element) return draggable({ element, getInitialData: () => JSON.parse(key) as Record<string, unknown> });
  }, [ref, key]);
}

/** Whether something hangs over the element that may be dropped there. The innermost target under it takes it. */
export function useDropTarget(
  ref: RefObject<HTMLElement | null>,
  group: string,
  onDrop: (dragged: Dragged, group: string) => void,
): boolean {
  const [over, setOver] = useState(false);
  const handler = useRef(onDrop);
  useEffect(() => {
    handler.current = onDrop;
  });
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    return dropTargetForElements({
      element,
      canDrop: ({ source }) => asDragged(source.data) !== undefined,
      onDropTargetChange: ({ location }) => setOver(location.current.dropTargets[0]?.element === element),
      onDragLeave: () => setOver(false),
      onDrop: ({ source, location }) => {
        setOver(false);
        const dragged = asDragged(source.data);
        if (dragged && location.current.dropTargets[0]?.element === element) handler.current(dragged, group);
      },
    });
  }, [ref, group]);
  return over;
}
