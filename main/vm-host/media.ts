import { basename, dirname, join } from 'node:path';
import { ImageError } from '../../core/formats/failure.ts';
import { OverlayBlock } from '../../core/formats/memory-overlay.ts';
import type { Block } from '../../core/backends/index.ts';
import { DisposableStore, err, ok, type Disposable, type Failure, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import type { Attachment, Hardware } from '../../core/contract/machine.ts';
import type { Library, SnapshotDisk } from '../../core/store/index.ts';
import { meteredBlock, type ActivityMeter } from './activity.ts';
import { AttachedDisk } from './attached-disk.ts';
import type { DiskFile, DiskFileOptions } from './disk-file.ts';
import { FileBlock, looksBootable, mediumBytes, openHostFile, readFully, type FileKind } from './image-file.ts';
import { lockImage } from './image-lock.ts';
import type { StoreAttachment } from './machine-snapshots.ts';
import { once, unpackKernel, type Unpacked } from './unpack-kernel.ts';

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
        /** Unpacked, beside whatever is done before it is started; once, so that nothing keeps it. */
        readonly takeUnpacked: () => Promise<Unpacked> | undefined;
        readonly modules: readonly { readonly name: string; readonly bytes: Uint8Array }[];
        readonly commandLine: string;
      }
    | undefined;
  /** Device and inode of every file in use, so that no output is written over one. */
  readonly identities: ReadonlyMap<string, string>;
  /** Media of the library among the drives. */
  readonly stored: readonly StoreAttachment[];
  /** Why no snapshot can be taken of what is attached; undefined: it can. */
  obstacle(): Failure | undefined;
  /**
   * Puts another medium into a drive (null: none), through `insert`, once it is found good and its lock is held: on an
   * error the old one stays. Nothing else uses the drive's old medium meanwhile.
   */
  change(
    place: string,
    attachment: Attachment | null,
    insert: (medium: Block | undefined) => void,
  ): Promise<Result<void>>;
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
  /** The disks of the saved state that the machine goes on from. */
  readonly resumedDisks?: readonly SnapshotDisk[] | undefined;
}

type DriveKind = 'floppy' | 'disk' | 'cdrom';
type MediaParts = Pick<Hardware, 'floppies' | 'disks' | 'cdrom' | 'firmware' | 'kernel' | 'bootOrder'>;

/** Opens all or nothing: on an error everything is closed again, and no byte was written. */
export async function openMedia(hardware: MediaParts, options: MediaOptions): Promise<Result<Media>> {
  const media = new OpenMedia(options);
  const opened = await media.open(hardware);
  if (opened.ok) return ok(media);
  media.dispose();
  return opened;
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

/** A file of the host that was looked at, and is not locked yet. */
interface OpenFile {
  readonly path: string;
  readonly writable: boolean;
  /** Every file that belongs to it, its own first. */
  readonly identities: ReadonlyMap<string, string>;
  /** The medium as it is, to look at before anything is locked. */
  readonly medium: Block;
}

/** A medium in a drive, with all that was opened for it; `attach` comes when its locks may be taken. */
interface Slot extends Disposable {
  readonly place: string;
  readonly kind: DriveKind;
  /** Of a file of the host. */
  readonly file?: OpenFile;
  /** What the device is given. */
  attach(): Promise<Result<Block>>;
  /** Of a medium of the library, once it is attached. */
  stored?: StoreAttachment;
  /** What the guest wrote to a file that may not be written. */
  overlay?: OverlayBlock;
}

const driveOf = (place: string): DriveKind =>
  place.startsWith('floppy') ? 'floppy' : place.startsWith('disk') ? 'disk' : 'cdrom';

class OpenMedia implements Media {
  readonly #options: MediaOptions;
  readonly #slots = new Map<string, Slot>();
  floppies: readonly (Block | undefined)[] = [];
  disks: readonly Block[] = [];
  cdrom: Block | undefined;
  firmwareRom: Uint8Array | undefined;
  videoRom: Uint8Array | undefined;
  kernel: Media['kernel'];

  constructor(options: MediaOptions) {
    this.#options = options;
  }

  /** All checks first, the locks last: a refused configuration leaves no trace. */
  async open(hardware: MediaParts): Promise<Result<void>> {
    const firmware = hardware.firmware === null ? ok(undefined) : readHostFile(hardware.firmware, 'rom');
    if (!firmware.ok) return firmware;
    const kernel = openKernel(hardware.kernel);
    if (!kernel.ok) return kernel;
    this.firmwareRom = firmware.value;
    this.videoRom = hardware.firmware === null ? undefined : videoRomBeside(hardware.firmware);
    this.kernel = kernel.value;

    const wanted: readonly (readonly [place: string, Attachment | null])[] = [
      ...hardware.floppies.map((floppy, i) => [`floppy${i}`, floppy] as const),
      ...hardware.disks.map((disk, i) => [`disk${i}`, disk] as const),
      ['cdrom', hardware.cdrom],
    ];
    for (const [place, attachment] of wanted) {
      if (!attachment) continue;
      const slot = await this.#look(place, attachment);
      if (!slot.ok) return slot;
      const refused = this.#duplicate(slot.value);
      this.#slots.set(place, slot.value);
      if (refused) return err(refused);
    }
    const refused = this.#checkBootable(hardware);
    if (refused) return err(refused);
    const blocks = new Map<string, Block>();
    for (const [place, slot] of this.#slots) {
      const block = await slot.attach();
      if (!block.ok) return block;
      blocks.set(place, block.value);
    }
    this.floppies = hardware.floppies.map((_, i) => blocks.get(`floppy${i}`));
    this.disks = hardware.disks.map((_, i) => blocks.get(`disk${i}`)!);
    this.cdrom = blocks.get('cdrom');
    return ok(undefined);
  }

  async change(
    place: string,
    attachment: Attachment | null,
    insert: (medium: Block | undefined) => void,
  ): Promise<Result<void>> {
    const before = this.#slots.get(place);
    if (!attachment) {
      insert(undefined);
      this.#slots.delete(place);
      before?.dispose();
      return ok(undefined);
    }
    const slot = await this.#look(place, attachment);
    if (!slot.ok) return slot;
    const refused = this.#duplicate(slot.value);
    const block = refused ? err(refused) : await slot.value.attach();
    if (!block.ok) {
      slot.value.dispose();
      return block;
    }
    insert(block.value);
    this.#slots.set(place, slot.value);
    before?.dispose();
    return ok(undefined);
  }

  get identities(): ReadonlyMap<string, string> {
    return new Map([...this.#slots.values()].flatMap(({ file }) => (file ? [...file.identities] : [])));
  }

  get stored(): readonly StoreAttachment[] {
    return [...this.#slots.values()].flatMap(({ stored }) => stored ?? []);
  }

  obstacle(): Failure | undefined {
    const because = (reason: string): Failure =>
      fail('snapshot.unsupported', reason, 'import the image into the library, and attach that');
    for (const { file, overlay } of this.#slots.values()) {
      if (file?.writable) return because(`${file.path} is written in place: the library cannot keep what it held`);
      if (file && overlay && overlay.overlaidBytes > 0)
        return because(`what was written to ${file.path} lives in memory only`);
    }
    return undefined;
  }

  dispose(): void {
    for (const slot of [...this.#slots.values()].reverse()) slot.dispose();
    this.#slots.clear();
  }

  async #look(place: string, attachment: Attachment): Promise<Result<Slot>> {
    const kind = driveOf(place);
    const id = mediumIdOf(attachment.path);
    const resources = new DisposableStore();
    const slot =
      id !== undefined
        ? await this.#storeSlot(kind, place, id, attachment, resources)
        : kind === 'disk'
          ? // Loaded here: a machine without disks starts without the formats.
            this.#diskSlot(place, attachment, resources, (await import('./disk-file.ts')).openDiskFile)
          : this.#plainSlot(kind, place, attachment, resources);
    if (!slot.ok) resources.dispose();
    return slot;
  }

  /** A medium of the library: opened when it is attached. */
  async #storeSlot(
    kind: DriveKind,
    place: string,
    id: string,
    attachment: Attachment,
    resources: DisposableStore,
  ): Promise<Result<Slot>> {
    const { library, snapshotDisks, resumedDisks, throwAway, meter } = this.#options;
    if (!library) return err(fail('store.medium', `${attachment.path}: no library is open`, 'name a file'));
    const { StoreDisk, ioFailure } = await import('../../core/store/index.ts');
    const attach = async (): Promise<Result<Block>> => {
      try {
        const asThen = snapshotDisks?.find((disk) => disk.medium === id);
        const from = resumedDisks?.find((disk) => disk.medium === id && disk.forgets !== undefined);
        const forgets = from?.forgets ?? (attachment.mode === 'immutable' ? 'disk' : throwAway ? 'session' : undefined);
        const mode = kind === 'cdrom' || !attachment.writable ? 'read-only' : forgets ? 'throw-away' : 'normal';
        const disk = resources.add(
          asThen
            ? StoreDisk.ephemeral(library, asThen, true)
            : StoreDisk.open(library, id, { mode, from, readsAhead: true }),
        );
        const writeThrough = attachment.mode === 'write-through';
        if (!disk.readOnly) slot.stored = { place, disk, writeThrough, forgets };
        return ok(meteredBlock(disk, kind, meter));
      } catch (error) {
        return err(ioFailure(error, attachment.path));
      }
    };
    const slot: Slot = { place, kind, attach, dispose: () => resources.dispose() };
    return ok(slot);
  }

  #plainSlot(
    kind: 'floppy' | 'cdrom',
    place: string,
    attachment: Attachment,
    resources: DisposableStore,
  ): Result<Slot> {
    const writable = attachment.writable && kind !== 'cdrom' && !this.#options.throwAway;
    const host = openHostFile(attachment.path, kind, writable);
    if (!host.ok) return host;
    resources.add(host.value);
    const { path, identity, sizeBytes } = host.value;
    const medium = new FileBlock(host.value, mediumBytes(kind, sizeBytes), !writable);
    const file = { path, writable, identities: new Map([[identity, path]]), medium };
    return ok(this.#fileSlot(kind, place, file, resources, () => ok(medium)));
  }

  /** An image that is written is opened anew under its lock: what it holds may have changed until then. */
  #diskSlot(place: string, attachment: Attachment, resources: DisposableStore, openDisk: OpenDisk): Result<Slot> {
    const { path } = attachment;
    const writable = attachment.writable && !this.#options.throwAway;
    const looked = openDisk({ ...attachment, writable, trial: true });
    if (!looked.ok) return looked;
    const { image, identities } = looked.value;
    resources.add(image);
    const reopen = (): Result<Block> => {
      image.dispose();
      const disk = openDisk(attachment);
      return disk.ok ? ok(resources.add(new AttachedDisk(disk.value, this.#options.log))) : disk;
    };
    const file = { path, writable, identities, medium: image };
    return ok(this.#fileSlot('disk', place, file, resources, reopen));
  }

  #fileSlot(
    kind: DriveKind,
    place: string,
    file: OpenFile,
    resources: DisposableStore,
    openToWrite: () => Result<Block>,
  ): Slot {
    const { lockFolder, meter } = this.#options;
    const attach = async (): Promise<Result<Block>> => {
      if (file.writable) {
        const [identity] = file.identities.keys();
        const lock = await lockImage(identity, file.path, lockFolder);
        if (!lock.ok) return lock;
        resources.add(lock.value);
        const block = openToWrite();
        return block.ok ? ok(meteredBlock(block.value, kind, meter)) : block;
      }
      if (kind === 'cdrom') return ok(meteredBlock(file.medium, kind, meter));
      slot.overlay = new OverlayBlock(file.medium);
      return ok(meteredBlock(slot.overlay, kind, meter));
    };
    const slot: Slot = { place, kind, file, attach, dispose: () => resources.dispose() };
    return slot;
  }

  /** The same image in another drive, and one of the two is to be written. */
  #duplicate({ place, file }: Slot): Failure | undefined {
    if (!file) return undefined;
    for (const other of this.#slots.values()) {
      if (other.place === place || !other.file || !(file.writable || other.file.writable)) continue;
      const theirs = other.file.identities;
      if ([...file.identities.keys()].some((identity) => theirs.has(identity)))
        return fail(
          'image.duplicate',
          `${file.path} is attached twice, and is to be written`,
          'attach it once, or without writing',
        );
    }
    return undefined;
  }

  #checkBootable(hardware: MediaParts): Failure | undefined {
    if (!this.#options.mustBoot || hardware.firmware !== null || hardware.kernel !== null) return undefined;
    const tried = [...this.#slots.values()].flatMap(({ kind, file }) =>
      file && hardware.bootOrder.includes(kind) ? [{ kind, ...file }] : [],
    );
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
  const unpacked = kernel.unpack === 'host' ? unpackKernel(image.value) : undefined;
  return ok({ image: image.value, takeUnpacked: once(unpacked), modules, commandLine: kernel.append });
}
