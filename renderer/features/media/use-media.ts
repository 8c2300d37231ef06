import type { CallResult, Failure } from '../../../core/contract/index.ts';
import { useResource } from '../../state/resource.ts';

export type Medium = CallResult<'media.list'>['media'][number];
export type MediumKind = Medium['kind'];

/** The media of the library; who uses them changes with the machines. */
export function useMedia(): {
  readonly media: readonly Medium[];
  readonly failure: Failure | undefined;
  readonly known: boolean;
} {
  const { value, failure } = useResource(
    'media.list',
    {},
    ({ event }) => event === 'media.changed' || event === 'machine.removed' || event === 'machine.changed',
  );
  return { media: value?.media ?? [], failure, known: value !== undefined };
}
