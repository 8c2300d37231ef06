import type { Failure } from '../../../core/contract/index.ts';
import type { Client } from '../../ipc/client.ts';
import { saveFile } from '../../ui/save-file.ts';

/** The guest's picture, pixel by pixel, as a file. */
export async function saveScreenshot(client: Client, id: string, name: string): Promise<Failure | undefined> {
  const shot = await client.call('machines.screen', { id, png: true });
  if (!shot.ok) return shot.error;
  const bytes = Uint8Array.from(atob(shot.value.png ?? ''), (char) => char.charCodeAt(0));
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  saveFile(`${name} ${time}.png`, new Blob([bytes], { type: 'image/png' }));
  return undefined;
}
