import { Alert, Button, Code, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconFolderOpen, IconRefresh } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallResult, Failure } from '../../../core/contract/index.ts';
import { UNREACHABLE } from '../../ipc/client.ts';
import { useApp } from '../../state/context.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { FormDialog } from '../../ui/form-dialog.tsx';

/** Which library is open, and the choice of another. */
export function LibraryFolder({
  info,
  onChosen,
}: {
  readonly info: CallResult<'app.info'>;
  readonly onChosen: () => void;
}) {
  const { t } = useTranslation();
  const [choosing, setChoosing] = useState(false);
  const { restart, failure, restarting } = useRestart();
  const { libraryPath, nextLibraryPath, canRestart } = info;
  return (
    <Stack gap="xs" mb="sm">
      <Text size="sm" fw={600} mb={-4}>
        {t('preferences.library')}
      </Text>
      <Group gap="xs" justify="space-between">
        <Code>{libraryPath}</Code>
        <Button
          variant="default"
          size="xs"
          leftSection={<IconFolderOpen size={16} aria-hidden />}
          onClick={() => setChoosing(true)}
        >
          {t('preferences.libraryChange')}
        </Button>
      </Group>
      {nextLibraryPath !== null && (
        <Alert variant="light" title={t('preferences.libraryNext', { path: nextLibraryPath })}>
          <Text size="sm">{t('preferences.libraryNextHint')}</Text>
          {canRestart && (
            <Group mt="xs">
              <Button
                size="xs"
                loading={restarting}
                leftSection={<IconRefresh size={16} aria-hidden />}
                onClick={() => void restart()}
              >
                {t('preferences.libraryRestart')}
              </Button>
            </Group>
          )}
        </Alert>
      )}
      {failure && <FailureAlert failure={failure} />}
      {choosing && <LibraryDialog path={libraryPath} onClose={() => setChoosing(false)} onChosen={onChosen} />}
    </Stack>
  );
}

function LibraryDialog({
  path: present,
  onClose,
  onChosen,
}: {
  readonly path: string;
  readonly onClose: () => void;
  readonly onChosen: () => void;
}) {
  const { t } = useTranslation();
  const { client } = useApp();
  const [path, setPath] = useState('');
  return (
    <FormDialog
      title={t('preferences.libraryTitle')}
      submitLabel={t('preferences.libraryChoose')}
      disabled={path.trim() === ''}
      onClose={onClose}
      onSubmit={async () => {
        const chosen = await client.call('library.choose', { path: path.trim() });
        if (!chosen.ok) return chosen.error;
        onChosen();
        return undefined;
      }}
    >
      <Stack gap="sm">
        <Text size="sm">{t('preferences.libraryOpens')}</Text>
        <Text size="sm">{t('preferences.libraryStays', { path: present })}</Text>
        <TextInput
          label={t('preferences.libraryPath')}
          spellCheck={false}
          data-autofocus
          value={path}
          onChange={(event) => setPath(event.currentTarget.value)}
        />
      </Stack>
    </FormDialog>
  );
}

/** Asks the services to start anew. A browser's page is loaded again when they have; the app's window goes by itself. */
function useRestart() {
  const { client } = useApp();
  const [failure, setFailure] = useState<Failure>();
  const [restarting, setRestarting] = useState(false);
  const end = useRef<() => void>(undefined);
  useEffect(() => () => end.current?.(), []);
  const restart = async (): Promise<void> => {
    setFailure(undefined);
    setRestarting(true);
    let gone = false;
    end.current ??= client.subscribe({
      onConnected: () => gone && location.reload(),
      onEvent: () => {},
      onDisconnected: () => (gone = true),
    });
    const asked = await client.call('app.restart', {});
    if (asked.ok || asked.error.code === UNREACHABLE) return;
    setRestarting(false);
    setFailure(asked.error);
  };
  return { restart, failure, restarting };
}
