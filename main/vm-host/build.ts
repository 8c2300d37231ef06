import type { CharSink } from '../../core/backends/index.ts';
import { FailureError, err, ok, type Disposable, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import type { Hardware } from '../../core/contract/machine.ts';
import type { Machine, PcBackends, PcConfig } from '../../core/machine/machine.ts';
import type { HostClock } from './clocks.ts';
import { repeatableEntropy, repeatableWallClock, systemEntropy, systemWallClock } from './clocks.ts';
import { compilerThread } from './region-compiler.ts';
import { openMedia, type Media, type MediaOptions } from './media.ts';
import { once } from './unpack-kernel.ts';

/** Makes a board; the real one is pcFactory, tests inject their own. */
export type MachineFactory = (config: PcConfig, backends: PcBackends) => Machine | Promise<Machine>;

export interface BuildOptions extends MediaOptions {
  /** Of a machine in a library: its id there. */
  readonly uuid?: string | undefined;
  readonly factory: MachineFactory;
  readonly hostClock: HostClock;
  /** COM1 first. Called once every image is found good, so that bad input writes nothing. */
  readonly openSerial: (media: Media) => Result<readonly CharSink[]>;
  readonly log: (message: string) => void;
}

export interface BuiltMachine extends Disposable {
  readonly machine: Machine;
  readonly media: Media;
}

/** Opens what the configuration names and builds the machine; `dispose` closes the files and frees the locks. */
export async function buildMachine(hardware: Hardware, options: BuildOptions): Promise<Result<BuiltMachine>> {
  const media = await openMedia(hardware, options);
  if (!media.ok) return media;
  const { floppies, disks, cdrom, firmwareRom, videoRom, kernel } = media.value;
  const serial = options.openSerial(media.value);
  if (!serial.ok) {
    media.value.dispose();
    return serial;
  }
  const repeatable = hardware.clock === 'virtual';
  try {
    const unpacking = kernel?.takeUnpacked();
    // What is entered unpacked is hot at once, and until it is unpacked there is time.
    if (unpacking && hardware.engine !== 'interpreter') compilerThread();
    const takeUnpacked = once(await unpacking);
    const machine = await options.factory(
      {
        memoryMiB: hardware.memoryMiB,
        bootOrder: hardware.bootOrder,
        clock: hardware.clock,
        engine: hardware.engine,
        cpuModel: hardware.cpuModel,
        pointer: hardware.pointer,
        paravirtual: hardware.paravirtual,
        balloonMiB: hardware.balloonMiB,
        bootMenu: hardware.bootMenu,
        ...(options.uuid !== undefined && { uuid: options.uuid }),
        ...(firmwareRom && { firmwareRom }),
        ...(videoRom && { videoRom }),
        ...(kernel && { kernel: { ...kernel, takeUnpacked } }),
      },
      {
        hostClock: options.hostClock,
        wallClock: repeatable ? repeatableWallClock : systemWallClock,
        entropy: repeatable ? repeatableEntropy() : systemEntropy,
        floppies,
        disks,
        cdrom,
        serial: serial.value,
        log: options.log,
      },
    );
    return ok({ machine, media: media.value, dispose: () => media.value.dispose() });
  } catch (error) {
    media.value.dispose();
    if (error instanceof FailureError) return err(error.failure);
    if (error instanceof RangeError)
      return err(
        fail('machine.start', `the host cannot give ${hardware.memoryMiB} MiB of memory`, 'choose less memory'),
      );
    return err(fail('machine.start', `the machine cannot be built: ${(error as Error).message}`));
  }
}
