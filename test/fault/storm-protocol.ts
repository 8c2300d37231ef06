/** What the process that is killed tells, one line of JSON each; "begun" before, the rest once it is acknowledged. */
export type StormEvent =
  | { readonly event: 'ready' }
  | { readonly event: 'write'; readonly version: number; readonly first: number; readonly count: number }
  | { readonly event: 'flushed'; readonly version: number }
  | { readonly event: 'begun'; readonly what: Work }
  | { readonly event: 'done'; readonly what: Work };

export type Work =
  | { readonly kind: 'take'; readonly id?: string; readonly memory?: string }
  | { readonly kind: 'restore'; readonly id: string }
  | { readonly kind: 'delete'; readonly id: string }
  | { readonly kind: 'clone'; readonly id?: string }
  | { readonly kind: 'import'; readonly id?: string; readonly sha256: string }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'collect' }
  | { readonly kind: 'compact' };

/** What each kind of process may favour; a kill comes soon after that was begun, "write": at any moment. */
export const FAVOURS = {
  machine: ['write', 'take'],
  app: ['write', 'take', 'restore', 'delete', 'clone', 'import'],
} as const;
export type Favour = (typeof FAVOURS)['app'][number];

export interface StormOrders {
  readonly mode: 'machine' | 'app';
  readonly folder: string;
  readonly machine: string;
  readonly medium: string;
  readonly seed: number;
  /** What is done most of the time, so that kills meet it. */
  readonly favours: Favour;
  /** The last write's number. */
  readonly version: number;
}

export const DISK_BLOCKS = 512;
export const MEMORY_BYTES = 2 << 20;
