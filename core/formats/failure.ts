import { BlockIoError, type ByteFile } from '../backends/index.ts';
import { err, failure, type Failure, type Result } from '../base/index.ts';

export type ImageCode =
  | 'image.format'
  | 'image.corrupt'
  | 'image.truncated'
  | 'image.unsupported'
  | 'image.parent'
  | 'image.cycle'
  | 'image.size'
  | 'image.shrink'
  | 'image.read-only';

/** An image that cannot be used, or a part of it; openImage and its neighbours return it as a value. */
export class ImageError extends BlockIoError {
  readonly failure: Failure;
  constructor(value: Failure) {
    super(value.message, value.place?.offsetBytes ?? 0);
    this.name = 'ImageError';
    this.failure = value;
  }
}

/** Where it was found: `offsetBytes` into the file, and the field's name in the format's own documentation. */
export interface Where {
  readonly file: Pick<ByteFile, 'name'>;
  readonly offsetBytes?: number;
  readonly field?: string;
}

const HINTS: Readonly<Partial<Record<ImageCode, string>>> = {
  'image.corrupt': 'restore the image from a copy; nothing was written to it',
  'image.truncated': 'the file is shorter than it should be: copy it again',
};

export function imageError(code: ImageCode, where: Where, message: string, hint = HINTS[code]): ImageError {
  const { file, offsetBytes, field } = where;
  const place = [field, offsetBytes === undefined ? undefined : `offset ${offsetBytes}`].filter((x) => x !== undefined);
  return new ImageError({
    ...failure(code, `${file.name}: ${place.length > 0 ? `${place.join(' at ')}: ` : ''}${message}`, hint),
    place: {
      file: file.name,
      ...(offsetBytes === undefined ? {} : { offsetBytes }),
      ...(field === undefined ? {} : { field }),
    },
  });
}

export const corrupt = (where: Where, message: string): ImageError => imageError('image.corrupt', where, message);

/** Runs code that throws ImageError or BlockIoError, and returns those as values; other errors are our defects. */
export function attempt<T>(file: Pick<ByteFile, 'name'>, action: () => Result<T>): Result<T> {
  try {
    return action();
  } catch (error) {
    if (error instanceof ImageError) return err(error.failure);
    if (error instanceof BlockIoError)
      return err({
        ...failure('file.io', error.message, 'check the disk that holds the image'),
        place: { file: file.name, offsetBytes: error.offsetBytes },
      });
    throw error;
  }
}
