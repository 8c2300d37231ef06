import type { Attachment } from '../../../core/contract/index.ts';

/** What the guest's writes do to a medium. `keep` and `forget` are for files and media alike. */
const MODES = ['keep', 'forget', 'immutable', 'write-through'] as const;
export type WriteMode = (typeof MODES)[number];

export const modesFor = (inLibrary: boolean): readonly WriteMode[] =>
  MODES.filter((mode) => inLibrary || mode === 'keep' || mode === 'forget');

export const modeOf = ({ writable, mode }: Attachment): WriteMode => mode ?? (writable ? 'keep' : 'forget');

export function withMode(attachment: Attachment, mode: WriteMode): Attachment {
  const { mode: _mode, ...rest } = attachment;
  return {
    ...rest,
    writable: mode !== 'forget',
    ...((mode === 'immutable' || mode === 'write-through') && { mode }),
  };
}
