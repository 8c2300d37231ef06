import { useState } from 'react';
import type { Task } from '../../core/contract/index.ts';
import { useApp, useTasks } from '../state/context.ts';

/** The newest task of a kind that was begun since `kind` was named, while it runs; undefined names none. */
export function useWork(kind: Task['kind'] | undefined): {
  readonly task: Task | undefined;
  readonly cancel: () => void;
} {
  const { tasks } = useApp();
  const all = useTasks();
  const [before, setBefore] = useState<{
    readonly kind: Task['kind'] | undefined;
    readonly ids: ReadonlySet<string>;
  }>();
  if (before?.kind !== kind) setBefore({ kind, ids: new Set(all.map(({ id }) => id)) });
  const task = all.find((one) => one.kind === kind && one.state === 'running' && !before?.ids.has(one.id));
  return { task, cancel: () => void (task && tasks.cancel(task.id)) };
}
