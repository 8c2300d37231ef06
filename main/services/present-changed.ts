import { hardwareOf, readConfig, type MachineConfig } from '../../core/contract/index.ts';
import { diskDiffers, getPosition, getSnapshot, type Library, type Snapshot } from '../../core/store/index.ts';

/** Whether a machine that does not run is another than when it is put back to the snapshot. */
export function presentChanged(library: Library, config: MachineConfig, snapshot: Snapshot): boolean {
  const { resume } = getPosition(library, config.id);
  const memory = resume === undefined ? undefined : getSnapshot(library, resume).memory;
  const then = readConfig(snapshot.config, `the snapshot "${snapshot.name}"`);
  return (
    memory?.root !== snapshot.memory?.root ||
    !then.ok ||
    partsOf(then.value) !== partsOf(config) ||
    snapshot.disks.some((disk) => disk.forgets === undefined && diskDiffers(library, disk))
  );
}

/** Whichever order they were written in. */
const partsOf = (config: MachineConfig): string =>
  JSON.stringify(Object.entries(hardwareOf(config)).sort(([one], [other]) => one.localeCompare(other)));
