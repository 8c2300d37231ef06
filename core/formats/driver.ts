import type { ByteFile, Entropy } from '../backends/index.ts';
import type { DiskImage, ImageFormat, ImageHost, RelatedRequest } from './disk-image.ts';
import type { Where } from './failure.ts';

/** What a format's reader is given beside the file. Both functions throw ImageError. */
export interface OpenContext extends ImageHost {
  readonly readOnly: boolean;
  readonly entropy: Entropy | undefined;
  /** The medium that absent clusters are read from, open read-only; undefined when the caller wants it left out. */
  openParent(
    reference: Pick<RelatedRequest, 'reference' | 'uuid' | 'modificationUuid'> & {
      readonly format: ImageFormat | undefined;
    },
    where: Where,
  ): DiskImage | undefined;
  /** A file that holds a part of the image. */
  openExtent(name: string, where: Where): ByteFile;
}
