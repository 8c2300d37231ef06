import type { ByteFile } from '../../core/backends/index.ts';
import { err, ok, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import type { Attachment } from '../../core/contract/machine.ts';
import { nodeCodecs } from '../../core/formats/file-codecs.ts';
import { DescriptorFile, relatedFiles } from '../../core/formats/file-source.ts';
import { guardRaw, openImage, type DiskImage, type RelatedFiles } from '../../core/formats/index.ts';
import { systemEntropy } from './clocks.ts';
import { openHostFile } from './image-file.ts';

const DISK_BYTES_MAX = 2048 * 2 ** 30;

/** A disk image of any format, open in place. */
export interface DiskFile {
  readonly image: DiskImage;
  readonly path: string;
  readonly identity: string;
  /** Of every file that belongs to it: its own first, then its parts and its parents; each with its path. */
  readonly identities: ReadonlyMap<string, string>;
}

export interface DiskFileOptions extends Pick<Attachment, 'path' | 'format' | 'allow'> {
  readonly writable: boolean;
  /** Open files as for writing, but read only: to see whether the image could be written. */
  readonly trial?: boolean;
}

/** Opens a disk image with what it refers to. Nothing is written by it. */
export function openDiskFile({ path, format, allow, writable, trial }: DiskFileOptions): Result<DiskFile> {
  const host = openHostFile(path, 'disk', writable);
  if (!host.ok) return host;
  const { identity } = host.value;
  const identities = new Map([[identity, path]]);
  const file = new DescriptorFile(path, host.value.fd, !writable);
  const image = openImage(file, {
    codecs: nodeCodecs,
    entropy: systemEntropy,
    related: noting(relatedFiles({ allowed: allow ?? [] }), identities),
    readOnly: !writable || trial === true,
    format,
  });
  if (!image.ok) {
    file.dispose();
    return image;
  }
  if (image.value.sizeBytes > DISK_BYTES_MAX) {
    image.value.dispose();
    return err(fail('image.oversized', `${path} holds a disk of more than 2 TiB`, 'use a smaller one'));
  }
  const guarded = format === undefined && image.value.format === 'raw' && !image.value.readOnly;
  return ok({ image: guarded ? guardRaw(image.value) : image.value, path, identity, identities });
}

function noting(related: RelatedFiles, identities: Map<string, string>): RelatedFiles {
  return {
    open(request) {
      const file: Result<ByteFile> = related.open(request);
      if (file.ok) identities.set(file.value.identity, file.value.name);
      return file;
    },
    create: (beside, name) => related.create(beside, name),
  };
}
