import {
  IconAppWindow,
  IconBolt,
  IconCamera,
  IconCopy,
  IconDeviceFloppy,
  IconEraser,
  IconFolder,
  IconGitFork,
  IconPlayerPauseFilled,
  IconPlayerPlay,
  IconPlayerPlayFilled,
  IconPower,
  IconRecycle,
  IconRotateClockwise2,
  IconSettings,
  IconTrash,
  type Icon,
} from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { allows, isIdle, isLive } from '../../state/actions.ts';
import type { ToolButtonProps } from '../../ui/tool-button.tsx';

export type CommandId =
  | 'start'
  | 'startInBackground'
  | 'startThrowAway'
  | 'show'
  | 'pause'
  | 'resume'
  | 'reset'
  | 'save'
  | 'powerButton'
  | 'stop'
  | 'discardSaved'
  | 'take'
  | 'clone'
  | 'fork'
  | 'settings'
  | 'group'
  | 'remove';

export interface Command {
  readonly icon: Icon;
  readonly tint?: ToolButtonProps['tint'];
  readonly allows: (machine: MachineInfo) => boolean;
  /** Of one machine at a time. */
  readonly single?: true;
}

/** All that can be done to machines, for toolbars, menus and keys alike. */
export const COMMANDS: Readonly<Record<CommandId, Command>> = {
  start: { icon: IconPlayerPlayFilled, tint: 'running', allows: (machine) => allows(machine, 'start') },
  startInBackground: { icon: IconPlayerPlay, allows: (machine) => allows(machine, 'start') },
  startThrowAway: { icon: IconRecycle, allows: (machine) => allows(machine, 'start') && !machine.saved },
  show: { icon: IconAppWindow, allows: isLive },
  pause: { icon: IconPlayerPauseFilled, tint: 'paused', allows: (machine) => allows(machine, 'pause') },
  resume: { icon: IconPlayerPlayFilled, tint: 'running', allows: (machine) => allows(machine, 'resume') },
  reset: { icon: IconRotateClockwise2, allows: (machine) => allows(machine, 'reset') },
  save: { icon: IconDeviceFloppy, allows: (machine) => allows(machine, 'save') },
  powerButton: { icon: IconPower, allows: (machine) => allows(machine, 'powerButton') },
  stop: { icon: IconBolt, tint: 'aborted', allows: (machine) => allows(machine, 'stop') },
  discardSaved: { icon: IconEraser, allows: (machine) => allows(machine, 'discardSaved') },
  take: { icon: IconCamera, allows: (machine) => isLive(machine) || isIdle(machine) },
  clone: { icon: IconCopy, allows: isIdle },
  fork: { icon: IconGitFork, allows: isLive },
  settings: { icon: IconSettings, allows: () => true, single: true },
  group: { icon: IconFolder, allows: () => true },
  remove: { icon: IconTrash, allows: (machine) => allows(machine, 'remove') },
};

/** As a menu has them, in sections. */
export const COMMAND_SECTIONS: readonly (readonly CommandId[])[] = [
  ['start', 'startInBackground', 'startThrowAway', 'show'],
  ['pause', 'resume', 'reset'],
  ['save', 'powerButton', 'stop', 'discardSaved'],
  ['take', 'clone', 'fork'],
  ['settings', 'group', 'remove'],
];

/** Those among the machines that the command can be given to: a mixed selection is acted on as far as it goes. */
export const subjectsOf = (id: CommandId, machines: readonly MachineInfo[]): readonly MachineInfo[] =>
  COMMANDS[id].single && machines.length !== 1 ? [] : machines.filter((machine) => COMMANDS[id].allows(machine));

/** Why a command is not for all that is selected, where it is not; undefined: it is, or for none of it. */
export function hintOf(t: TFunction, id: CommandId, machines: readonly MachineInfo[]): string | undefined {
  if (COMMANDS[id].single && machines.length > 1) return t('action.oneOnly');
  const count = subjectsOf(id, machines).length;
  return count > 0 && count < machines.length ? t('action.someOnly', { count, all: machines.length }) : undefined;
}
