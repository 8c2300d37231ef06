import { MantineProvider } from '@mantine/core';
import { useEffect, useState } from 'react';
import { MachineWindow } from './features/machine-window/machine-window.tsx';
import { MachinesPage } from './features/machines/machines-page.tsx';
import type { Client } from './ipc/client.ts';
import { MachineActions } from './state/actions.ts';
import { AppContext, type AppServices } from './state/context.ts';
import { MachinesStore } from './state/machines.ts';
import { useRoute } from './state/route.ts';
import { theme } from './ui/theme.ts';

/** Which screen is shown stands in the address (state/route.ts): a machine can have a window of its own. */
export function App({ client }: { readonly client: Client }) {
  const [services] = useState((): AppServices => ({
    client,
    machines: new MachinesStore(client),
    actions: new MachineActions(client),
  }));
  useEffect(() => services.machines.start(), [services]);
  const route = useRoute();
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <AppContext value={services}>
        {route.screen === 'machine' ? <MachineWindow key={route.id} id={route.id} /> : <MachinesPage />}
      </AppContext>
    </MantineProvider>
  );
}
