import { ActionIcon, Stack, Textarea, Tooltip } from '@mantine/core';
import { IconCpu, IconDeviceDesktop, IconInfoCircle, IconPencil, IconPlugConnected } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  MEMORY_MIB_MAX,
  MACHINE_TEMPLATES,
  MEMORY_MIB_MIN,
  bootMenuSchema,
  CPU_MODELS,
  engineSchema,
  pointerSchema,
  type MachineChanges,
  type MachineConfig,
  type MachineInfo,
} from '../../../core/contract/index.ts';
import { isIdle } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import type { SettingsPage } from '../../state/dialogs.ts';
import { EditableNumber, EditableSelect, EditableText } from '../../ui/editable.tsx';
import { useFormats } from '../../ui/formats.ts';
import { Fact, Facts, Section } from '../../ui/section.tsx';
import classes from './machine-details.module.css';
import { MachinePreview } from './machine-preview.tsx';
import { MachineStorage } from './machine-storage.tsx';
import { EditableBootOrder } from './editable-boot-order.tsx';
import { SerialPorts } from './serial-ports.tsx';
import { useLabelProblems } from './label-problems.ts';
import { fileName } from './use-attached.ts';
import { templateName } from '../../i18n/templates.ts';

type Change = (changes: MachineChanges) => void;

/** What a machine is made of: the settings as they are, changed where they stand. */
export function MachineDetails({ machine, onShow }: { readonly machine: MachineInfo; readonly onShow: () => void }) {
  const { t } = useTranslation();
  const { client, actions } = useApp();
  const { config } = machine;
  const locked = useLock(machine);
  const change = async (changes: MachineChanges): Promise<void> => {
    actions.dismiss(config.id);
    const done = await client.call('machines.update', { id: config.id, changes });
    if (!done.ok) actions.failed(config.id, done.error);
  };
  return (
    <div className={classes['columns']}>
      <Stack gap="sm">
        <GeneralSection machine={machine} change={change} />
        <SystemSection machine={machine} change={change} />
        <MachineStorage
          machine={machine}
          locked={locked}
          action={<EditButton machine={machine} page="storage" />}
          change={change}
        />
        <SerialSection machine={machine} change={change} />
      </Stack>
      <Stack gap="sm">
        <Section icon={IconDeviceDesktop} title={t('details.preview')}>
          <MachinePreview machine={machine} onShow={onShow} />
        </Section>
        <Note key={config.id} note={config.note} change={change} />
      </Stack>
    </div>
  );
}

function EditButton({ machine, page }: { readonly machine: MachineInfo; readonly page: SettingsPage }) {
  const { t } = useTranslation();
  const { dialogs } = useApp();
  const label = t('details.edit', { what: t(`settings.page.${page}`) });
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={label}
        onClick={() => dialogs.open({ kind: 'settings', machine: machine.config.id, page })}
      >
        <IconPencil size={15} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

/** Why the machine's parts cannot change now; undefined: they can. */
function useLock(machine: MachineInfo): string | undefined {
  const { t } = useTranslation();
  if (!isIdle(machine)) return t('settings.lockedLive');
  return machine.saved ? t('settings.lockedSaved') : undefined;
}

interface PartProps {
  readonly machine: MachineInfo;
  readonly change: Change;
}

function GeneralSection({ machine, change }: PartProps) {
  const { t } = useTranslation();
  const { time } = useFormats();
  const { problemOfName, problemOfGroup } = useLabelProblems();
  const { config } = machine;
  return (
    <Section
      icon={IconInfoCircle}
      title={t('details.general')}
      action={<EditButton machine={machine} page="general" />}
    >
      <Facts>
        <Fact name={t('details.name')}>
          <EditableText
            label={t('details.name')}
            value={config.name}
            problemOf={(name) => problemOfName(name, config.id)}
            onChange={(name) => change({ name: name.trim() })}
          />
        </Fact>
        <Fact name={t('details.group')}>
          <EditableText
            label={t('details.group')}
            value={config.group}
            shown={config.group === '' ? t('details.noGroup') : undefined}
            problemOf={problemOfGroup}
            onChange={(group) => change({ group: group.trim() })}
          />
        </Fact>
        <Fact name={t('details.template')}>
          <EditableSelect
            label={t('details.template')}
            value={config.template}
            data={MACHINE_TEMPLATES.map(({ id }) => ({ value: id, label: templateName(t, id) }))}
            onChange={(template) => change({ template })}
          />
        </Fact>
        <Fact name={t('details.created')}>{time(config.createdAt)}</Fact>
      </Facts>
    </Section>
  );
}

function SystemSection({ machine, change }: PartProps) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { config } = machine;
  const reason = useLock(machine);
  return (
    <Section icon={IconCpu} title={t('details.system')} action={<EditButton machine={machine} page="system" />}>
      <Facts>
        <Fact name={t('details.memory')}>
          <EditableNumber
            label={t('details.memory')}
            value={config.memoryMiB}
            shown={t('details.memoryValue', { mib: number(config.memoryMiB) })}
            min={MEMORY_MIB_MIN}
            max={MEMORY_MIB_MAX}
            locked={reason}
            onChange={(memoryMiB) => change({ memoryMiB })}
          />
        </Fact>
        <Fact name={t('details.cpuModel')}>
          <EditableSelect
            label={t('details.cpuModel')}
            value={config.cpuModel}
            data={CPU_MODELS.map((value) => ({ value, label: t(`details.cpuModelValue.${value}`) }))}
            locked={reason}
            onChange={(cpuModel) => change({ cpuModel })}
          />
        </Fact>
        <Fact name={t('details.bootOrder')}>
          <EditableBootOrder value={config.bootOrder} locked={reason} onChange={(bootOrder) => change({ bootOrder })} />
        </Fact>
        <Fact name={t('details.clock')}>
          <EditableSelect
            label={t('details.clock')}
            value={config.clock}
            data={(['host', 'virtual'] as const).map((value) => ({ value, label: t(`details.clockValue.${value}`) }))}
            locked={reason}
            onChange={(clock) => change({ clock })}
          />
        </Fact>
        <Fact name={t('details.engine')}>
          <EditableSelect
            label={t('details.engine')}
            value={config.engine}
            data={engineSchema.options.map((value) => ({ value, label: t(`details.engineValue.${value}`) }))}
            locked={reason}
            onChange={(engine) => change({ engine })}
          />
        </Fact>
        <Fact name={t('details.pointer')}>
          <EditableSelect
            label={t('details.pointer')}
            value={config.pointer}
            data={pointerSchema.options.map((value) => ({ value, label: t(`details.pointerValue.${value}`) }))}
            locked={reason}
            onChange={(pointer) => change({ pointer })}
          />
        </Fact>
        <Fact name={t('settings.bootMenu')}>
          <EditableSelect
            label={t('settings.bootMenu')}
            value={config.bootMenu}
            data={bootMenuSchema.options.map((value) => ({ value, label: t(`settings.bootMenuValue.${value}`) }))}
            locked={reason}
            onChange={(bootMenu) => change({ bootMenu })}
          />
        </Fact>
        <Fact name={t('settings.paravirtual')}>
          <EditableSelect
            label={t('settings.paravirtual')}
            value={config.paravirtual ? 'on' : 'off'}
            data={(['on', 'off'] as const).map((value) => ({ value, label: t(`edit.${value}`) }))}
            locked={reason}
            onChange={(value) => change({ paravirtual: value === 'on' })}
          />
        </Fact>
        <Fact name={t('details.firmware')}>
          <EditableText
            label={t('details.firmware')}
            value={config.firmware ?? ''}
            shown={config.firmware === null ? t('details.builtIn') : fileName(config.firmware)}
            locked={reason}
            onChange={(path) => change({ firmware: path.trim() === '' ? null : path.trim() })}
          />
        </Fact>
        {config.kernel && <KernelFacts kernel={config.kernel} locked={reason} change={change} />}
      </Facts>
    </Section>
  );
}

/** A kernel that is started directly; without a path there is none any more. */
function KernelFacts({
  kernel,
  locked,
  change,
}: {
  readonly kernel: NonNullable<MachineConfig['kernel']>;
  readonly locked: string | undefined;
  readonly change: Change;
}) {
  const { t } = useTranslation();
  const field = { locked };
  return (
    <>
      <Fact name={t('details.kernel')}>
        <EditableText
          {...field}
          label={t('details.kernel')}
          value={kernel.image}
          shown={fileName(kernel.image)}
          onChange={(image) => change({ kernel: image.trim() === '' ? null : { ...kernel, image: image.trim() } })}
        />
      </Fact>
      {kernel.initrd.map((path, index) => (
        <Fact key={index} name={t('details.initrd')}>
          <EditableText
            {...field}
            label={t('details.initrd')}
            value={path}
            shown={fileName(path)}
            onChange={(typed) => {
              const others = typed.trim() === '' ? [] : [typed.trim()];
              change({ kernel: { ...kernel, initrd: kernel.initrd.toSpliced(index, 1, ...others) } });
            }}
          />
        </Fact>
      ))}
      <Fact name={t('settings.append')}>
        <EditableText
          {...field}
          label={t('settings.append')}
          value={kernel.append}
          shown={kernel.append === '' ? t('details.none') : undefined}
          onChange={(append) => change({ kernel: { ...kernel, append: append.trim() } })}
        />
      </Fact>
    </>
  );
}

function SerialSection({ machine, change }: PartProps) {
  const { t } = useTranslation();
  return (
    <Section
      icon={IconPlugConnected}
      title={t('details.serial')}
      action={<EditButton machine={machine} page="serial" />}
    >
      <SerialPorts ports={machine.config.serial} locked={useLock(machine)} onChange={(serial) => change({ serial })} />
    </Section>
  );
}

/** Kept when it is left, as a note on paper is. */
function Note({ note, change }: { readonly note: string; readonly change: Change }) {
  const { t } = useTranslation();
  const [text, setText] = useState(note);
  return (
    <Section icon={IconPencil} title={t('details.note')}>
      <Textarea
        variant="unstyled"
        autosize
        minRows={2}
        maxRows={10}
        aria-label={t('details.note')}
        placeholder={t('details.notePlaceholder')}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => {
          if (text !== note) change({ note: text });
        }}
      />
    </Section>
  );
}
