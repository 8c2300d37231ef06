import type { Attachment, Failure, MachineInfo } from '../../../core/contract/index.ts';
import type { Client } from '../../ipc/client.ts';

/** Puts another file into every drive that has this one, or nothing (null). Ends at the first machine that refuses. */
export async function replaceEverywhere(
  client: Client,
  machines: readonly MachineInfo[],
  path: string,
  next: string | null,
): Promise<Failure | undefined> {
  const replaced = (attachment: Attachment | null): Attachment | null => {
    if (attachment?.path !== path) return attachment;
    return next === null ? null : { ...attachment, path: next };
  };
  for (const { config } of machines) {
    const { id, floppies, disks, cdrom } = config;
    if (![...floppies, ...disks, cdrom].some((attachment) => attachment?.path === path)) continue;
    const done = await client.call('machines.update', {
      id,
      changes: {
        floppies: floppies.map(replaced),
        disks: disks.map(replaced).filter((disk) => disk !== null),
        cdrom: replaced(cdrom),
      },
    });
    if (!done.ok) return done.error;
  }
  return undefined;
}
