import { Menu } from '@mantine/core';
import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import { COMMANDS, COMMAND_SECTIONS, subjectsOf, type CommandId } from './commands.ts';
import type { RunCommand } from './use-commands.ts';

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
  return sections.map((section, index) => (
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
            {...(COMMANDS[id].single && machines.length > 1 && { title: t('action.oneOnly') })}
            onClick={() => run(id, machines)}
          >
            {t(`action.${id}`)}
          </Menu.Item>
        );
      })}
    </Fragment>
  ));
}
