import type { Client } from '../../ipc/client.ts';
import { machineHash } from '../../state/route.ts';

/**
 * A window for the machine's screen alone; one that is there for it is shown again. False: the browser let none be
 * opened. The desktop app opens its own in the place of the page's, which never sees it.
 */
export function openOwnWindow(client: Client, id: string): boolean {
  const opened = window.open(machineHash(id), `machine-${id}`, 'popup,width=1100,height=760');
  opened?.focus();
  return opened !== null || client.shell === 'electron';
}
