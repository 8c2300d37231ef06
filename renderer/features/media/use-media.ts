import { useEffect } from 'react';
import type { CallResult, Failure } from '../../../core/contract/index.ts';
import { useResource } from '../../state/resource.ts';

export type Medium = CallResult<'media.list'>['media'][number];
export type MediumKind = Medium['kind'];
/** A file outside of the library, in a machine's drive. */
export type HostImage = CallResult<'media.list'>['files'][number];

/**
 * The media of the library, and the files that machines use; who uses them changes with the machines. Nothing tells when a
 * file of the host goes away or comes back: it is looked at when the window is turned to.
 */
export function useMedia(): {
  readonly media: readonly Medium[];
  readonly files: readonly HostImage[];
  readonly failure: Failure | undefined;
  readonly known: boolean;
} {
  const { value, failure, reload } = useResource(
    'media.list',
    {},
    ({ event }) => event === 'media.changed' || event === 'machine.removed' || event === 'machine.changed',
  );
  useEffect(() => {
    window.addEventListener('focus', reload);
    return () => window.removeEventListener('focus', reload);
  }, [reload]);
  return { media: value?.media ?? [], files: value?.files ?? [], failure, known: value !== undefined };
}
