/** Opening, creating and recognizing disk images: the one door to every format. */
import type { ByteFile } from '../backends/index.ts';
import { ok, type Result } from '../base/index.ts';
import type { CreateOptions, DiskImage, ImageFormat, OpenOptions, RelatedRequest } from './disk-image.ts';
import type { OpenContext } from './driver.ts';
import { attempt, imageError, ImageError, type Where } from './failure.ts';
import { probeImage } from './probe.ts';
import { Qcow2Image } from './qcow2/qcow2.ts';
import { VdiImage } from './vdi.ts';
import { VhdImage } from './vhd/vhd.ts';
import { VmdkDriver } from './vmdk/vmdk.ts';
import { RawImage } from './raw.ts';

interface Driver {
  /** Throws ImageError; disposes of what it opened beside `file`. */
  open(file: ByteFile, context: OpenContext): DiskImage;
  /** `file` is empty. */
  create(file: ByteFile, options: CreateOptions): DiskImage;
}

const DRIVERS: Readonly<Record<ImageFormat, Driver>> = {
  raw: RawImage,
  qcow2: Qcow2Image,
  vdi: VdiImage,
  vmdk: VmdkDriver,
  vhd: VhdImage,
};

/** Images below one that is attached: more is a mistake or an attack. */
const CHAIN_MAX = 64;

/**
 * Opens an image of any format. On success the image owns `file` and disposes of it; on failure it is the caller's.
 * Codes: image.format, image.corrupt, image.truncated, image.unsupported, image.parent, image.cycle, image.size,
 * image.read-only, file.io. Nothing is written by opening.
 */
export function openImage(file: ByteFile, options: OpenOptions): Result<DiskImage> {
  return attempt(file, () => ok(openInChain(file, options, [file.identity])));
}

function openInChain(file: ByteFile, options: OpenOptions, chain: readonly string[]): DiskImage {
  const format = options.format ?? probeImage(file);
  const readOnly = (options.readOnly ?? false) || file.readOnly;
  const related = (request: RelatedRequest, where: Where): ByteFile => {
    if (!options.related)
      throw imageError(
        'image.parent',
        where,
        `the image needs ${request.reference ?? request.uuid}, and other files may not be opened here`,
        'convert it to an image that stands alone',
      );
    const opened = options.related.open(request);
    if (!opened.ok)
      throw new ImageError({
        ...opened.error,
        message: `${file.name}: its ${request.purpose}: ${opened.error.message}`,
        place: { file: file.name, ...(where.field !== undefined && { field: where.field }) },
      });
    return opened.value;
  };
  return DRIVERS[format].open(file, {
    codecs: options.codecs,
    related: options.related,
    entropy: options.entropy,
    readOnly,
    openParent({ format: parentFormat, ...named }, where) {
      if (options.ignoreParent) return undefined;
      const parent = related({ purpose: 'parent', from: file, ...named, writable: false }, where);
      try {
        if (chain.includes(parent.identity))
          throw imageError('image.cycle', where, `${parent.name} is its own ancestor`, 'correct the chain of parents');
        if (chain.length >= CHAIN_MAX)
          throw imageError('image.cycle', where, `more than ${CHAIN_MAX} parents`, 'join some of them');
        return openInChain(parent, { ...options, readOnly: true, format: parentFormat }, [...chain, parent.identity]);
      } catch (error) {
        parent.dispose();
        throw error;
      }
    },
    openExtent(name, where) {
      const extent = related(
        { purpose: 'extent', from: file, reference: name, uuid: undefined, writable: !readOnly },
        where,
      );
      if (extent.identity !== file.identity) return extent;
      extent.dispose();
      throw imageError('image.cycle', where, `${name} is the image itself`);
    },
  });
}

/** Makes `file`, which must be empty and writable, into a new image whose contents are its parent's, or zeros. */
export function createImage(file: ByteFile, format: ImageFormat, options: CreateOptions): Result<DiskImage> {
  return attempt(file, () => {
    const { sizeBytes } = options;
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0 || sizeBytes % 512 !== 0)
      throw imageError('image.size', { file }, `${sizeBytes} is no size`, 'use a multiple of 512 bytes');
    return ok(DRIVERS[format].create(file, options));
  });
}
