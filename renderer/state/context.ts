import { createContext, use, useSyncExternalStore } from 'react';
import type { Failure, MachineInfo, Task } from '../../core/contract/index.ts';
import type { Client } from '../ipc/client.ts';
import type { MachineActions } from './actions.ts';
import type { Dialog, DialogStore } from './dialogs.ts';
import type { MachinesStore, MachinesView } from './machines.ts';
import type { RemovalsStore } from './removals.ts';
import type { SelectionStore } from './selection.ts';
import type { Store } from './store.ts';
import type { TasksStore } from './tasks.ts';
import type { Upload, UploadsStore } from './uploads.ts';

/** What every screen may use. */
export interface AppServices {
  readonly client: Client;
  readonly machines: MachinesStore;
  readonly actions: MachineActions;
  readonly tasks: TasksStore;
  readonly uploads: UploadsStore;
  readonly dialogs: DialogStore;
  readonly removals: RemovalsStore;
  readonly selection: SelectionStore;
}

export const AppContext = createContext<AppServices | undefined>(undefined);

export function useApp(): AppServices {
  const services = use(AppContext);
  if (!services) throw new Error('there is no AppContext around this component');
  return services;
}

export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.get);

export const useMachines = (): MachinesView => useStore(useApp().machines);

export const useMachine = (id: string | undefined): MachineInfo | undefined =>
  useMachines().machines.find(({ config }) => config.id === id);

export const useFailure = (id: string): Failure | undefined => useStore(useApp().actions.failures).get(id);

export const useFailures = (): ReadonlyMap<string, Failure> => useStore(useApp().actions.failures);

export const useTasks = (): readonly Task[] => useStore(useApp().tasks);

export const useUploads = (): readonly Upload[] => useStore(useApp().uploads);

export const useDialog = (): Dialog | undefined => useStore(useApp().dialogs);
