import { useEffect, useState } from 'react';
import type { Client } from './client.ts';
import { MachineStream } from './machine-stream.ts';

const RETRY_MS = 1000;

/** The stream of a machine while it is live (running or paused), opened again when the connection breaks. */
export function useMachineStream(client: Client, machineId: string, live: boolean, large = false): MachineStream {
  const [stream] = useState(() => new MachineStream());
  useEffect(() => {
    if (!live) return;
    let ended = false;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const open = async (): Promise<void> => {
      const again = (): void => {
        if (!ended) retry = setTimeout(() => void open(), RETRY_MS);
      };
      const opened = await client.openStream(
        machineId,
        { onData: (data) => stream.receive(data), onClose: again },
        { large },
      );
      if (!opened.ok) again();
      else if (ended) opened.value.close();
      else stream.attach(opened.value);
    };
    void open();
    return () => {
      ended = true;
      clearTimeout(retry);
      stream.detach();
    };
  }, [client, machineId, live, large, stream]);
  return stream;
}
