import './zod-without-eval.ts';
import { machineDraftSchema, type MachineDraft } from '../../../core/contract/machine.ts';

export interface NewMachineForm {
  readonly name: string;
  /** NaN while the field is empty. */
  readonly memoryMiB: number;
  readonly floppyPath: string;
  readonly floppyWritable: boolean;
  readonly clock: 'host' | 'virtual';
}

export function draftOf(form: NewMachineForm): MachineDraft {
  const path = form.floppyPath.trim();
  return {
    name: form.name.trim(),
    memoryMiB: form.memoryMiB,
    floppies: path === '' ? [] : [{ path, writable: form.floppyWritable }],
    clock: form.clock,
  };
}

/** The fields of the draft that the contract does not take as they are; the services would say the same. */
export function problemsOf(form: NewMachineForm): ReadonlySet<keyof MachineDraft> {
  const checked = machineDraftSchema.safeParse(draftOf(form));
  return new Set(checked.error?.issues.map(({ path }) => path[0] as keyof MachineDraft));
}
