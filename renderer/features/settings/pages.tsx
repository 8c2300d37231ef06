import {
  ActionIcon,
  Button,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
  Textarea,
  Tooltip,
} from '@mantine/core';
import { useLocalStorage } from '@mantine/hooks';
import type { UseFormReturnType } from '@mantine/form';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import {
  MACHINE_TEMPLATES,
  MEMORY_MIB_MAX,
  MEMORY_MIB_MIN,
  bootMenuSchema,
  CPU_MODELS,
  engineSchema,
  pointerSchema,
  type MachineInfo,
} from '../../../core/contract/index.ts';
import { SCALINGS, type Scaling } from '../machine-window/scaling.ts';
import { BootOrderField } from './boot-order-field.tsx';
import { SERIAL_PORTS_MAX, serialModesFor, type SettingsForm } from './settings-form.ts';
import { templateName } from '../../i18n/templates.ts';

export interface PageProps {
  readonly form: UseFormReturnType<SettingsForm>;
  readonly machine: MachineInfo;
  /** Why the machine's parts cannot change now; undefined: they can. */
  readonly locked: string | undefined;
}

export function GeneralPage({ form }: PageProps) {
  const { t } = useTranslation();
  return (
    <>
      <TextInput label={t('details.name')} {...form.getInputProps('name')} />
      <TextInput
        label={t('details.group')}
        description={t('group.hint')}
        placeholder={t('details.noGroup')}
        {...form.getInputProps('group')}
      />
      <Select
        label={t('details.template')}
        description={t('settings.templateHint')}
        allowDeselect={false}
        data={MACHINE_TEMPLATES.map(({ id }) => ({ value: id, label: templateName(t, id) }))}
        {...form.getInputProps('template')}
      />
      <Textarea label={t('details.note')} autosize minRows={3} maxRows={6} {...form.getInputProps('note')} />
    </>
  );
}

export function SystemPage({ form, locked }: PageProps) {
  const { t } = useTranslation();
  const disabled = locked !== undefined;
  return (
    <>
      <Group grow align="flex-start">
        <NumberInput
          label={t('details.memory')}
          suffix=" MiB"
          min={MEMORY_MIB_MIN}
          max={MEMORY_MIB_MAX}
          clampBehavior="none"
          allowDecimal={false}
          disabled={disabled}
          {...form.getInputProps('memoryMiB')}
        />
        <Select
          label={t('details.cpuModel')}
          allowDeselect={false}
          disabled={disabled}
          data={CPU_MODELS.map((value) => ({ value, label: t(`details.cpuModelValue.${value}`) }))}
          {...form.getInputProps('cpuModel')}
        />
      </Group>
      <Group grow align="flex-start">
        <Select
          label={t('details.engine')}
          description={t('settings.engineHint')}
          allowDeselect={false}
          disabled={disabled}
          data={engineSchema.options.map((value) => ({ value, label: t(`details.engineValue.${value}`) }))}
          {...form.getInputProps('engine')}
        />
        <Select
          label={t('details.clock')}
          description={t(`settings.clockHint.${form.values.clock}`)}
          allowDeselect={false}
          disabled={disabled}
          data={(['host', 'virtual'] as const).map((value) => ({ value, label: t(`details.clockValue.${value}`) }))}
          {...form.getInputProps('clock')}
        />
      </Group>
      <BootOrderField
        order={form.values.bootOrder}
        disabled={disabled}
        error={form.errors['bootOrder']}
        onChange={(order) => form.setFieldValue('bootOrder', [...order])}
      />
      <Group grow align="flex-start">
        <Select
          label={t('settings.bootMenu')}
          allowDeselect={false}
          disabled={disabled}
          data={bootMenuSchema.options.map((value) => ({ value, label: t(`settings.bootMenuValue.${value}`) }))}
          {...form.getInputProps('bootMenu')}
        />
        <Select
          label={t('details.pointer')}
          allowDeselect={false}
          disabled={disabled}
          data={pointerSchema.options.map((value) => ({ value, label: t(`details.pointerValue.${value}`) }))}
          {...form.getInputProps('pointer')}
        />
      </Group>
      <Switch
        label={t('settings.paravirtual')}
        description={t('settings.paravirtualHint')}
        disabled={disabled}
        {...form.getInputProps('paravirtual', { type: 'checkbox' })}
      />
      <TextInput
        label={t('details.firmware')}
        description={t('settings.firmwareHint')}
        placeholder={t('details.builtIn')}
        spellCheck={false}
        disabled={disabled}
        {...form.getInputProps('firmware')}
      />
      <TextInput
        label={t('details.kernel')}
        description={t('settings.kernelHint')}
        spellCheck={false}
        disabled={disabled}
        {...form.getInputProps('kernelImage')}
      />
      <Textarea
        label={t('settings.initrd')}
        description={t('settings.initrdHint')}
        spellCheck={false}
        autosize
        disabled={disabled}
        {...form.getInputProps('kernelInitrd')}
      />
      <TextInput
        label={t('settings.append')}
        spellCheck={false}
        disabled={disabled}
        {...form.getInputProps('kernelAppend')}
      />
    </>
  );
}

/** The screen is this window's own: it can change at any time. */
export function DisplayPage() {
  const { t } = useTranslation();
  const id = useId();
  const [scaling, setScaling] = useLocalStorage<Scaling>({
    key: 'terrarium.scaling',
    defaultValue: 'fit',
    getInitialValueInEffect: false,
  });
  return (
    <Stack gap={6}>
      <Text size="sm" fw={600} id={id}>
        {t('window.scaling')}
      </Text>
      <SegmentedControl<Scaling>
        aria-labelledby={id}
        value={scaling}
        onChange={setScaling}
        data={SCALINGS.map((value) => ({ value, label: t(`window.scale.${value}`) }))}
      />
      <Text size="sm" c="var(--text-dimmed)">
        {t('settings.displayHint')}
      </Text>
    </Stack>
  );
}

export function SerialPage({ form, locked }: PageProps) {
  const { t } = useTranslation();
  const disabled = locked !== undefined;
  return (
    <Stack gap="md">
      {form.values.serial.map(({ mode }, index) => (
        <Group key={index} align="flex-start" wrap="nowrap">
          <Select
            label={`COM${index + 1}`}
            w={180}
            allowDeselect={false}
            disabled={disabled}
            data={serialModesFor(mode).map((value) => ({
              value,
              label: t(`details.serialMode.${value}`),
            }))}
            {...form.getInputProps(`serial.${index}.mode`)}
          />
          {mode === 'file' && (
            <TextInput
              label={t('settings.serialFile')}
              flex={1}
              spellCheck={false}
              disabled={disabled}
              {...form.getInputProps(`serial.${index}.path`)}
            />
          )}
          {index === form.values.serial.length - 1 && (
            <Tooltip label={t('settings.removePort', { number: index + 1 })}>
              <ActionIcon
                variant="subtle"
                color="gray"
                mt={28}
                aria-label={t('settings.removePort', { number: index + 1 })}
                disabled={disabled}
                onClick={() => form.removeListItem('serial', index)}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Tooltip>
          )}
        </Group>
      ))}
      <Button
        variant="default"
        w="fit-content"
        leftSection={<IconPlus size={16} aria-hidden />}
        disabled={disabled || form.values.serial.length >= SERIAL_PORTS_MAX}
        onClick={() => form.insertListItem('serial', { mode: 'console', path: '' })}
      >
        {t('settings.addPort')}
      </Button>
    </Stack>
  );
}
