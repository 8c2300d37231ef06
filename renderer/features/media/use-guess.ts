import { useDebouncedCallback } from '@mantine/hooks';
import { useRef } from 'react';
import { useApp } from '../../state/context.ts';
import type { MediumKind } from './use-media.ts';

/** A path that is being typed is looked at when the typing rests. */
const REST_MS = 200;

/** What sort of medium the file of a path is, by what is in it; nothing is said of what is no file (yet). */
export function useGuess(onKind: (kind: MediumKind) => void): (path: string) => void {
  const { client } = useApp();
  const last = useRef('');
  return useDebouncedCallback(async (path: string) => {
    last.current = path;
    if (path.trim() === '') return;
    const guessed = await client.call('media.guess', { path: path.trim() });
    if (guessed.ok && last.current === path) onKind(guessed.value.kind);
  }, REST_MS);
}
