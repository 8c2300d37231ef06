import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import { setCustomNativeDragPreview } from '@atlaskit/pragmatic-drag-and-drop/element/set-custom-native-drag-preview';
import { useEffect, useRef, useState, type RefObject } from 'react';

/** What is dragged within the list. */
export type Dragged =
  { readonly kind: 'machine'; readonly id: string } | { readonly kind: 'group'; readonly path: string };

const asDragged = (data: Record<string | symbol, unknown>): Dragged | undefined =>
  data['kind'] === 'machine' || data['kind'] === 'group' ? (data as unknown as Dragged) : undefined;

/** `wordsOf`: what hangs at the pointer where it is more than the element itself. */
export function useDraggable(
  ref: RefObject<HTMLElement | null>,
  dragged: Dragged,
  wordsOf?: (dragged: Dragged) => string | undefined,
): void {
  const key = JSON.stringify(dragged);
  const words = useRef(wordsOf);
  useEffect(() => {
    words.current = wordsOf;
  });
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const data = JSON.parse(key) as Record<string, unknown>;
    return draggable({
      element,
      getInitialData: () => data,
      onGenerateDragPreview: ({ nativeSetDragImage }) => {
        const text = words.current?.(data as unknown as Dragged);
        if (text === undefined) return;
        const render = ({ container }: { container: HTMLElement }): void => {
          const label = document.createElement('span');
          label.className = 'drag-words';
          container.append(Object.assign(label, { textContent: text }));
        };
        setCustomNativeDragPreview({ nativeSetDragImage, render });
      },
    });
  }, [ref, key]);
}

/**
 * The group of the line under the pointer, which says so itself; the top where there is none. All that lies there is looked
 * through: while something is dragged, the library keeps an element of its own under the pointer.
 */
const groupAt = ({ clientX, clientY }: { readonly clientX: number; readonly clientY: number }): string =>
  document
    .elementsFromPoint(clientX, clientY)
    .map((element) => element.closest<HTMLElement>('[data-group]')?.dataset['group'])
    .find((group) => group !== undefined) ?? '';

/**
 * The list takes what is dropped on its lines: a group's own, or one of a machine in it. Resolves which group something
 * hangs over that `takes` it; elsewhere nothing can be let go, and the pointer shows so.
 */
export function useGroupDrop(
  ref: RefObject<HTMLElement | null>,
  takes: (dragged: Dragged, group: string) => boolean,
  onDrop: (dragged: Dragged, group: string) => void,
): string | undefined {
  const [over, setOver] = useState<string>();
  const handlers = useRef({ takes, onDrop });
  useEffect(() => {
    handlers.current = { takes, onDrop };
  });
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const show = ({ self }: { readonly self: { readonly data: Record<string | symbol, unknown> } }): void =>
      setOver(String(self.data['group']));
    return dropTargetForElements({
      element,
      canDrop: ({ source, input }) => {
        const dragged = asDragged(source.data);
        return dragged !== undefined && handlers.current.takes(dragged, groupAt(input));
      },
      getData: ({ input }) => ({ group: groupAt(input) }),
      onDragEnter: show,
      onDrag: show,
      onDragLeave: () => setOver(undefined),
      onDrop: ({ source, self }) => {
        setOver(undefined);
        const dragged = asDragged(source.data);
        if (dragged) handlers.current.onDrop(dragged, String(self.data['group']));
      },
    });
  }, [ref]);
  return over;
}
