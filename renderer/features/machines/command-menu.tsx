import { Menu } from '@mantine/core';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { COMMANDS, COMMAND_SECTIONS, hintOf, subjectsOf, type CommandId } from './commands.ts';
import type { RunCommand } from './use-commands.ts';

/** What most machines never meet is not there unless it can be done; of Pause and Resume the one that fits is. */
function isOffered(id: CommandId, machines: readonly MachineInfo[]): boolean {
  const can = (one: CommandId): boolean => subjectsOf(one, machines).length > 0;
  if (id === 'resume' || id === 'discardSaved') return can(id);
  return id !== 'pause' || can('pause') || !can('resume');
}

/** Items of a Menu.Dropdown: everything that can be done to the machines. */
export function CommandItems({
  machines,
  run,
  sections = COMMAND_SECTIONS,
}: {
  readonly machines: readonly MachineInfo[];
  readonly run: RunCommand;
  readonly sections?: readonly (readonly CommandId[])[];
}) {
  const { t } = useTranslation();
  const offered = sections.map((section) => section.filter((id) => isOffered(id, machines)));
  return offered
    .filter((section) => section.length > 0)
    .map((section, index) => (
      <Fragment key={section[0]}>
        {index > 0 && <Menu.Divider />}
        {section.map((id) => {
          const { icon: Glyph } = COMMANDS[id];
          return (
            <Menu.Item
              key={id}
              {...(id === 'remove' && { color: 'red' })}
              leftSection={<Glyph size={16} aria-hidden />}
              disabled={subjectsOf(id, machines).length === 0}
              // A menu's narrow words: the reason is for whoever wonders.
              title={hintOf(t, id, machines)}
              onClick={() => run(id, machines)}
            >
              {t(`action.${id}`)}
            </Menu.Item>
          );
        })}
      </Fragment>
    ));
}
