import type { Block, ByteFile, Codecs, Entropy, WallClock } from '../backends/index.ts';
import type { Disposable, Result } from '../base/index.ts';

export const IMAGE_FORMATS = ['raw', 'qcow2', 'vdi', 'vmdk', 'vhd'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** A run of the medium that is in one state. */
export interface Extent {
  readonly lengthBytes: number;
  /** It reads as zeros, and no image of the chain holds data for it. */
  readonly zero: boolean;
  /** Which image of the chain decides: 0 this one, 1 its parent, … */
  readonly depth: number;
}

export interface SnapshotInfo {
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly sizeBytes: number;
  /** Bytes of a saved machine state; 0 for a snapshot of the disk alone. */
  readonly stateBytes: number;
}

export interface ImageInfo {
  readonly format: ImageFormat;
  /** What the format calls its kind of file: "dynamic", "streamOptimized", …; undefined where there is only one. */
  readonly variant: string | undefined;
  readonly sizeBytes: number;
  /** Unit of allocation; undefined for raw and fixed images. */
  readonly clusterBytes: number | undefined;
  /** As it stands in the image; a format that names its parent by UUID alone has that. */
  readonly parent: { readonly reference: string; readonly format: ImageFormat | undefined } | undefined;
  readonly snapshots: readonly SnapshotInfo[];
  /** Header fields worth showing, in the format's own words. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

export interface CheckReport {
  /** Contradictions that can damage data; empty for a sound image. At most 100 are listed. */
  readonly errors: readonly string[];
  readonly errorCount: number;
  /** Space that the file holds for nothing; harmless. */
  readonly leakedBytes: number;
  /** What was put right, when asked to. */
  readonly repaired: number;
  readonly allocatedBytes: number;
}

/**
 * A disk image, open. As a Block it is what a device is given; errors of the host and damage found on the way are
 * thrown as BlockIoError (damage as its subclass ImageError). Disposing closes its files and its parents'; what was
 * not flushed may be lost then, so call `close` first and look at its answer.
 */
export interface DiskImage extends Block, Disposable {
  readonly format: ImageFormat;
  readonly parent: DiskImage | undefined;
  /** The state of the medium from `offsetBytes`, over at most `maxBytes`; never empty inside the medium. */
  extentAt(offsetBytes: number, maxBytes: number): Extent;
  /** What lies wholly in units of allocation within the range may read as zeros afterwards. */
  discard(offsetBytes: number, lengthBytes: number): void;
  /** Whether a discard frees space in the file, for what is written later or for the host. */
  readonly givesSpaceBack: boolean;
  info(): ImageInfo;
  /** Compares the image's tables with each other. `repair` needs a writable image and keeps every readable byte. */
  check(options?: { readonly repair?: boolean }): CheckReport;
  /** Grows with zeros, or shrinks when nothing but zeros would be lost (code `image.shrink` otherwise). */
  resize(sizeBytes: number): Result<void>;
  /** Writes what is still in memory, flushes, and marks the image as cleanly closed. It cannot be used afterwards. */
  close(): Result<void>;
}

/** A file that an image refers to; the host decides whether it may be opened. */
export interface RelatedRequest {
  readonly purpose: 'parent' | 'extent';
  readonly from: ByteFile;
  /** The name as it stands in the image: hostile. Undefined where the format has none. */
  readonly reference: string | undefined;
  /** The parent's identity, for formats that name it so (VDI, VHD). */
  readonly uuid: string | undefined;
  /** What the parent's last change was named (VDI): which of its copies is meant. */
  readonly modificationUuid?: string | undefined;
  readonly writable: boolean;
}

export interface RelatedFiles {
  open(request: RelatedRequest): Result<ByteFile>;
  /** A new, empty file beside the image, for formats that need several. `name` has no folder. */
  create(beside: ByteFile, name: string): Result<ByteFile>;
}

export interface ImageHost {
  readonly codecs: Codecs;
  /** Without it an image that refers to other files is refused. */
  readonly related?: RelatedFiles | undefined;
}

export interface OpenOptions extends ImageHost {
  /** Default: found by content. Name it for a raw disk whose guest may have written another format's header into it. */
  readonly format?: ImageFormat | undefined;
  /** Default: as the file is. */
  readonly readOnly?: boolean | undefined;
  /** For the content id that some formats change with the first write; without it, it stays. */
  readonly entropy?: Entropy | undefined;
  /** Open without the parent: absent clusters then read as zeros. For looking at an image, not for running it. */
  readonly ignoreParent?: boolean | undefined;
}

export interface CreateOptions extends ImageHost {
  /** A multiple of 512. */
  readonly sizeBytes: number;
  /** The format's kind of file (`IMAGE_VARIANTS`); default its first one. */
  readonly variant?: string | undefined;
  /** Power of two; default the format's own. */
  readonly clusterBytes?: number | undefined;
  /** Compression of clusters that are written whole (qcow2). Streaming formats always compress. */
  readonly compression?: 'none' | 'zlib' | 'zstd' | undefined;
  /** The medium that absent clusters are read from; the image takes it over and disposes of it. */
  readonly parent?: { readonly image: DiskImage; readonly reference: string } | undefined;
  /** For UUIDs and content ids. */
  readonly entropy: Entropy;
  /** For time stamps. */
  readonly wallClock: WallClock;
}

/** The kinds of file of each format, the default first. */
export const IMAGE_VARIANTS = {
  raw: ['raw'],
  qcow2: ['v3', 'v2'],
  vdi: ['dynamic', 'fixed'],
  vmdk: ['monolithicSparse', 'monolithicFlat', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat', 'streamOptimized'],
  vhd: ['dynamic', 'fixed'],
} as const satisfies Readonly<Record<ImageFormat, readonly string[]>>;
