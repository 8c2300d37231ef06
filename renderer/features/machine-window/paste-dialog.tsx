import { Alert, Select, Textarea } from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { LAYOUTS, typingOf, type Layout } from './layouts.ts';

/** Bytes of the machine's queue of keys that a paste may take: of 64 KiB, something is left for who types meanwhile. */
const QUEUE_BYTES = 60_000;

/** Text becomes key presses of the keyboard that the guest believes in. */
export function PasteDialog({ stream, onClose }: { readonly stream: MachineStream; readonly onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [layout, setLayout] = useLocalStorage<Layout>({ key: 'terrarium.layout', defaultValue: 'us' });
  const { chords, missing } = typingOf(text, layout);
  // A chord takes one byte, and one for each of its keys.
  const tooLong = chords.reduce((bytes, { length }) => bytes + 1 + length, 0) > QUEUE_BYTES;
  useEffect(() => {
    // Where the browser lets a page read it; elsewhere the person pastes into the field.
    navigator.clipboard?.readText().then(
      (clipboard) => setText((typed) => (typed === '' ? clipboard : typed)),
      () => undefined,
    );
  }, []);
  return (
    <FormDialog
      title={t('paste.title')}
      submitLabel={t('paste.submit')}
      disabled={chords.length === 0 || tooLong}
      onClose={onClose}
      onSubmit={async () => {
        for (const codes of chords) stream.send({ type: 'chord', codes });
        return undefined;
      }}
    >
      <Textarea
        label={t('paste.text')}
        data-autofocus
        autosize
        minRows={4}
        maxRows={10}
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={tooLong && t('paste.tooLong')}
      />
      <Select
        label={t('paste.layout')}
        description={t('paste.layoutHint')}
        allowDeselect={false}
        value={layout}
        data={LAYOUTS.map((value) => ({ value, label: t(`paste.layoutName.${value}`) }))}
        onChange={(chosen) => chosen && setLayout(chosen as Layout)}
      />
      {missing.length > 0 && (
        <Alert color="yellow" variant="light" role="status" icon={<IconAlertTriangle aria-hidden />}>
          {t('paste.missing', { chars: missing.join(' ') })}
        </Alert>
      )}
    </FormDialog>
  );
}
