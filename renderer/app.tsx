import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { Suspense, useEffect, useState } from 'react';
import { ManagerFrame } from './features/frame/manager-frame.tsx';
import { MachinesPage } from './features/machines/machines-page.tsx';
import { withOneSubscription } from './ipc/one-subscription.ts';
import type { Client } from './ipc/client.ts';
import { MachineActions } from './state/actions.ts';
import { AppContext, useDialog, useMachines, type AppServices } from './state/context.ts';
import { DialogStore } from './state/dialogs.ts';
import { MachinesStore } from './state/machines.ts';
import { RemovalsStore } from './state/removals.ts';
import { useRoute, type Screen } from './state/route.ts';
import { SelectionStore } from './state/selection.ts';
import { TasksStore } from './state/tasks.ts';
import { UploadsStore } from './state/uploads.ts';
import { Boundary } from './ui/broken.tsx';
import { useKeptFocus } from './ui/use-kept-focus.ts';
import { theme } from './ui/theme.ts';
import { later, type Later } from './ui/later.tsx';
import { Loading } from './ui/loading.tsx';

const machineWindow = later(async () => (await import('./features/machine-window/machine-window.tsx')).MachineWindow);
const dialogs = later(async () => (await import('./features/dialogs/dialogs.tsx')).Dialogs);
const pages: Readonly<Record<Exclude<Screen, 'machines'>, Later<object>>> = {
  media: later(async () => (await import('./features/media/media-page.tsx')).MediaPage),
  activity: later(async () => (await import('./features/activity/activity-page.tsx')).ActivityPage),
  logs: later(async () => (await import('./features/logs/logs-page.tsx')).LogsPage),
  preferences: later(async () => (await import('./features/preferences/preferences-page.tsx')).PreferencesPage),
};

/** The list is what a start shows. Once it is there and nothing else is to be done, the rest comes, and is shown at once. */
function useRestLoaded(): void {
  const { connection } = useMachines();
  const isShown = connection !== 'loading';
  useEffect(() => {
    if (!isShown) return;
    const rest = [machineWindow, dialogs, ...Object.values(pages)];
    const soon = requestIdleCallback(() => void Promise.allSettled(rest.map(({ load }) => load())));
    return () => cancelIdleCallback(soon);
  }, [isShown]);
}

/** Which screen is shown stands in the address (state/route.ts): a machine can have a window of its own. */
export function App({ client: shellClient }: { readonly client: Client }) {
  const [services] = useState((): AppServices => {
    const uploads = new UploadsStore();
    const client = uploads.follow(withOneSubscription(shellClient));
    return {
      client,
      machines: new MachinesStore(client),
      actions: new MachineActions(client),
      tasks: new TasksStore(client),
      uploads,
      dialogs: new DialogStore(),
      removals: new RemovalsStore(client),
      selection: new SelectionStore(),
    };
  });
  useEffect(() => {
    const ends = [
      services.machines.start(),
      services.tasks.start(),
      services.removals.start(),
      services.uploads.start(),
    ];
    return () => ends.forEach((end) => end());
  }, [services]);
  useKeptFocus();
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <AppContext value={services}>
        <Notifications position="bottom-right" limit={4} />
        <Boundary>
          <Shown />
          <OpenDialog />
        </Boundary>
      </AppContext>
    </MantineProvider>
  );
}

function Shown() {
  useRestLoaded();
  const route = useRoute();
  if (route.screen === 'machine')
    return (
      <Suspense fallback={<Loading />}>
        <machineWindow.Shown key={route.id} id={route.id} />
      </Suspense>
    );
  if (route.screen === 'machines')
    return (
      <ManagerFrame screen="machines">
        <Boundary>
          <MachinesPage />
        </Boundary>
      </ManagerFrame>
    );
  const { Shown: Page } = pages[route.screen];
  return (
    <ManagerFrame screen={route.screen}>
      <Boundary key={route.screen}>
        <Suspense fallback={<Loading />}>
          <Page />
        </Suspense>
      </Boundary>
    </ManagerFrame>
  );
}

function OpenDialog() {
  const dialog = useDialog();
  return (
    dialog && (
      <Suspense>
        <dialogs.Shown dialog={dialog} />
      </Suspense>
    )
  );
}
