import { useEffect, useState } from 'react';
import { useMachineStream } from '../../ipc/use-machine-stream.ts';
import { useApp } from '../../state/context.ts';
import { SAMPLES_MAX, Sampler, type Sample } from './samples.ts';

/** What a live machine has been doing since this was shown. */
export function useSamples(id: string, live: boolean): readonly Sample[] {
  const { client } = useApp();
  const stream = useMachineStream(client, id, live);
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    const sampler = new Sampler();
    return stream.on('status', (status) => {
      const sample = sampler.take(status, Date.now() / 1000);
      if (sample) setSamples((before) => [...before.slice(1 - SAMPLES_MAX), sample]);
    });
  }, [stream]);
  return samples;
}
