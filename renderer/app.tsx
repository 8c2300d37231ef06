import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { Suspense, lazy, useEffect, useState } from 'react';
import { ManagerFrame } from './features/frame/manager-frame.tsx';
import { MachinesPage } from './features/machines/machines-page.tsx';
import { withOneSubscription } from './ipc/one-subscription.ts';
import type { Client } from './ipc/client.ts';
import { MachineActions } from './state/actions.ts';
import { AppContext, useDialog, type AppServices } from './state/context.ts';
import { DialogStore } from './state/dialogs.ts';
import { MachinesStore } from './state/machines.ts';
import { RemovalsStore } from './state/removals.ts';
import { useRoute, type Screen } from './state/route.ts';
import { SelectionStore } from './state/selection.ts';
import { TasksStore } from './state/tasks.ts';
import { UploadsStore } from './state/uploads.ts';
import { theme } from './ui/theme.ts';
import { Loading } from './ui/loading.tsx';

/** The list is what a start shows; what else there is is loaded when it is asked for. */
const MachineWindow = lazy(async () => ({
  default: (await import('./features/machine-window/machine-window.tsx')).MachineWindow,
}));
const Dialogs = lazy(async () => ({ default: (await import('./features/dialogs/dialogs.tsx')).Dialogs }));
const PAGES: Readonly<Record<Exclude<Screen, 'machines'>, React.ComponentType>> = {
  media: lazy(async () => ({ default: (await import('./features/media/media-page.tsx')).MediaPage })),
  activity: lazy(async () => ({ default: (await import('./features/activity/activity-page.tsx')).ActivityPage })),
  logs: lazy(async () => ({ default: (await import('./features/logs/logs-page.tsx')).LogsPage })),
  preferences: lazy(async () => ({
    default: (await import('./features/preferences/preferences-page.tsx')).PreferencesPage,
  })),
};

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
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <AppContext value={services}>
        <Notifications position="bottom-right" limit={4} />
        <Shown />
        <OpenDialog />
      </AppContext>
    </MantineProvider>
  );
}

function Shown() {
  const route = useRoute();
  if (route.screen === 'machine')
    return (
      <Suspense fallback={<Loading />}>
        <MachineWindow key={route.id} id={route.id} />
      </Suspense>
    );
  if (route.screen === 'machines')
    return (
      <ManagerFrame screen="machines">
        <MachinesPage />
      </ManagerFrame>
    );
  const Page = PAGES[route.screen];
  return (
    <ManagerFrame screen={route.screen}>
      <Suspense fallback={<Loading />}>
        <Page />
      </Suspense>
    </ManagerFrame>
  );
}

function OpenDialog() {
  const dialog = useDialog();
  return (
    dialog && (
      <Suspense>
        <Dialogs dialog={dialog} />
      </Suspense>
    )
  );
}
