import { Suspense, lazy } from 'react';
import { useApp, useMachines } from '../../state/context.ts';
import type { Dialog } from '../../state/dialogs.ts';
import { CloneDialog, ForkDialog } from './clone-dialogs.tsx';
import { CloseDialog } from './close-dialog.tsx';
import { CompareDialog } from './compare-dialog.tsx';
import { GroupDialog } from './group-dialog.tsx';
import { PowerDialog } from './power-dialog.tsx';
import { RestoreDialog, TakeDialog } from './snapshot-dialogs.tsx';

const NewMachineDialog = lazy(async () => ({
  default: (await import('../new-machine/new-machine-dialog.tsx')).NewMachineDialog,
}));
const SettingsDialog = lazy(async () => ({
  default: (await import('../settings/settings-dialog.tsx')).SettingsDialog,
}));

/** Whichever dialog is open; one whose machine is gone closes. */
export function Dialogs({ dialog }: { readonly dialog: Dialog }) {
  const { dialogs } = useApp();
  const { machines } = useMachines();
  const close = (): void => dialogs.close();
  const named = (ids: readonly string[]) => machines.filter(({ config }) => ids.includes(config.id));
  switch (dialog.kind) {
    case 'new':
      return (
        <Suspense>
          <NewMachineDialog
            onClose={close}
            {...(dialog.image && { image: dialog.image })}
            {...(dialog.template !== undefined && { template: dialog.template })}
          />
        </Suspense>
      );
    case 'take':
      return <TakeDialog machines={named(dialog.machines)} onClose={close} />;
    case 'group':
      return (
        <GroupDialog
          machines={named(dialog.machines)}
          all={machines}
          onClose={close}
          {...(dialog.from !== undefined && { from: dialog.from })}
        />
      );
    case 'power':
      return <PowerDialog action={dialog.action} machines={named(dialog.machines)} onClose={close} />;
    case 'restore': {
      const [machine] = named([dialog.snapshot.machine]);
      return (
        machine && (
          <RestoreDialog
            machine={machine}
            snapshot={dialog.snapshot}
            onClose={close}
            {...(dialog.unchanged && { unchanged: dialog.unchanged })}
          />
        )
      );
    }
    case 'fork':
      return <ForkDialog machines={named(dialog.machines)} onClose={close} />;
    case 'clone':
      return (
        <CloneDialog
          machines={named(dialog.machines)}
          onClose={close}
          {...(dialog.snapshot && { snapshot: dialog.snapshot })}
        />
      );
    case 'settings':
    case 'compare':
    case 'close': {
      const [machine] = named([dialog.machine]);
      if (!machine) return null;
      if (dialog.kind === 'compare')
        return (
          <CompareDialog machine={machine} onClose={close} {...(dialog.snapshot && { snapshot: dialog.snapshot })} />
        );
      if (dialog.kind === 'close') return <CloseDialog machine={machine} onClose={close} />;
      return (
        <Suspense>
          <SettingsDialog machine={machine} page={dialog.page ?? 'general'} onClose={close} />
        </Suspense>
      );
    }
  }
}
