import {
  Button,
  Checkbox,
  FileButton,
  Group,
  NumberInput,
  Radio,
  SegmentedControl,
  Select,
  Text,
  TextInput,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconFileImport } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { IMAGE_FORMAT_NAMES, type CallResult, type ImageFormatName } from '../../../core/contract/index.ts';
import { useApp } from '../../state/context.ts';
import { FormDialog } from '../../ui/form-dialog.tsx';
import { useFormats } from '../../ui/formats.ts';
import { freeName } from '../machines/free-name.ts';
import { guessKind } from '../new-machine/image-guess.ts';
import { useGuess } from './use-guess.ts';
import { useMedia, type Medium, type MediumKind } from './use-media.ts';

interface DialogProps {
  readonly onClose: () => void;
}
type OfMedium = DialogProps & { readonly medium: Medium };

const MIB = 2 ** 20;
const FLOPPY_KIB = [360, 720, 1200, 1440, 2880] as const;
const EXTENSIONS: Readonly<Record<ImageFormatName, string>> = {
  raw: 'img',
  qcow2: 'qcow2',
  vdi: 'vdi',
  vmdk: 'vmdk',
  vhd: 'vhd',
};

/** The name of a file of that format. */
const withExtension = (path: string, format: ImageFormatName): string =>
  `${path.replace(/\.(img|iso|qcow2|vdi|vmdk|vhd)$/i, '')}.${EXTENSIONS[format]}`;

function useFormatOptions(): { readonly value: ImageFormatName; readonly label: string }[] {
  const { t } = useTranslation();
  return IMAGE_FORMAT_NAMES.map((value) => ({ value, label: t(`media.format.${value}`) }));
}

export function CreateDialog({ onClose }: DialogProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { number } = useFormats();
  const form = useForm<{ name: string; kind: 'disk' | 'floppy'; mib: number | string; kib: string }>({
    initialValues: { name: '', kind: 'disk', mib: 2048, kib: '1440' },
    validate: {
      name: (name) => (name.trim() === '' ? t('media.nameNeeded') : null),
      mib: (mib) => (typeof mib === 'number' && Number.isInteger(mib) && mib > 0 ? null : t('create.problem.disk')),
    },
  });
  return (
    <FormDialog
      title={t('media.createTitle')}
      submitLabel={t('create.submit')}
      disabled={!form.isValid()}
      onClose={onClose}
      onSubmit={async () => {
        const { name, kind, mib, kib } = form.values;
        const sizeBytes = kind === 'disk' ? Number(mib) * MIB : Number(kib) * 1024;
        const created = await client.call('media.create', { name: name.trim(), kind, sizeBytes });
        return created.ok ? undefined : created.error;
      }}
    >
      <SegmentedControl
        aria-label={t('create.imageKind')}
        data={(['disk', 'floppy'] as const).map((value) => ({ value, label: t(`media.kind.${value}`) }))}
        {...form.getInputProps('kind')}
      />
      <TextInput label={t('media.column.name')} data-autofocus {...form.getInputProps('name')} />
      {form.values.kind === 'disk' ? (
        <NumberInput
          label={t('create.diskSize')}
          description={t('create.diskHint')}
          suffix=" MiB"
          min={1}
          allowDecimal={false}
          {...form.getInputProps('mib')}
        />
      ) : (
        <Select
          label={t('create.diskSize')}
          allowDeselect={false}
          data={FLOPPY_KIB.map((kib) => ({ value: String(kib), label: `${number(kib)} KiB` }))}
          {...form.getInputProps('kib')}
        />
      )}
    </FormDialog>
  );
}

/** From this computer's files, by choosing or dropping one, or by its path where the machines run. */
export function ImportDialog({ file: dropped, onClose }: DialogProps & { readonly file?: File }) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { media } = useMedia();
  const form = useForm<{ file: File | null; path: string; name: string; kind: MediumKind }>({
    initialValues: {
      file: dropped ?? null,
      path: '',
      name: dropped ? freeName(dropped.name, media) : '',
      kind: dropped ? guessKind(dropped.name, dropped.size) : 'disk',
    },
    validate: { name: (name) => (name.trim() === '' ? t('media.nameNeeded') : null) },
  });
  const { file, path, name, kind } = form.values;
  const guess = useGuess((found) => form.setFieldValue('kind', found));
  const named = (fileName: string, sizeBytes: number): void => {
    form.setFieldValue('name', freeName(fileName, media));
    form.setFieldValue('kind', guessKind(fileName, sizeBytes));
  };
  return (
    <FormDialog
      title={t('media.importTitle')}
      submitLabel={t('media.importSubmit')}
      task="import"
      disabled={!form.isValid() || (!file && path.trim() === '')}
      onClose={onClose}
      onSubmit={async () => {
        const draft = { name: name.trim(), kind };
        const imported = file
          ? await client.importFile(file, draft)
          : await client.call('media.import', { ...draft, path: path.trim() });
        return imported.ok ? undefined : imported.error;
      }}
    >
      <Text size="sm">{t('media.importText')}</Text>
      <Group align="flex-end" wrap="nowrap">
        <FileButton
          onChange={(chosen) => {
            if (!chosen) return;
            form.setFieldValue('file', chosen);
            named(chosen.name, chosen.size);
          }}
        >
          {(props) => (
            <Button
              {...props}
              variant="default"
              leftSection={<IconFileImport size={16} aria-hidden />}
              data-autofocus={!dropped || undefined}
            >
              {t('create.browse')}
            </Button>
          )}
        </FileButton>
        {file ? (
          <Text size="sm" truncate pb={8}>
            {file.name}
          </Text>
        ) : (
          <TextInput
            flex={1}
            label={t('create.path')}
            spellCheck={false}
            {...form.getInputProps('path')}
            onChange={(event) => {
              const typed = event.currentTarget.value;
              const base = (of: string): string => of.split(/[\\/]/).at(-1) ?? '';
              form.setFieldValue('path', typed);
              // The name follows until the person gives another.
              if (name === '' || name === base(path)) named(base(typed), 0);
              guess(typed);
            }}
          />
        )}
      </Group>
      <TextInput label={t('media.column.name')} {...form.getInputProps('name')} />
      <Radio.Group label={t('create.imageKind')} {...form.getInputProps('kind')}>
        <Group mt={6}>
          {(['disk', 'cdrom', 'floppy'] as const).map((value) => (
            <Radio key={value} value={value} label={t(`media.kind.${value}`)} />
          ))}
        </Group>
      </Radio.Group>
    </FormDialog>
  );
}

/** A new file with what is on a medium; `moves`: the library does not keep it then. */
export function ExportDialog({ medium, onClose, moves = false }: OfMedium & { readonly moves?: boolean }) {
  const { t } = useTranslation();
  const { client } = useApp();
  const formats = useFormatOptions();
  const [format, setFormat] = useState<ImageFormatName>('raw');
  const [path, setPath] = useState('');
  return (
    <FormDialog
      title={t(moves ? 'media.moveTitle' : 'media.exportTitle', { name: medium.name })}
      submitLabel={t(moves ? 'media.moveSubmit' : 'media.exportSubmit')}
      task={moves ? 'move' : 'export'}
      disabled={path.trim() === ''}
      onClose={onClose}
      onSubmit={async () => {
        const params = { id: medium.id, path: path.trim(), format };
        const written = await client.call(moves ? 'media.move' : 'media.export', params);
        return written.ok ? undefined : written.error;
      }}
    >
      {moves && <Text size="sm">{t('media.moveText')}</Text>}
      <Select
        label={t('media.formatLabel')}
        allowDeselect={false}
        data={formats}
        value={format}
        onChange={(chosen) => {
          if (!chosen) return;
          setFormat(chosen as ImageFormatName);
          if (/\.\w+$/.test(path)) setPath(withExtension(path, chosen as ImageFormatName));
        }}
      />
      <TextInput
        label={t('media.target')}
        description={t('media.targetHint')}
        placeholder={`/home/…/${withExtension(medium.name, format)}`}
        spellCheck={false}
        data-autofocus
        value={path}
        onChange={(event) => setPath(event.currentTarget.value)}
      />
    </FormDialog>
  );
}

/** What a medium holds, compared with its sums: said when all of it is read. */
export function ExamineDialog({ medium, onClose }: OfMedium) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { bytes } = useFormats();
  const [report, setReport] = useState<CallResult<'media.examine'>>();
  return (
    <FormDialog
      title={t('media.examineTitle', { name: medium.name })}
      submitLabel={t('media.examine')}
      task="check"
      keepOpen
      onClose={onClose}
      onSubmit={async () => {
        setReport(undefined);
        const done = await client.call('media.examine', { id: medium.id });
        if (done.ok) setReport(done.value);
        return done.ok ? undefined : done.error;
      }}
    >
      <Text size="sm">{t('media.examineText')}</Text>
      <div role="status">
        {report &&
          (report.problems.length === 0 ? (
            <Text size="sm" fw={600}>
              {t('media.examineWhole', { read: bytes(report.readBytes), size: bytes(report.sizeBytes) })}
            </Text>
          ) : (
            <>
              <Text size="sm" fw={600}>
                {t('media.examineDamage')}
              </Text>
              {report.problems.map(({ where, what }) => (
                <Text key={where} size="xs">
                  {where}: {what}
                </Text>
              ))}
            </>
          ))}
      </div>
    </FormDialog>
  );
}

export function ResizeDialog({ medium, onClose }: OfMedium) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { bytes } = useFormats();
  const [mib, setMib] = useState<number | string>(Math.ceil(medium.sizeBytes / MIB));
  const { media } = useMedia();
  const [force, setForce] = useState(false);
  const [keeps, setKeeps] = useState(true);
  const [copyName, setCopyName] = useState(() => t('media.keptName', { name: medium.name }));
  const isValid = typeof mib === 'number' && Number.isInteger(mib) && mib > 0;
  const shrinks = isValid && mib * MIB < medium.sizeBytes;
  const cuts = shrinks && force;
  const size = bytes(Number(mib) * MIB);
  const problem =
    cuts && keeps && (copyName.trim() === '' ? t('media.nameNeeded') : isTaken(copyName) && t('media.nameTaken'));
  function isTaken(wanted: string): boolean {
    return media.some(({ name }) => name.toLowerCase() === wanted.trim().toLowerCase());
  }
  return (
    <FormDialog
      title={t('media.resizeTitle', { name: medium.name })}
      submitLabel={t('media.resizeSubmit')}
      danger={cuts && !keeps}
      disabled={!isValid || mib * MIB === medium.sizeBytes || Boolean(problem)}
      onClose={onClose}
      onSubmit={async () => {
        const done = await client.call('media.resize', {
          id: medium.id,
          sizeBytes: Number(mib) * MIB,
          force: cuts,
          ...(cuts && keeps && { keepAs: copyName.trim() }),
        });
        return done.ok ? undefined : done.error;
      }}
    >
      <Text size="sm">{t('media.resizeText', { size: bytes(medium.sizeBytes) })}</Text>
      <NumberInput
        label={t('create.diskSize')}
        suffix=" MiB"
        min={1}
        allowDecimal={false}
        data-autofocus
        value={mib}
        onChange={setMib}
      />
      {shrinks && (
        <Checkbox
          label={t('media.force')}
          description={t('media.forceHint')}
          checked={force}
          onChange={(event) => setForce(event.currentTarget.checked)}
        />
      )}
      {cuts && (
        <Checkbox
          ml={32}
          label={t('media.keep')}
          description={t(keeps ? 'media.keepHint' : 'media.loseHint', { size })}
          checked={keeps}
          onChange={(event) => setKeeps(event.currentTarget.checked)}
        />
      )}
      {cuts && keeps && (
        <TextInput
          ml={32}
          label={t('media.keepName')}
          value={copyName}
          error={problem}
          onChange={(event) => setCopyName(event.currentTarget.value)}
        />
      )}
    </FormDialog>
  );
}

/** What nothing needs any more goes: said before, and how much it was afterwards. */
export function CollectDialog({ garbageBytes, onDone, onClose }: DialogProps & CollectProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { bytes } = useFormats();
  const [freedBytes, setFreedBytes] = useState<number>();
  return (
    <FormDialog
      title={t('media.usage.collect')}
      submitLabel={t('media.usage.collect')}
      keepOpen
      done={freedBytes !== undefined}
      onClose={onClose}
      onSubmit={async () => {
        const done = await client.call('store.gc', {});
        if (done.ok) setFreedBytes(done.value.bytes);
        onDone();
        return done.ok ? undefined : done.error;
      }}
    >
      <Text size="sm">{t('media.collectText')}</Text>
      <Text size="sm" fw={600} role="status">
        {freedBytes === undefined
          ? t('media.collectBefore', { bytes: bytes(garbageBytes) })
          : t('media.collected', { bytes: bytes(freedBytes) })}
      </Text>
    </FormDialog>
  );
}

interface CollectProps {
  readonly garbageBytes: number;
  /** What the library takes is another now. */
  readonly onDone: () => void;
}

/** Between formats, files alone: the work goes on as a task when the dialog is gone. */
export function ConvertDialog({ onClose }: DialogProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const formats = useFormatOptions();
  const form = useForm<{ from: string; to: string; format: ImageFormatName }>({
    initialValues: { from: '', to: '', format: 'qcow2' },
  });
  const { from, to, format } = form.values;
  return (
    <FormDialog
      title={t('media.convertTitle')}
      submitLabel={t('media.convertSubmit')}
      disabled={from.trim() === '' || to.trim() === ''}
      onClose={onClose}
      onSubmit={async () => {
        const begun = await client.call('media.convert', { from: { path: from.trim() }, to: to.trim(), format });
        return begun.ok ? undefined : begun.error;
      }}
    >
      <Text size="sm">{t('media.convertText')}</Text>
      <TextInput label={t('media.source')} spellCheck={false} data-autofocus {...form.getInputProps('from')} />
      <Select label={t('media.formatLabel')} allowDeselect={false} data={formats} {...form.getInputProps('format')} />
      <TextInput
        label={t('media.target')}
        description={t('media.targetHint')}
        spellCheck={false}
        {...form.getInputProps('to')}
      />
    </FormDialog>
  );
}
