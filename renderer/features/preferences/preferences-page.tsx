import {
  NumberInput,
  SegmentedControl,
  SimpleGrid,
  Select,
  Stack,
  Switch,
  Text,
  useMantineColorScheme,
  type MantineColorScheme,
} from '@mantine/core';
import { IconFolder, IconKeyboard, IconPalette, IconPlant2 } from '@tabler/icons-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { LANGUAGES, chooseLanguage, type Language } from '../../i18n/index.ts';
import { HOST_KEYS, usePreferences, type HostKey } from '../../state/preferences.ts';
import { useResource } from '../../state/resource.ts';
import { useFormats } from '../../ui/formats.ts';
import { Page } from '../../ui/page.tsx';
import { Fact, Facts, Section } from '../../ui/section.tsx';
import { useKept } from '../../ui/use-kept.ts';
import { LibraryFolder } from './library-folder.tsx';

/** What a person chooses once; everything is kept, and applies at once. */
export function PreferencesPage() {
  const { t, i18n } = useTranslation();
  const { bytes } = useFormats();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [preferences, change] = usePreferences();
  const { value: info, reload } = useResource('app.info', {});
  const [memoryMiB, setMemoryMiB] = useKept<number | string>(preferences.memoryMiB ?? '');
  const memory = { min: info?.memoryMiB.min ?? 1, max: info?.memoryMiB.max ?? 3072 };
  // What is out of bounds is put right when the field is left.
  const takeMemory = (value: number | string): void => {
    setMemoryMiB(value);
    if (value === '') change({ memoryMiB: undefined });
    else if (typeof value === 'number' && value >= memory.min && value <= memory.max) change({ memoryMiB: value });
  };
  const ids = { theme: useId(), language: useId() };
  return (
    <Page title={t('frame.preferences')}>
      <SimpleGrid cols={2} spacing="md" maw={1080}>
        <Section icon={IconPalette} title={t('preferences.appearance')}>
          <Stack gap="sm">
            <div>
              <Text size="sm" fw={600} mb={4} id={ids.theme}>
                {t('preferences.theme')}
              </Text>
              <SegmentedControl<MantineColorScheme>
                aria-labelledby={ids.theme}
                value={colorScheme}
                onChange={setColorScheme}
                data={[
                  { value: 'light', label: t('preferences.light') },
                  { value: 'dark', label: t('preferences.dark') },
                  { value: 'auto', label: t('preferences.system') },
                ]}
              />
            </div>
            <div>
              <Text size="sm" fw={600} mb={4} id={ids.language}>
                {t('preferences.language')}
              </Text>
              <SegmentedControl<Language>
                aria-labelledby={ids.language}
                value={i18n.language as Language}
                onChange={chooseLanguage}
                data={(Object.keys(LANGUAGES) as Language[]).map((value) => ({ value, label: LANGUAGES[value] }))}
              />
            </div>
          </Stack>
        </Section>
        <Section icon={IconKeyboard} title={t('preferences.input')}>
          <Select
            label={t('preferences.hostKey')}
            description={t('preferences.hostKeyHint')}

            allowDeselect={false}
            value={preferences.hostKey}
            data={HOST_KEYS.map((value) => ({ value, label: t(`hostKey.${value}`) }))}
            onChange={(hostKey) => hostKey && change({ hostKey: hostKey as HostKey })}
          />
        </Section>
        <Section icon={IconPlant2} title={t('preferences.machines')}>
          <Stack gap="sm">
            <Switch
              label={t('preferences.showOnStart')}
              checked={preferences.showOnStart}
              onChange={(event) => change({ showOnStart: event.currentTarget.checked })}
            />
            <NumberInput
              label={t('preferences.memory')}
              description={t('preferences.memoryHint')}
              placeholder={t('preferences.memoryOfTemplate')}
              suffix=" MiB"
              styles={{ wrapper: { maxWidth: 280 } }}
              {...memory}
              allowDecimal={false}
              value={memoryMiB}
              onChange={takeMemory}
            />
          </Stack>
        </Section>
        <Section icon={IconFolder} title={t('preferences.about')}>
          {info && <LibraryFolder info={info} onChosen={reload} />}
          <Facts>
            <Fact name={t('preferences.version')}>{info?.version}</Fact>
            <Fact name={t('preferences.host')}>
              {info &&
                t('preferences.hostValue', { count: info.host.cpus, memory: bytes(info.host.memoryMiB * 2 ** 20) })}
            </Fact>
          </Facts>
        </Section>
      </SimpleGrid>
    </Page>
  );
}
