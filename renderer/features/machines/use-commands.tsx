import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import type { MachineAction } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import { Confirm } from '../../ui/confirm.tsx';

/** Deeds that lose something are asked about first. */
const ASKED = ['stop', 'reset', 'remove'] as const;
type Asked = (typeof ASKED)[number];
const isAsked = (action: MachineAction): action is Asked => (ASKED as readonly MachineAction[]).includes(action);

export interface Commands {
  readonly run: (action: MachineAction) => void;
  /** To be rendered somewhere: the question that is open, if any. */
  readonly dialog: ReactNode;
}

/** What a person does to a machine, from any toolbar or key. */
export function useCommands(machine: MachineInfo | undefined, onDone?: (action: MachineAction) => void): Commands {
  const { t } = useTranslation();
  const { actions } = useApp();
  const [asked, setAsked] = useState<{ readonly action: Asked; readonly id: string; readonly name: string }>();
  const [opened, setOpened] = useState(false);
  const perform = async (action: MachineAction, id: string): Promise<void> => {
    if (await actions.run(action, id)) onDone?.(action);
  };
  const run = (action: MachineAction): void => {
    if (!machine) return;
    const { id, name } = machine.config;
    if (isAsked(action)) {
      setAsked({ action, id, name });
      setOpened(true);
    } else void perform(action, id);
  };
  // What was asked stays while the dialog fades out.
  const dialog = asked && (
    <Confirm
      opened={opened}
      title={t(`confirm.${asked.action}.title`, { name: asked.name })}
      text={t(`confirm.${asked.action}.text`)}
      confirmLabel={t(`action.${asked.action}`)}
      onCancel={() => setOpened(false)}
      onConfirm={() => {
        setOpened(false);
        void perform(asked.action, asked.id);
      }}
    />
  );
  return { run, dialog };
}
