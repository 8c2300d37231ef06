import { basename, dirname, join } from 'node:path';
import { ImageError } from '../../core/formats/failure.ts';
import { OverlayBlock } from '../../core/formats/memory-overlay.ts';
import type { Block } from '../../core/backends/index.ts';
import { DisposableStore, assert, err, ok, type Disposable, type Failure, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import type { Attachment, Hardware } from '../../core/contract/machine.ts';
import type { Library, SnapshotDisk } from '../../core/store/index.ts';
import { meteredBlock, type ActivityMeter } from './activity.ts';
import { AttachedDisk } from './attached-disk.ts';
import type { DiskFile, DiskFileOptions } from './disk-file.ts';
import { FileBlock, looksBootable, mediumBytes, openHostFile, readFully, type FileKind } from './image-file.ts';
import { lockImage } from './image-lock.ts';
import type { StoreAttachment } from './machine-snapshots.ts';

/** As `mediumIdOf` of the contract, without its schemas: `run` starts without them. */
const mediumIdOf = (path: string): string | undefined =>
  path.startsWith('medium:') ? path.slice('medium:'.length) : undefined;

/** Everything of the host's file system that a machine uses, open and checked. */
export interface Media extends Disposable {
  readonly floppies: readonly (Block | undefined)[];
  readonly disks: readonly Block[];
  readonly cdrom: Block | undefined;
  readonly firmwareRom: Uint8Array | undefined;
  /** The video BIOS that lies beside a firmware of one's own. */
  readonly videoRom: Uint8Array | undefined;
  readonly kernel:
    | {
        readonly image: Uint8Array;
        readonly modules: readonly { readonly name: string; readonly bytes: Uint8Array }[];
        readonly commandLine: string;
      }
    | undefined;
  /** Device and inode of every file in use, so that no output is written over one. */
  readonly identities: ReadonlyMap<string, string>;
  /** Media of the library among the drives. */
  readonly stored: readonly StoreAttachment[];
  /** Why no snapshot can be taken of what is attached; undefined: it can. */
  readonly obstacle: () => string | undefined;
}

export interface MediaOptions {
  readonly meter: ActivityMeter;
  /** Refuse, when media are attached and none of them would boot (code `image.not-bootable`). */
  readonly mustBoot: boolean;
  readonly lockFolder?: string | undefined;
  /** Told when an image could not be closed properly. */
  readonly log?: (message: string) => void;
  /** Where `medium:` attachments are found. */
  readonly library?: Library | undefined;
  /** Every change of the session goes at its end. */
  readonly throwAway?: boolean | undefined;
  /** The disks of a snapshot, for a machine that begins there and is thrown away. */
  readonly snapshotDisks?: readonly SnapshotDisk[] | undefined;
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

type OpenDisk = (options: DiskFileOptions) => Result<DiskFile>;

interface OpenDrive {
  readonly kind: DriveKind;
  readonly path: string;
  readonly writable: boolean;
  /** Every file that belongs to it, its own first. */
  readonly identities: ReadonlyMap<string, string>;
  /** The medium as it is, to look at before anything is locked. */
  readonly medium: Block;
  /** What the device is given, once the image's lock is held. */
  attach(): Result<Block>;
}

class MediaOpener {
  readonly #opened: DisposableStore;
  readonly #options: MediaOptions;
  readonly #drives: OpenDrive[] = [];
  readonly #stored: StoreAttachment[] = [];
  readonly #overlays: { readonly path: string; readonly block: OverlayBlock }[] = [];

  constructor(opened: DisposableStore, options: MediaOptions) {
    this.#opened = opened;
    this.#options = options;
  }

  /** All checks first, the locks last: a refused configuration leaves no trace. */
  async open(hardware: MediaParts): Promise<Result<Media>> {
    const firmware = hardware.firmware === null ? ok(undefined) : readHostFile(hardware.firmware, 'rom');
    if (!firmware.ok) return firmware;
    const videoRom = hardware.firmware === null ? undefined : videoRomBeside(hardware.firmware);
    const kernel = openKernel(hardware.kernel);
    if (!kernel.ok) return kernel;

    const wanted: [DriveKind, Attachment | null][] = [
      ...hardware.floppies.map((floppy): [DriveKind, Attachment | null] => ['floppy', floppy]),
      ...hardware.disks.map((disk): [DriveKind, Attachment | null] => ['disk', disk]),
      ['cdrom', hardware.cdrom],
    ];
    // Loaded here: a machine without disks starts without the formats.
    const openDisk = hardware.disks.length === 0 ? undefined : (await import('./disk-file.ts')).openDiskFile;
    const slots: { readonly kind: DriveKind; readonly attach: (() => Result<Block>) | undefined }[] = [];
    const counts = { floppy: 0, disk: 0, cdrom: 0 };
    for (const [kind, attachment] of wanted) {
      const place = `${kind}${counts[kind]++}`;
      const id = attachment ? mediumIdOf(attachment.path) : undefined;
      if (attachment && id !== undefined) {
        slots.push({ kind, attach: await this.#storeDrive(kind, place, id, attachment) });
        continue;
      }
      const drive = attachment ? this.#drive(kind, attachment, openDisk) : ok(undefined);
      if (!drive.ok) return drive;
      if (drive.value) this.#drives.push(drive.value);
      slots.push({ kind, attach: drive.value?.attach });
    }
    const refused = this.#checkDuplicates() ?? this.#checkBootable(hardware);
    if (refused) return err(refused);
    for (const { identities, path, writable } of this.#drives) {
      if (!writable) continue;
      const [identity] = identities.keys();
      const lock = await lockImage(identity, path, this.#options.lockFolder);
      if (!lock.ok) return lock;
      this.#opened.add(lock.value);
    }
    const blocks: { readonly kind: DriveKind; readonly block: Block | undefined }[] = [];
    for (const { kind, attach } of slots) {
      const block = attach ? attach() : ok(undefined);
      if (!block.ok) return block;
      blocks.push({ kind, block: block.value && meteredBlock(block.value, kind, this.#options.meter) });
    }
    const ofKind = (kind: DriveKind): (Block | undefined)[] =>
      blocks.filter((b) => b.kind === kind).map((b) => b.block);
    return ok({
      floppies: ofKind('floppy'),
      disks: ofKind('disk').filter((block) => block !== undefined),
      cdrom: ofKind('cdrom')[0],
      firmwareRom: firmware.value,
      videoRom,
      kernel: kernel.value,
      identities: new Map(this.#drives.flatMap(({ identities }) => [...identities])),
      stored: this.#stored,
      obstacle: () => this.#obstacle(),
      dispose: () => this.#opened.dispose(),
    });
  }

  /** A medium of the library: looked for when the locks of files are held. */
  async #storeDrive(kind: DriveKind, place: string, id: string, attachment: Attachment): Promise<() => Result<Block>> {
    const { library, snapshotDisks, throwAway } = this.#options;
    if (!library) return () => err(fail('store.medium', `${attachment.path}: no library is open`, 'name a file'));
    const { StoreDisk, ioFailure } = await import('../../core/store/index.ts');
    return () => {
      try {
        const asThen = snapshotDisks?.find((disk) => disk.medium === id);
        const forgets = throwAway || attachment.mode === 'immutable';
        const mode = kind === 'cdrom' || !attachment.writable ? 'read-only' : forgets ? 'throw-away' : 'normal';
        const disk = asThen ? StoreDisk.ephemeral(library, asThen) : StoreDisk.open(library, id, { mode });
        this.#opened.add(disk);
        if (!disk.readOnly) this.#stored.push({ place, disk, writeThrough: attachment.mode === 'write-through' });
        return ok(disk);
      } catch (error) {
        return err(ioFailure(error, attachment.path));
      }
    };
  }

  #overlay(path: string, medium: Block): OverlayBlock {
    const block = new OverlayBlock(medium);
    this.#overlays.push({ path, block });
    return block;
  }

  #obstacle(): string | undefined {
    const file = this.#drives.find(({ writable }) => writable)?.path;
    if (file !== undefined) return `${file} is written in place: the library cannot keep what it held`;
    const changed = this.#overlays.find(({ block }) => block.overlaidBytes > 0);
    if (changed) return `what was written to ${changed.path} lives in memory only`;
    if (this.#stored.some(({ disk }) => disk.isThrowAway)) return 'the session is to be thrown away';
    return undefined;
  }

  #drive(kind: DriveKind, attachment: Attachment, openDisk: OpenDisk | undefined): Result<OpenDrive> {
    if (kind !== 'disk') return this.#plain(kind, attachment);
    assert(openDisk, 'the formats are loaded for every disk');
    return this.#disk(attachment, openDisk);
  }

  #plain(kind: 'floppy' | 'cdrom', attachment: Attachment): Result<OpenDrive> {
    const writable = attachment.writable && kind !== 'cdrom' && !this.#options.throwAway;
    const file = openHostFile(attachment.path, kind, writable);
    if (!file.ok) return file;
    this.#opened.add(file.value);
    const { path, identity, sizeBytes } = file.value;
    const medium = new FileBlock(file.value, mediumBytes(kind, sizeBytes), !writable);
    return ok({
      kind,
      path,
      writable,
      identities: new Map([[identity, path]]),
      medium,
      attach: () => ok(writable || kind === 'cdrom' ? medium : this.#overlay(path, medium)),
    });
  }

  /** An image that is written is opened anew under its lock: what it holds may have changed until then. */
  #disk(attachment: Attachment, openDisk: OpenDisk): Result<OpenDrive> {
    const { path } = attachment;
    const writable = attachment.writable && !this.#options.throwAway;
    const looked = openDisk({ ...attachment, writable, trial: true });
    if (!looked.ok) return looked;
    const { image, identities } = looked.value;
    this.#opened.add(image);
    const attach = (): Result<Block> => {
      if (!writable) return ok(this.#overlay(path, image));
      image.dispose();
      const disk = openDisk(attachment);
      return disk.ok ? ok(this.#opened.add(new AttachedDisk(disk.value, this.#options.log))) : disk;
    };
    return ok({ kind: 'disk', path, writable, identities, medium: image, attach });
  }

  #checkDuplicates(): Failure | undefined {
    for (const [i, { path, identities, writable }] of this.#drives.entries())
      for (const other of this.#drives.slice(0, i))
        if ((writable || other.writable) && [...identities.keys()].some((identity) => other.identities.has(identity)))
          return fail(
            'image.duplicate',
            `${path} is attached twice, and is to be written`,
            'attach it once, or without writing',
          );
    return undefined;
  }

  #checkBootable(hardware: MediaParts): Failure | undefined {
    if (!this.#options.mustBoot || hardware.firmware !== null || hardware.kernel !== null) return undefined;
    const tried = this.#drives.filter(({ kind }) => hardware.bootOrder.includes(kind));
    try {
      if (tried.length === 0 || tried.some(({ medium, kind }) => looksBootable(medium, kind))) return undefined;
    } catch (error) {
      return error instanceof ImageError
        ? error.failure
        : fail('file.io', (error as Error).message, 'check the disk that holds the images');
    }
    return fail(
      'image.not-bootable',
      `nothing to boot from: no boot sector in ${tried.map(({ path }) => path).join(', ')}`,
      'attach an installed system, or choose another device with --boot',
    );
  }
}

/** SeaBIOS comes with its VGA BIOS in a file of this name; a firmware without one has its own, or no picture. */
function videoRomBeside(firmware: string): Uint8Array | undefined {
  const rom = readHostFile(join(dirname(firmware), 'vgabios-stdvga.bin'), 'rom');
  return rom.ok ? rom.value : undefined;
}

function openKernel(kernel: Hardware['kernel']): Result<Media['kernel']> {
  if (!kernel) return ok(undefined);
  const image = readHostFile(kernel.image, 'kernel');
  if (!image.ok) return image;
  const modules: { readonly name: string; readonly bytes: Uint8Array }[] = [];
  for (const path of kernel.initrd) {
    const bytes = readHostFile(path, 'initrd');
    if (!bytes.ok) return bytes;
    modules.push({ name: basename(path), bytes: bytes.value });
  }
  return ok({ image: image.value, modules, commandLine: kernel.append });
}
