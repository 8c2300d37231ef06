import { FailureError, type Result } from '../../core/base/index.ts';
import { nodeCodecs } from '../../core/formats/file-codecs.ts';
import { openByteFile } from '../../core/formats/file-source.ts';
import { openImage, type DiskImage, type RelatedFiles } from '../../core/formats/index.ts';
import { importMedium, type Library, type Medium } from '../../core/store/index.ts';
import { systemEntropy, systemWallClock } from '../vm-host/clocks.ts';
import { mediumBytes } from '../vm-host/image-file.ts';

export const imageHost = { codecs: nodeCodecs, entropy: systemEntropy, wallClock: systemWallClock };

export interface ImportOptions {
  readonly name: string;
  readonly kind: Medium['kind'];
  /** Without it an image that needs another file is refused. */
  readonly related?: RelatedFiles | undefined;
}

/**
 * Copies an image of any known format into the library, step by step: yields how many bytes of how many are done, returns
 * the medium. Throws FailureError; ended before its end, it leaves nothing.
 */
export function* importImage(
  library: Library,
  path: string,
  { name, kind, related }: ImportOptions,
): Generator<readonly [doneBytes: number, totalBytes: number], Medium> {
  const image = openHostImage(path, related);
  if (!image.ok) throw new FailureError(image.error);
  const source = image.value;
  try {
    const sizeBytes = mediumBytes(kind, source.sizeBytes);
    const work = importMedium(
      library,
      { name, kind, sizeBytes },
      {
        ...{ sizeBytes: source.sizeBytes, readOnly: true },
        read: (at, target) => source.read(at, target),
        write: () => {},
        flush: () => {},
        nextData: (at) => nextData(source, at),
      },
    );
    try {
      for (;;) {
        const step = work.next();
        if (step.done) return step.value;
        yield [step.value, sizeBytes];
      }
    } finally {
      work.return(undefined as never);
    }
  } finally {
    source.dispose();
  }
}

/** A file to read from, whatever its format. */
function openHostImage(path: string, related: RelatedFiles | undefined): Result<DiskImage> {
  const file = openByteFile(path, 'read');
  if (!file.ok) return file;
  const image = openImage(file.value, { ...imageHost, related, readOnly: true });
  if (!image.ok) file.value.dispose();
  return image;
}

function nextData(image: DiskImage, offsetBytes: number): number {
  let at = offsetBytes;
  while (at < image.sizeBytes) {
    const extent = image.extentAt(at, image.sizeBytes - at);
    if (!extent.zero) return at;
    at += extent.lengthBytes;
  }
  return at;
}
