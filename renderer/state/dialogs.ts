import type { CallResult } from '../../core/contract/index.ts';
import { Store } from './store.ts';

export type SnapshotInfo = CallResult<'snapshots.list'>['snapshots'][number];
export type SettingsPage = 'general' | 'system' | 'display' | 'storage' | 'serial';

/** What loses something that a snapshot could keep. */
export type PowerAction = 'stop' | 'reset' | 'discardSaved';

/** What is asked of the person, one at a time; machines are named by id, so that a dialog shows them as they are now. */
export type Dialog =
  | { readonly kind: 'new'; readonly image?: File; readonly template?: string }
  | { readonly kind: 'settings'; readonly machine: string; readonly page?: SettingsPage }
  | { readonly kind: 'take'; readonly machines: readonly string[] }
  /** `unchanged`: the snapshot that holds the present state. */
  | { readonly kind: 'restore'; readonly snapshot: SnapshotInfo; readonly unchanged?: SnapshotInfo }
  | { readonly kind: 'compare'; readonly machine: string; readonly snapshot?: SnapshotInfo }
  /** `snapshot`: of the one machine. */
  | { readonly kind: 'clone'; readonly machines: readonly string[]; readonly snapshot?: SnapshotInfo }
  | { readonly kind: 'fork'; readonly machines: readonly string[] }
  /** `from`: the group that is to be called otherwise, with all that is in it. */
  | { readonly kind: 'group'; readonly machines: readonly string[]; readonly from?: string }
  | { readonly kind: 'power'; readonly action: PowerAction; readonly machines: readonly string[] }
  | { readonly kind: 'close'; readonly machine: string };

export class DialogStore extends Store<Dialog | undefined> {
  constructor() {
    super(undefined);
  }

  open(dialog: Dialog): void {
    this.set(dialog);
  }

  close(): void {
    this.set(undefined);
  }
}
