import { Text, UnstyledButton } from '@mantine/core';
import { IconAlertTriangleFilled } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { failureWords } from '../../i18n/errors.ts';
import { fileName, type Attached } from '../machines/use-attached.ts';
import classes from './broken-file.module.css';
import { RelocateDialog } from './relocate-dialog.tsx';

type Broken = NonNullable<Attached['broken']>;

/** The mark of a file with which no machine could start: says why. */
export function BrokenMark({ file }: { readonly file: Broken }) {
  const { t, i18n } = useTranslation();
  const isMissing = file.problem.code === 'file.missing';
  return (
    <Text span size="xs" className={classes['mark']} title={failureWords(i18n, t, file.problem).reason}>
      <IconAlertTriangleFilled size={15} aria-hidden />
      {isMissing ? t('media.broken.missing') : t('media.broken.unusable')}
    </Text>
  );
}

/** The mark, and by it what can be done. */
export function BrokenFile({ file }: { readonly file: Broken }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  return (
    <>
      <UnstyledButton
        className={classes['button'] ?? ''}
        aria-label={t('media.broken.repair', { name: fileName(file.path) })}
        onClick={() => setAsked(true)}
      >
        <BrokenMark file={file} />
      </UnstyledButton>
      {asked && <RelocateDialog file={file} onClose={() => setAsked(false)} />}
    </>
  );
}
