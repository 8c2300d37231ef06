import { Menu } from '@mantine/core';
import { IconChevronDown, IconDots, IconPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { ToolBar, ToolDivider } from '../../ui/tool-bar.tsx';
import { ToolButton } from '../../ui/tool-button.tsx';
import { CommandItems } from './command-menu.tsx';
import { COMMANDS, hintOf, subjectsOf, type CommandId } from './commands.ts';
import type { RunCommand } from './use-commands.ts';

export interface CommandBarProps {
  readonly machines: readonly MachineInfo[];
  readonly run: RunCommand;
}

/** What is done often has a button, the rest is in menus. */
export function MachinesToolBar({ machines, run }: CommandBarProps) {
  const { t } = useTranslation();
  const { dialogs } = useApp();
  const bar = { machines, run };
  return (
    <ToolBar label={t('machines.toolbar')}>
      <ToolButton
        icon={IconPlus}
        tint="running"
        label={t('action.new')}
        onClick={() => dialogs.open({ kind: 'new' })}
      />
      <CommandButton {...bar} id="settings" />
      <ToolDivider />
      <CommandButton {...bar} id="start" />
      <CommandMenu {...bar} label={t('action.startOptions')} sections={[['startInBackground', 'startThrowAway']]} />
      <CommandButton {...bar} id="show" />
      <PowerTools {...bar} />
      <ToolDivider />
      <CommandButton {...bar} id="take" />
      <Menu position="bottom-end">
        <Menu.Target>
          <ToolButton icon={IconDots} label={t('action.more')} disabled={machines.length === 0} />
        </Menu.Target>
        <Menu.Dropdown>
          <CommandItems {...bar} sections={[['clone', 'fork'], ['group'], ['discardSaved', 'remove']]} />
        </Menu.Dropdown>
      </Menu>
    </ToolBar>
  );
}

/** Pause, reset and the ways to end: the same over the list and in a machine's window. */
export function PowerTools(bar: CommandBarProps) {
  const { t } = useTranslation();
  const paused = subjectsOf('resume', bar.machines).length > 0;
  return (
    <>
      <CommandButton {...bar} id={paused ? 'resume' : 'pause'} />
      <CommandButton {...bar} id="reset" />
      <CommandButton {...bar} id="stop" />
      <CommandMenu {...bar} label={t('action.stopOptions')} sections={[['save', 'powerButton', 'stop']]} />
    </>
  );
}

export function CommandButton({ id, machines, run }: CommandBarProps & { readonly id: CommandId }) {
  const { t } = useTranslation();
  const { icon, tint } = COMMANDS[id];
  return (
    <ToolButton
      icon={icon}
      {...(tint && { tint })}
      label={t(`action.${id}`)}
      disabled={subjectsOf(id, machines).length === 0}
      title={hintOf(t, id, machines)}
      onClick={() => run(id, machines)}
    />
  );
}

function CommandMenu({
  label,
  sections,
  machines,
  run,
}: CommandBarProps & { readonly label: string; readonly sections: readonly (readonly CommandId[])[] }) {
  const disabled = sections.flat().every((id) => subjectsOf(id, machines).length === 0);
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <ToolButton icon={IconChevronDown} label={label} narrow disabled={disabled} />
      </Menu.Target>
      <Menu.Dropdown>
        <CommandItems machines={machines} run={run} sections={sections} />
      </Menu.Dropdown>
    </Menu>
  );
}
