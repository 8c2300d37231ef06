import { mediumIdOf } from '../../../core/contract/index.ts';
import { useMedia } from '../media/use-media.ts';

/** What an attachment's path is called: a medium of the library by its name, a file by its own. */
export function useMediumName(): (path: string) => string {
  const { media } = useMedia();
  return (path) => {
    const id = mediumIdOf(path);
    if (id === undefined) return path.split(/[\\/]/).at(-1) ?? path;
    return media.find((medium) => medium.id === id)?.name ?? id.slice(0, 8);
  };
}
