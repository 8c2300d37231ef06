import { IconCpu } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import {
  MEMORY_MIB_MAX,
  MEMORY_MIB_MIN,
  CPU_MODELS,
  engineSchema,
  pointerSchema,
  type MachineChanges,
  type MachineConfig,
  type MachineInfo,
} from '../../../core/contract/index.ts';
import { isIdle } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import { EditableNumber, EditableSelect, EditableText } from '../../ui/editable.tsx';
import { useFormats } from '../../ui/formats.ts';
import { useLabelProblems } from './label-problems.ts';
import { Fact, Facts, Section } from '../../ui/section.tsx';

/** What several machines have in common, changed for all of them at once; where they differ it says so until then. */
export function SharedSettings({ machines }: { readonly machines: readonly MachineInfo[] }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  const { client, actions } = useApp();
  const change = (changes: MachineChanges): void => {
    for (const { config } of machines) {
      actions.dismiss(config.id);
      void client
        .call('machines.update', { id: config.id, changes })
        .then((done) => !done.ok && actions.failed(config.id, done.error));
    }
  };
  /** Null: they differ. */
  const common = <K extends keyof MachineConfig>(key: K): MachineConfig[K] | null => {
    const [first, ...rest] = machines.map(({ config }) => config[key]);
    return rest.every((value) => value === first) ? first : null;
  };
  const busy = machines.filter((machine) => !isIdle(machine) || machine.saved).map(({ config }) => config.name);
  const locked = busy.length > 0 ? t('shared.locked', { names: busy.join(', ') }) : undefined;
  const { problemOfGroup } = useLabelProblems();
  const various = t('shared.various');
  const [group, memoryMiB] = [common('group'), common('memoryMiB')];
  const choice = { shownIfNone: various, locked };
  return (
    <Section icon={IconCpu} title={t('shared.title', { count: machines.length })}>
      <Facts>
        <Fact name={t('details.group')}>
          <EditableText
            label={t('details.group')}
            value={group ?? ''}
            shown={group === null ? various : group === '' ? t('details.noGroup') : undefined}
            problemOf={problemOfGroup}
            onChange={(typed) => change({ group: typed })}
          />
        </Fact>
        <Fact name={t('details.memory')}>
          <EditableNumber
            label={t('details.memory')}
            value={memoryMiB}
            shown={memoryMiB === null ? various : t('details.memoryValue', { mib: number(memoryMiB) })}
            min={MEMORY_MIB_MIN}
            max={MEMORY_MIB_MAX}
            locked={locked}
            onChange={(typed) => change({ memoryMiB: typed })}
          />
        </Fact>
        <Fact name={t('details.cpuModel')}>
          <EditableSelect
            {...choice}
            label={t('details.cpuModel')}
            value={common('cpuModel')}
            data={CPU_MODELS.map((value) => ({ value, label: t(`details.cpuModelValue.${value}`) }))}
            onChange={(cpuModel) => change({ cpuModel })}
          />
        </Fact>
        <Fact name={t('details.engine')}>
          <EditableSelect
            {...choice}
            label={t('details.engine')}
            value={common('engine')}
            data={engineSchema.options.map((value) => ({ value, label: t(`details.engineValue.${value}`) }))}
            onChange={(engine) => change({ engine })}
          />
        </Fact>
        <Fact name={t('details.pointer')}>
          <EditableSelect
            {...choice}
            label={t('details.pointer')}
            value={common('pointer')}
            data={pointerSchema.options.map((value) => ({ value, label: t(`details.pointerValue.${value}`) }))}
            onChange={(pointer) => change({ pointer })}
          />
        </Fact>
      </Facts>
    </Section>
  );
}
