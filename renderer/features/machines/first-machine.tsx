import { Button, FileButton, Group, SimpleGrid, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { IconBrandDebian, IconFileImport, IconPlant2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../state/context.ts';
import { DEBIAN_PACKAGES } from '../../../core/contract/index.ts';
import classes from './first-machine.module.css';
import pageClasses from './machines-page.module.css';
import { TemplateTile } from './template-tile.tsx';
import { useTemplates } from './templates.tsx';
import { templateName } from '../../i18n/templates.ts';

const NON_BREAKING_HYPHEN = '\u2011';

/** An empty library: two ways to a running guest, an image that one has or the system that one wants. */
export function FirstMachine() {
  const { t } = useTranslation();
  const { dialogs } = useApp();
  const offered = useTemplates();
  // Debian has a button of its own; what cannot run yet is no place to begin.
  const templates = offered.filter(({ id, unavailable }) => id !== DEBIAN_PACKAGES && unavailable === undefined);
  const withDebian = offered.some(({ id }) => id === DEBIAN_PACKAGES);
  return (
    <main className={pageClasses['centre']}>
      <Stack align="center" gap="lg" maw={760}>
        <Stack align="center" gap={6}>
          <IconPlant2 size={52} stroke={1.3} className={classes['plant'] ?? ''} aria-hidden />
          <Title order={1} size={24}>
            {t('machines.empty.title')}
          </Title>
          <Text ta="center" c="var(--text-dimmed)" maw={520}>
            {t('machines.empty.text')}
          </Text>
        </Stack>
        <Group justify="center" gap="sm">
          <FileButton onChange={(image) => image && dialogs.open({ kind: 'new', image })}>
            {(props) => (
              <Button {...props} size="md" leftSection={<IconFileImport size={20} aria-hidden />}>
                {t('machines.empty.open')}
              </Button>
            )}
          </FileButton>
          {withDebian && (
            <Button
              size="md"
              variant="default"
              leftSection={<IconBrandDebian size={20} aria-hidden />}
              onClick={() => dialogs.open({ kind: 'new', template: DEBIAN_PACKAGES })}
            >
              {t('machines.empty.debian')}
            </Button>
          )}
        </Group>
        <Text size="sm" c="var(--text-dimmed)">
          {t('machines.empty.drop')}
        </Text>
        <SimpleGrid cols={{ base: 3, md: 5 }} spacing="xs" w="100%">
          {templates.map(({ id }) => (
            <UnstyledButton
              key={id}
              className={classes['template']}
              onClick={() => dialogs.open({ kind: 'new', template: id })}
            >
              <TemplateTile template={id} size={32} />
              <Text span size="sm" fw={550} lh={1.2}>
                {templateName(t, id).replaceAll('-', NON_BREAKING_HYPHEN)}
              </Text>
            </UnstyledButton>
          ))}
        </SimpleGrid>
      </Stack>
    </main>
  );
}
