import { useCallback, useEffect, useRef, useState } from 'react';
import type { CallName, CallParams, CallResult, Failure, TerrariumEvent } from '../../core/contract/index.ts';
import { useApp } from './context.ts';

export interface Resource<T> {
  /** Undefined until the first answer. */
  readonly value: T | undefined;
  readonly failure: Failure | undefined;
  readonly reload: () => void;
}

/**
 * What a call says: asked when the window connects, and again when an event tells that the answer may be another. The
 * last answer is shown until the next one is there.
 */
export function useResource<N extends CallName>(
  name: N,
  params: CallParams<N>,
  isStale: (event: TerrariumEvent) => boolean = () => false,
): Resource<CallResult<N>> {
  const { client } = useApp();
  const [answer, setAnswer] = useState<{ readonly value?: CallResult<N>; readonly failure?: Failure }>({});
  const stale = useRef(isStale);
  const round = useRef(0);
  const key = JSON.stringify(params);
  useEffect(() => {
    stale.current = isStale;
  });
  const reload = useCallback(async (): Promise<void> => {
    const mine = ++round.current;
    const result = await client.call(name, JSON.parse(key) as CallParams<N>);
    if (mine !== round.current) return;
    setAnswer((before) => (result.ok ? { value: result.value } : { ...before, failure: result.error }));
  }, [client, name, key]);
  useEffect(() => {
    let soon: ReturnType<typeof setTimeout> | undefined;
    const end = client.subscribe({
      onConnected: () => void reload(),
      onEvent: (event) => {
        // A burst of events is one question.
        if (stale.current(event)) soon ??= setTimeout(() => ((soon = undefined), void reload()), 30);
      },
      onDisconnected: () => {},
    });
    return () => {
      round.current++;
      clearTimeout(soon);
      end();
    };
  }, [client, reload]);
  const again = useCallback(() => void reload(), [reload]);
  return { value: answer.value, failure: answer.failure, reload: again };
}
