import { OverlayBlock } from '../../core/formats/memory-overlay.ts';
import type { Block } from '../../core/backends/index.ts';
import { DisposableStore, err, ok, type Disposable, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import type { Attachment, BootDevice, Hardware } from '../../core/contract/machine.ts';
import { meteredBlock, type ActivityMeter } from './activity.ts';
import { FileBlock, looksBootable, mediumBytes, openHostFile, readFully, type FileKind } from './image-file.ts';
import { lockImage } from './image-lock.ts';

/** Everything of the host's file system that a machine uses, open and checked. */
export interface Media extends Disposable {
  readonly floppies: readonly (Block | undefined)[];
  readonly disks: readonly Block[];
  readonly cdrom: Block | undefined;
  readonly firmwareRom: Uint8Array | undefined;
  readonly kernel: { readonly image: Uint8Array; readonly initrd?: Uint8Array; readonly commandLine: string } | undefined;
  /** Device and inode of every file in use, so that no output is written over one. */
  readonly identities: ReadonlyMap<string, string>;
}

export interface MediaOptions {
  readonly meter: ActivityMeter;
  /** Refuse, when media are attached and none of them would boot (code `image.not-bootable`). */
  readonly mustBoot: boolean;
  readonly lockFolder?: string | undefined;
}

type DriveKind = 'floppy' | 'disk' | 'cdrom';
type MediaParts = Pick<Hardware, 'floppies' | 'disks' | 'cdrom' | 'firmware' | 'kernel' | 'bootOrder'>;

/** Opens all or nothing: on an error everything is closed again, and no byte was written. */
export async function openMedia(hardware: MediaParts, options: MediaOptions): Promise<Result<Media>> {
  const opened = new DisposableStore();
  const result = await new MediaOpener(opened, options).open(hardware);
  if (!result.ok) opened.dispose();
  return result;
}

/** Reads a whole file of limited size (a ROM, a kernel). */
export function readHostFile(path: string, kind: FileKind): Result<Uint8Array> {
  const file = openHostFile(path, kind);
  if (!file.ok) return file;
  try {
    const data = new Uint8Array(file.value.sizeBytes);
    readFully(file.value, 0, data);
    return ok(data);
  } catch (error) {
    return err(fail('file.io', `${path}: ${(error as Error).message}`, 'check the disk that holds it'));
  } finally {
    file.value.dispose();
  }
}

class MediaOpener {
  readonly #opened: DisposableStore;
  readonly #options: MediaOptions;
  readonly #identities = new Map<string, string>();
  readonly #writable = new Set<string>();
  readonly #bootable = new Map<BootDevice, boolean>();

  constructor(opened: DisposableStore, options: MediaOptions) {
    this.#opened = opened;
    this.#options = options;
  }

  async open(hardware: MediaParts): Promise<Result<Media>> {
    const firmware = hardware.firmware === null ? ok(undefined) : readHostFile(hardware.firmware, 'rom');
    if (!firmware.ok) return firmware;
    const kernel = this.#kernel(hardware.kernel);
    if (!kernel.ok) return kernel;

    const floppies: (Block | undefined)[] = [];
    for (const floppy of hardware.floppies) {
      const block = floppy ? await this.#drive('floppy', floppy) : ok(undefined);
      if (!block.ok) return block;
      floppies.push(block.value);
    }
    const disks: Block[] = [];
    for (const disk of hardware.disks) {
      const block = await this.#drive('disk', disk);
      if (!block.ok) return block;
      disks.push(block.value);
    }
    const cdrom = hardware.cdrom ? await this.#drive('cdrom', hardware.cdrom) : ok(undefined);
    if (!cdrom.ok) return cdrom;

    const tried = hardware.bootOrder.filter((device) => this.#bootable.has(device));
    if (this.#options.mustBoot && hardware.firmware === null && hardware.kernel === null && tried.length > 0)
      if (!tried.some((device) => this.#bootable.get(device)))
        return err(
          fail(
            'image.not-bootable',
            `nothing to boot from: ${[...this.#identities.values()].join(', ')} has no boot sector`,
            'attach an installed system, or choose another device with --boot',
          ),
        );
    return ok({
      floppies,
      disks,
      cdrom: cdrom.value,
      firmwareRom: firmware.value,
      kernel: kernel.value,
      identities: this.#identities,
      dispose: () => this.#opened.dispose(),
    });
  }

  #kernel(kernel: Hardware['kernel']): Result<Media['kernel']> {
    if (!kernel) return ok(undefined);
    const image = readHostFile(kernel.image, 'kernel');
    if (!image.ok) return image;
    if (kernel.initrd === null) return ok({ image: image.value, commandLine: kernel.append });
    const initrd = readHostFile(kernel.initrd, 'initrd');
    if (!initrd.ok) return initrd;
    return ok({ image: image.value, initrd: initrd.value, commandLine: kernel.append });
  }

  async #drive(kind: DriveKind, attachment: Attachment): Promise<Result<Block>> {
    const { path } = attachment;
    const writable = attachment.writable && kind !== 'cdrom';
    const file = openHostFile(path, kind, writable);
    if (!file.ok) return file;
    this.#opened.add(file.value);
    const { identity, sizeBytes } = file.value;
    if (this.#identities.has(identity) && (writable || this.#writable.has(identity)))
      return err(fail('image.duplicate', `${path} is attached twice, and is to be written`, 'attach it once, or without writing'));
    this.#identities.set(identity, path);
    if (writable) {
      const lock = await lockImage(identity, path, this.#options.lockFolder);
      if (!lock.ok) return lock;
      this.#opened.add(lock.value);
      this.#writable.add(identity);
    }
    if (this.#options.mustBoot && !this.#bootable.get(kind))
      try {
        this.#bootable.set(kind, looksBootable(file.value, kind));
      } catch (error) {
        return err(fail('file.io', `${path}: ${(error as Error).message}`, 'check the disk that holds it'));
      }
    const inPlace = new FileBlock(file.value, mediumBytes(kind, sizeBytes), !writable);
    const block = writable || kind === 'cdrom' ? inPlace : new OverlayBlock(inPlace);
    return ok(meteredBlock(block, kind, this.#options.meter));
  }
}
