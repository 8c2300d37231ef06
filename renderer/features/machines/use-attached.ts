import { mediumIdOf } from '../../../core/contract/index.ts';
import { useMedia, type HostImage } from '../media/use-media.ts';

export interface Attached {
  /** A medium of the library by its name, a file by its own. */
  readonly name: string;
  /** The file outside of the library, where it is one with which no machine could start. */
  readonly broken: (HostImage & { readonly problem: NonNullable<HostImage['problem']> }) | undefined;
}

export const fileName = (path: string): string => path.split(/[\\/]/).at(-1) ?? path;

/** What an attachment's path stands for. */
export function useAttached(): (path: string) => Attached {
  const { media, files } = useMedia();
  return (path) => {
    const id = mediumIdOf(path);
    if (id !== undefined)
      return { name: media.find((medium) => medium.id === id)?.name ?? id.slice(0, 8), broken: undefined };
    const file = files.find((one) => one.path === path);
    return {
      name: fileName(path),
      broken: file?.problem ? { ...file, problem: file.problem } : undefined,
    };
  };
}
