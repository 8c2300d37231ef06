import { Menu, Text } from '@mantine/core';
import {
  IconCheck,
  IconDeviceFloppy,
  IconDisc,
  IconFileImport,
  IconLink,
  IconPlayerEject,
  IconServer,
  type Icon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { mediumPath, type Attachment, type Failure } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { chooseFile } from '../../ui/choose-file.ts';
import { useMedia } from '../media/use-media.ts';
import type { Drive } from './drives.ts';
import { freeName } from './free-name.ts';

const GLYPHS: Readonly<Record<Drive['kind'], Icon>> = { disk: IconServer, cdrom: IconDisc, floppy: IconDeviceFloppy };

export interface MediumChoicesProps {
  readonly kind: Drive['kind'];
  /** What is in the drive. */
  readonly present: Attachment | null | undefined;
  readonly onMedium: (path: string | null) => void;
  readonly onAskPath: () => void;
  readonly onFailed: (failure: Failure) => void;
}

/** Items of a menu: what can be put into a drive, from the library or the computer, or nothing. */
export function MediumChoices({ kind, present, onMedium, onAskPath, onFailed }: MediumChoicesProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { media } = useMedia();
  const Glyph = GLYPHS[kind];
  const open = async (file: File): Promise<void> => {
    const imported = await client.importFile(file, { name: freeName(file.name, media), kind });
    if (imported.ok) onMedium(mediumPath(imported.value.id));
    else onFailed(imported.error);
  };
  const choices = media.filter((medium) => medium.kind === kind);
  return (
    <>
      {choices.map(({ id, name, usedBy }) => {
        const isIn = present?.path === mediumPath(id);
        return (
          <Menu.Item
            key={id}
            leftSection={<Glyph size={16} aria-hidden />}
            disabled={isIn}
            rightSection={
              isIn ? (
                <IconCheck size={16} aria-hidden />
              ) : (
                usedBy.length > 0 && (
                  <Text size="xs" c="var(--text-dimmed)" maw={110} truncate>
                    {usedBy[0]}
                  </Text>
                )
              )
            }
            onClick={() => onMedium(mediumPath(id))}
          >
            {name}
          </Menu.Item>
        );
      })}
      {choices.length > 0 && <Menu.Divider />}
      <Menu.Item
        leftSection={<IconFileImport size={16} aria-hidden />}
        onClick={() => chooseFile((file) => void open(file))}
      >
        {t('drive.open')}
      </Menu.Item>
      <Menu.Item leftSection={<IconLink size={16} aria-hidden />} onClick={onAskPath}>
        {t('drive.path')}
      </Menu.Item>
      <Menu.Item
        leftSection={<IconPlayerEject size={16} aria-hidden />}
        disabled={!present}
        onClick={() => onMedium(null)}
      >
        {t('drive.eject')}
      </Menu.Item>
    </>
  );
}
