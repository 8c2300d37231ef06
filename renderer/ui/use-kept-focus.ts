import { useDidUpdate } from '@mantine/hooks';
import { useRef, type RefObject } from 'react';

/**
 * Of a list with buttons that add to it and take from it: when their number changes, the button that was pressed may be
 * gone. The last one that is there has the focus then.
 */
export function useKeptFocus<E extends HTMLElement>(count: number): RefObject<E | null> {
  const place = useRef<E>(null);
  useDidUpdate(() => {
    if (document.activeElement !== document.body) return;
    [...(place.current?.querySelectorAll<HTMLElement>('button:not(:disabled)') ?? [])].at(-1)?.focus();
  }, [count]);
  return place;
}
