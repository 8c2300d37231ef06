import { Menu, Text } from '@mantine/core';
import {
  IconAppWindow,
  IconArrowLeft,
  IconAspectRatio,
  IconCamera,
  IconClipboardText,
  IconDeviceFloppy,
  IconKeyboard,
  IconMaximize,
  IconPhoto,
  IconServerCog,
  IconX,
} from '@tabler/icons-react';
import { Fragment, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineInfo } from '../../../core/contract/index.ts';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import { isLive } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import type { HostKey } from '../../state/preferences.ts';
import { goTo, machinesHash } from '../../state/route.ts';
import { ToolBar, ToolDivider } from '../../ui/tool-bar.tsx';
import { ToolButton } from '../../ui/tool-button.tsx';
import { CommandItems } from '../machines/command-menu.tsx';
import { PowerTools } from '../machines/machines-tool-bar.tsx';
import { MediumItems, usePathOfMedium } from '../machines/medium-menu.tsx';
import type { RunCommand } from '../machines/use-commands.ts';
import { openOwnWindow } from './own-window.ts';
import { SCALINGS, type Scaling } from './scaling.ts';
import { SPECIAL_KEYS } from './special-keys.ts';

export interface MachineToolBarProps {
  readonly machine: MachineInfo;
  readonly hostKey: HostKey;
  readonly stream: MachineStream;
  readonly run: RunCommand;
  readonly scaling: Scaling;
  readonly onScaling: (scaling: Scaling) => void;
  readonly onFullScreen: () => void;
  readonly softKeyboard: boolean;
  readonly onSoftKeyboard: (shown: boolean) => void;
  readonly onPaste: () => void;
  /** A special key went to the guest. */
  readonly onTyped: () => void;
  readonly onScreenshot: () => void;
  readonly ref: Ref<HTMLElement>;
}

/** Over a machine's screen: what ends it, what its devices are given, how it is seen. */
export function MachineToolBar(props: MachineToolBarProps) {
  const { machine, hostKey, stream, run, scaling, onScaling, onFullScreen } = props;
  const { softKeyboard, onSoftKeyboard, onPaste, onTyped, onScreenshot, ref } = props;
  const { t } = useTranslation();
  const { client, dialogs } = useApp();
  const live = isLive(machine);
  const { id } = machine.config;
  const path = usePathOfMedium(machine);
  const shortcut = (letter: string) => (
    <Text component="kbd" size="xs" c="dimmed" aria-hidden>
      {`${t(`hostKey.${hostKey}`)}+${letter}`}
    </Text>
  );
  return (
    <>
      <ToolBar
        ref={ref}
        label={t('window.toolbar')}
        keepsFocus
        end={
          <ToolButton
            icon={IconX}
            label={t('window.close')}
            onClick={() => (live ? dialogs.open({ kind: 'close', machine: id }) : goTo(machinesHash))}
          />
        }
      >
        <ToolButton icon={IconArrowLeft} label={t('window.back')} onClick={() => goTo(machinesHash)} />
        <ToolDivider />
        <PowerTools machines={[machine]} run={run} />
        <ToolDivider />
        <ToolButton
          icon={IconCamera}
          label={t('action.take')}
          onClick={() => dialogs.open({ kind: 'take', machines: [id] })}
        />
        <Menu position="bottom-start">
          <Menu.Target>
            <ToolButton icon={IconServerCog} label={t('window.machine')} />
          </Menu.Target>
          <Menu.Dropdown>
            <CommandItems
              machines={[machine]}
              run={run}
              sections={[['settings'], ['clone', 'fork'], ['discardSaved']]}
            />
          </Menu.Dropdown>
        </Menu>
        <Menu position="bottom-start" width={300}>
          <Menu.Target>
            <ToolButton icon={IconDeviceFloppy} label={t('window.media')} />
          </Menu.Target>
          <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
            {(['floppy0', 'floppy1', 'cdrom'] as const)
              .filter((drive) => drive !== 'floppy1' || machine.config.floppies.length > 1)
              .map((drive, index) => (
                <Fragment key={drive}>
                  {index > 0 && <Menu.Divider />}
                  <MediumItems machine={machine} drive={drive} onAskPath={path.ask} />
                </Fragment>
              ))}
          </Menu.Dropdown>
        </Menu>
        <Menu position="bottom-start" width={300}>
          <Menu.Target>
            <ToolButton icon={IconKeyboard} label={t('window.keyboard')} disabled={!live} />
          </Menu.Target>
          <Menu.Dropdown mah="calc(100dvh - 110px)" style={{ overflowY: 'auto' }}>
            <Menu.Item
              leftSection={<IconClipboardText size={16} aria-hidden />}
              rightSection={shortcut('V')}
              onClick={onPaste}
            >
              {t('window.paste')}
            </Menu.Item>
            <Menu.CheckboxItem checked={softKeyboard} onChange={onSoftKeyboard} closeMenuOnClick>
              {t('window.softKeyboard')}
            </Menu.CheckboxItem>
            <Menu.Divider />
            <Menu.Label>{t('window.specialKeys')}</Menu.Label>
            {SPECIAL_KEYS.map(({ label, codes }) => (
              <Menu.Item
                key={label}
                onClick={() => {
                  stream.send({ type: 'chord', codes });
                  onTyped();
                }}
              >
                {label}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <Menu position="bottom-start" width={300}>
          <Menu.Target>
            <ToolButton icon={IconAspectRatio} label={t('window.view')} />
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconMaximize size={16} aria-hidden />}
              rightSection={shortcut('F')}
              disabled={!live}
              onClick={onFullScreen}
            >
              {t('window.fullScreen')}
            </Menu.Item>
            <Menu.Item
              leftSection={<IconPhoto size={16} aria-hidden />}
              rightSection={shortcut('E')}
              disabled={!live}
              onClick={onScreenshot}
            >
              {t('window.screenshot')}
            </Menu.Item>
            <Menu.Item leftSection={<IconAppWindow size={16} aria-hidden />} onClick={() => openOwnWindow(client, id)}>
              {t('window.ownWindow')}
            </Menu.Item>
            <Menu.Divider />
            <Menu.Label>{t('window.scaling')}</Menu.Label>
            <Menu.RadioGroup value={scaling} onChange={(one) => onScaling(one as Scaling)}>
              {SCALINGS.map((one) => (
                <Menu.RadioItem key={one} value={one} closeMenuOnClick>
                  {t(`window.scale.${one}`)}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Dropdown>
        </Menu>
      </ToolBar>
      {path.dialog}
    </>
  );
}
