import { useTranslation } from 'react-i18next';
import { machineGroupSchema, machineNameSchema } from '../../../core/contract/index.ts';
import { useMachines } from '../../state/context.ts';

export interface LabelProblems {
  /** `own`: the machine that is called so, if it is there already. */
  readonly problemOfName: (name: string, own?: string) => string | undefined;
  readonly problemOfGroup: (group: string) => string | undefined;
}

/** What is wrong with names that people type, in words, before the services are asked. */
export function useLabelProblems(): LabelProblems {
  const { t } = useTranslation();
  const { machines } = useMachines();
  return {
    problemOfName: (name, own) => {
      if (!machineNameSchema.safeParse(name).success) return t('create.problem.name');
      const isTaken = machines.some(
        ({ config }) => config.id !== own && config.name.toLowerCase() === name.trim().toLowerCase(),
      );
      return isTaken ? t('create.problem.nameTaken') : undefined;
    },
    problemOfGroup: (group) => (machineGroupSchema.safeParse(group.trim()).success ? undefined : t('group.problem')),
  };
}
