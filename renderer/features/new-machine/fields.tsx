import {
  Box,
  Button,
  Checkbox,
  FileButton,
  Group,
  NumberInput,
  Radio,
  SegmentedControl,
  Select,
  SimpleGrid,
  Slider,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { IconFileImport } from '@tabler/icons-react';
import { useId, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { CPU_MODELS, pointerSchema } from '../../../core/contract/index.ts';
import { useFormats } from '../../ui/formats.ts';
import { Fact, Facts } from '../../ui/section.tsx';
import { TemplateTile } from '../machines/template-tile.tsx';
import { useGuess } from '../media/use-guess.ts';
import { useMedia } from '../media/use-media.ts';
import { DISK_MIB_MAX, isBuilt, type NewMachineForm, type Problem } from './draft.ts';
import classes from './fields.module.css';
import { guessKind } from './image-guess.ts';
import { templateName } from '../../i18n/templates.ts';
import { NotYet, useTemplates } from '../machines/templates.tsx';

export interface FieldsProps {
  readonly form: UseFormReturnType<NewMachineForm>;
  readonly problems: ReadonlySet<Problem>;
  readonly memory: { readonly min: number; readonly max: number };
}

/** Of the templates. */
const COLUMNS = 4;

export function TemplateFields({
  chosen,
  failed,
  onChoose,
}: {
  readonly chosen: string;
  /** The chosen one cannot run yet. */
  readonly failed: boolean;
  readonly onChoose: (id: string) => void;
}) {
  const { t } = useTranslation();
  const templates = useTemplates();
  /** As in any group of radio buttons: the arrow keys choose. */
  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const from = templates.findIndex(({ id }) => id === chosen);
    let to = from + step;
    while (templates[to]?.unavailable !== undefined) to += step;
    const wanted = templates[to];
    if (!wanted) return;
    onChoose(wanted.id);
    event.currentTarget.querySelectorAll<HTMLElement>('[role=radio]')[to].focus();
  };
  return (
    <>
      <SimpleGrid cols={COLUMNS} spacing="xs" role="radiogroup" aria-label={t('create.template')} onKeyDown={onKeyDown}>
        {templates.map(({ id, unavailable }) => (
          <UnstyledButton
            key={id}
            role="radio"
            aria-checked={id === chosen}
            aria-disabled={unavailable !== undefined}
            tabIndex={id === chosen ? 0 : -1}
            className={classes['template']}
            onClick={() => unavailable === undefined && onChoose(id)}
          >
            <TemplateTile template={id} size={30} />
            <Text span size="sm" fw={550} lh={1.2}>
              {templateName(t, id)}
              {unavailable !== undefined && <NotYet id={id} />}
            </Text>
          </UnstyledButton>
        ))}
      </SimpleGrid>
      {failed && (
        <Text size="sm" c="red" role="alert">
          {t('create.problem.template')}
        </Text>
      )}
    </>
  );
}

export function NameFields({ form, problems }: FieldsProps) {
  const { t } = useTranslation();
  return (
    <Group grow align="flex-start">
      <TextInput
        label={t('create.name')}
        required
        data-autofocus
        {...form.getInputProps('name')}
        error={
          (problems.has('name') && t('create.problem.name')) ||
          (problems.has('nameTaken') && t('create.problem.nameTaken'))
        }
      />
      <TextInput
        label={t('details.group')}
        placeholder={t('details.noGroup')}
        {...form.getInputProps('group')}
        error={problems.has('group') && t('group.problem')}
      />
    </Group>
  );
}

export function ImageFields({ form, problems }: FieldsProps) {
  const { t } = useTranslation();
  const { media } = useMedia();
  const id = useId();
  const { imageFrom, imageKind, imageFile } = form.values;
  const guess = useGuess((kind) => form.setFieldValue('imageKind', kind));
  const error = problems.has('image') && t('create.problem.image');
  if (isBuilt(form.values.template)) return <Text size="sm">{t('create.built')}</Text>;
  return (
    <Stack gap="sm">
      <Text size="sm" fw={600} id={id}>
        {t('create.image')}
      </Text>
      <SegmentedControl
        aria-labelledby={id}
        data={(['none', 'file', 'library', 'path'] as const).map((value) => ({
          value,
          label: t(`create.imageFrom.${value}`),
        }))}
        {...form.getInputProps('imageFrom')}
      />
      <Text size="sm" c="var(--text-dimmed)">
        {t(`create.imageHint.${imageFrom}`)}
      </Text>
      {imageFrom === 'file' && (
        <Group>
          <FileButton
            onChange={(file) => {
              if (!file) return;
              form.setFieldValue('imageFile', file);
              form.setFieldValue('imageKind', guessKind(file.name, file.size));
            }}
          >
            {(props) => (
              <Button {...props} variant="default" leftSection={<IconFileImport size={16} aria-hidden />}>
                {t('create.browse')}
              </Button>
            )}
          </FileButton>
          <Text size="sm" {...(error && { c: 'red' })}>
            {imageFile?.name ?? (error || t('create.noFile'))}
          </Text>
        </Group>
      )}
      {imageFrom === 'path' && (
        <TextInput
          label={t('create.path')}
          spellCheck={false}
          {...form.getInputProps('imagePath')}
          // While it is typed, not when it is left: what moves under a click is missed by it.
          onChange={(event) => {
            const path = event.currentTarget.value;
            form.setFieldValue('imagePath', path);
            if (/\.\w+$/.test(path)) form.setFieldValue('imageKind', guessKind(path, 0));
            guess(path);
          }}
          error={error}
        />
      )}
      {imageFrom === 'library' && (
        <Select
          label={t('create.medium')}
          data={media.map((medium) => ({
            value: medium.id,
            label: `${medium.name} — ${t(`media.kind.${medium.kind}`)}`,
          }))}
          {...form.getInputProps('imageMedium')}
          onChange={(chosen) => {
            form.setFieldValue('imageMedium', chosen);
            const medium = media.find((one) => one.id === chosen);
            if (medium) form.setFieldValue('imageKind', medium.kind);
          }}
          error={error}
        />
      )}
      {(imageFrom === 'file' || imageFrom === 'path') && (
        <Radio.Group label={t('create.imageKind')} {...form.getInputProps('imageKind')}>
          <Group mt={6}>
            {(['floppy', 'cdrom', 'disk'] as const).map((kind) => (
              <Radio key={kind} value={kind} label={t(`media.kind.${kind}`)} />
            ))}
          </Group>
        </Radio.Group>
      )}
      {imageFrom === 'path' && imageKind !== 'cdrom' && (
        <Checkbox
          label={t('create.writable')}
          description={t('create.writableHint')}
          {...form.getInputProps('imageWritable', { type: 'checkbox' })}
        />
      )}
    </Stack>
  );
}

export function HardwareFields({ form, problems, memory, expert }: FieldsProps & { readonly expert: boolean }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { memoryMiB } = form.values;
  return (
    <Stack gap="sm">
      <Group align="flex-start" wrap="nowrap" gap="lg">
        <NumberInput
          label={t('create.memory')}
          suffix={` ${t('create.memoryUnit')}`}
          w={170}
          min={memory.min}
          max={memory.max}
          clampBehavior="none"
          allowDecimal={false}
          {...form.getInputProps('memoryMiB')}
          error={problems.has('memory') && t('create.problem.memory', memory)}
        />
        {/* Memory is felt in doublings. */}
        <Slider
          flex={1}
          mt={38}
          min={0}
          max={Math.log2(memory.max)}
          step={0.25}
          label={null}
          thumbLabel={t('create.memory')}
          value={Math.log2(Math.max(1, Number(memoryMiB) || 1))}
          onChange={(power) => form.setFieldValue('memoryMiB', Math.min(memory.max, roundMemory(2 ** power)))}
        />
        <Text size="xs" c="var(--text-dimmed)" mt={34}>
          {t('create.memoryMax', { mib: number(memory.max) })}
        </Text>
      </Group>
      <Group grow>
        <Select
          label={t('details.cpuModel')}
          allowDeselect={false}
          data={CPU_MODELS.map((value) => ({ value, label: t(`details.cpuModelValue.${value}`) }))}
          {...form.getInputProps('cpuModel')}
        />
        <Select
          label={t('details.pointer')}
          allowDeselect={false}
          data={pointerSchema.options.map((value) => ({ value, label: t(`details.pointerValue.${value}`) }))}
          {...form.getInputProps('pointer')}
        />
        {expert && (
          <Select
            label={t('details.clock')}
            allowDeselect={false}
            data={(['host', 'virtual'] as const).map((value) => ({ value, label: t(`details.clockValue.${value}`) }))}
            {...form.getInputProps('clock')}
          />
        )}
      </Group>
    </Stack>
  );
}

/** Steps that a person would write: powers of two and what lies halfway, in whole MiB. */
const roundMemory = (mib: number): number => {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(mib)) - 2);
  return Math.max(1, Math.round(mib / step) * step);
};

export function DiskFields({ form, problems }: FieldsProps) {
  const { t } = useTranslation();
  const { media } = useMedia();
  const { number, bytes } = useFormats();
  const free = media.filter(({ kind, usedBy }) => kind === 'disk' && usedBy.length === 0);
  const built = isBuilt(form.values.template);
  return (
    <Radio.Group label={t('create.disk')} {...form.getInputProps('disk')}>
      <Stack gap="xs" mt={6}>
        <Group>
          <Radio value="new" label={t('create.diskNew')} />
          <NumberInput
            aria-label={t('create.diskSize')}
            suffix=" MiB"
            w={150}
            min={1}
            clampBehavior="none"
            allowDecimal={false}
            disabled={form.values.disk !== 'new'}
            {...form.getInputProps('diskMiB')}
            error={
              problems.has('disk') &&
              form.values.disk === 'new' &&
              t('create.problem.disk', { max: number(DISK_MIB_MAX) })
            }
          />
          <Text size="xs" c="var(--text-dimmed)">
            {form.values.disk === 'new' && Number(form.values.diskMiB) >= 1024
              ? `${bytes(Number(form.values.diskMiB) * 2 ** 20)}. ${t('create.diskHint')}`
              : t('create.diskHint')}
          </Text>
        </Group>
        <Group>
          <Radio value="library" label={t('create.diskLibrary')} disabled={built || free.length === 0} />
          <Select
            aria-label={t('create.medium')}
            disabled={form.values.disk !== 'library'}
            data={free.map(({ id, name }) => ({ value: id, label: name }))}
            {...form.getInputProps('diskMedium')}
            error={problems.has('disk') && form.values.disk === 'library' && t('create.problem.medium')}
          />
        </Group>
        <Radio value="none" label={t('create.diskNone')} disabled={built} />
      </Stack>
    </Radio.Group>
  );
}

export function Summary({ form }: FieldsProps) {
  const { t } = useTranslation();
  const { number, bytes } = useFormats();
  const { media } = useMedia();
  const { values } = form;
  const nameOf = (medium: string | null): string => media.find(({ id }) => id === medium)?.name ?? '';
  const images = {
    file: values.imageFile?.name ?? '',
    library: nameOf(values.imageMedium),
    path: values.imagePath,
  };
  return (
    <Group wrap="nowrap" align="flex-start" gap="lg">
      <TemplateTile template={values.template} size={72} />
      <Box flex={1}>
        <Facts>
          <Fact name={t('create.name')}>{values.name}</Fact>
          {values.group.trim() !== '' && <Fact name={t('details.group')}>{values.group.trim()}</Fact>}
          <Fact name={t('create.template')}>{templateName(t, values.template)}</Fact>
          <Fact name={t('create.memory')}>{t('details.memoryValue', { mib: number(Number(values.memoryMiB)) })}</Fact>
          <Fact name={t('details.cpuModel')}>{t(`details.cpuModelValue.${values.cpuModel}`)}</Fact>
          <Fact name={t('details.pointer')}>{t(`details.pointerValue.${values.pointer}`)}</Fact>
          <Fact name={t('create.image')}>
            {isBuilt(values.template)
              ? t('create.builtShort')
              : values.imageFrom === 'none'
                ? t('create.imageFrom.none')
                : `${images[values.imageFrom]} (${t(`media.kind.${values.imageKind}`)})`}
          </Fact>
          <Fact name={t('create.disk')}>
            {
              {
                new: bytes(Number(values.diskMiB) * 2 ** 20),
                library: nameOf(values.diskMedium),
                none: t('create.diskNone'),
              }[values.disk]
            }
          </Fact>
        </Facts>
      </Box>
    </Group>
  );
}
