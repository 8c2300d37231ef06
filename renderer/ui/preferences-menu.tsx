import { Popover, SegmentedControl, Stack, Text, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { IconSettings } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { LANGUAGES, chooseLanguage, type Language } from '../i18n/index.ts';
import { ToolButton } from './tool-button.tsx';

/** Theme and language; both are kept, and apply at once. */
export function PreferencesMenu() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [opened, setOpened] = useState(false);
  const ids = { theme: useId(), language: useId() };
  return (
    <Popover position="bottom-end" width={280} trapFocus returnFocus opened={opened} onChange={setOpened}>
      <Popover.Target>
        <ToolButton icon={IconSettings} label={t('preferences.open')} onClick={() => setOpened((open) => !open)} />
      </Popover.Target>
      <Popover.Dropdown p="sm" aria-label={t('preferences.open')}>
        <Stack gap="xs">
          <Text size="sm" fw={600} id={ids.theme}>
            {t('preferences.theme')}
          </Text>
          <SegmentedControl<MantineColorScheme>
            fullWidth
            aria-labelledby={ids.theme}
            value={colorScheme}
            onChange={setColorScheme}
            data={[
              { value: 'light', label: t('preferences.light') },
              { value: 'dark', label: t('preferences.dark') },
              { value: 'auto', label: t('preferences.system') },
            ]}
          />
          <Text size="sm" fw={600} id={ids.language}>
            {t('preferences.language')}
          </Text>
          <SegmentedControl<Language>
            fullWidth
            aria-labelledby={ids.language}
            value={i18n.language as Language}
            onChange={chooseLanguage}
            data={(Object.keys(LANGUAGES) as Language[]).map((value) => ({ value, label: LANGUAGES[value] }))}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
