import { Alert, Button, NavLink, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import {
  IconCpu,
  IconDeviceDesktop,
  IconDeviceFloppy,
  IconInfoCircle,
  IconLock,
  IconPlugConnected,
  type Icon,
} from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  MEMORY_MIB_MAX,
  MEMORY_MIB_MIN,
  isLabelChange,
  memoryMiBSchema,
  type Failure,
  type MachineChanges,
  type MachineInfo,
} from '../../../core/contract/index.ts';
import { isIdle } from '../../state/actions.ts';
import { useApp } from '../../state/context.ts';
import type { SettingsPage } from '../../state/dialogs.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogActions } from '../../ui/dialog-actions.tsx';
import { focusWrong } from '../../ui/focus-wrong.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { useLabelProblems } from '../machines/label-problems.ts';
import { DisplayPage, GeneralPage, SerialPage, SystemPage } from './pages.tsx';
import { changesOf, formOf, type SettingsForm } from './settings-form.ts';
import classes from './settings-dialog.module.css';
import { StoragePage } from './storage-page.tsx';

const PAGES: readonly { readonly page: SettingsPage; readonly icon: Icon }[] = [
  { page: 'general', icon: IconInfoCircle },
  { page: 'system', icon: IconCpu },
  { page: 'display', icon: IconDeviceDesktop },
  { page: 'storage', icon: IconDeviceFloppy },
  { page: 'serial', icon: IconPlugConnected },
];

export interface SettingsDialogProps {
  readonly machine: MachineInfo;
  readonly page: SettingsPage;
  readonly onClose: () => void;
}

/** All that a machine is made of. What cannot change now is shown, with the reason. */
export function SettingsDialog({ machine, page: firstPage, onClose }: SettingsDialogProps) {
  const { t } = useTranslation();
  const { client } = useApp();
  const { config } = machine;
  const [page, setPage] = useState(firstPage);
  const [failure, setFailure] = useState<Failure>();
  const [busy, setBusy] = useState(false);
  /** Asked whether what was changed is to be lost. */
  const [leaving, setLeaving] = useState(false);
  const { problemOfName, problemOfGroup } = useLabelProblems();
  const formRef = useRef<HTMLFormElement>(null);
  const form = useForm<SettingsForm>({
    initialValues: formOf(config),
    // It was about what is no longer there.
    onValuesChange: () => setFailure(undefined),
    validate: {
      name: (name) => problemOfName(name, config.id) ?? null,
      group: (group) => problemOfGroup(group) ?? null,
      memoryMiB: (mib) =>
        memoryMiBSchema.safeParse(mib).success
          ? null
          : t('create.problem.memory', { min: MEMORY_MIB_MIN, max: MEMORY_MIB_MAX }),
      bootOrder: (order) => (order.some(({ enabled }) => enabled) ? null : t('settings.bootNeeded')),
      serial: { path: (path, { serial }, at) => serialProblem(path, serial, at) && t('settings.pathNeeded') },
      kernelImage: (image, { kernelAppend }) =>
        image.trim() === '' && kernelAppend.trim() !== '' ? t('settings.kernelNeeded') : null,
    },
  });
  const locked = !isIdle(machine) ? t('settings.lockedLive') : machine.saved ? t('settings.lockedSaved') : undefined;

  const submit = async (): Promise<void> => {
    const { errors, hasErrors } = form.validate();
    if (hasErrors) {
      const fields = Object.keys(errors);
      // What is wrong is shown where it is, on whichever page that is.
      if (!fields.some((field) => pageOf(field) === page)) setPage(pageOf(fields[0]));
      return void setTimeout(() => focusWrong(formRef.current));
    }
    const all = changesOf(config, form.values);
    // Fields that are locked show what is: they cannot have changed, but for a machine that started meanwhile.
    const changes = locked === undefined ? all : (labelsOf(all) as MachineChanges);
    setBusy(true);
    const done =
      Object.keys(changes).length === 0
        ? ({ ok: true } as const)
        : await client.call('machines.update', { id: config.id, changes });
    setBusy(false);
    if (done.ok) onClose();
    else setFailure(done.error);
  };

  /** Escape and the cross are pressed out of habit; once more, and it is gone on. */
  const leave = (): void => {
    if (leaving) stay();
    else if (Object.keys(changesOf(config, form.values)).length > 0) setLeaving(true);
    else onClose();
  };
  const stay = (): void => {
    setLeaving(false);
    formRef.current?.querySelector<HTMLElement>('[aria-current=page]')?.focus();
  };

  const props = { form, machine, locked };
  return (
    <Dialog onClose={leave} size={840} title={t('settings.title', { name: config.name })}>
      <form
        ref={formRef}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className={classes['columns']}>
          <nav aria-label={t('settings.pages')}>
            {PAGES.map(({ page: one, icon: Glyph }) => (
              <NavLink
                key={one}
                component="button"
                type="button"
                className={classes['link'] ?? ''}
                label={t(`settings.page.${one}`)}
                leftSection={<Glyph size={18} stroke={1.7} aria-hidden />}
                active={one === page}
                data-autofocus={one === firstPage || undefined}
                aria-current={one === page ? 'page' : undefined}
                onClick={() => setPage(one)}
              />
            ))}
          </nav>
          <Stack
            gap="md"
            className={classes['page'] ?? ''}
            role="group"
            aria-label={t(`settings.page.${page}`)}
            // Where everything is locked there is nothing else in it to scroll with.
            tabIndex={0}
          >
            {locked !== undefined && page !== 'general' && page !== 'display' && (
              <Alert color="gray" variant="light" icon={<IconLock aria-hidden />} className={classes['locked'] ?? ''}>
                {locked}
              </Alert>
            )}
            {page === 'general' && <GeneralPage {...props} />}
            {page === 'system' && <SystemPage {...props} />}
            {page === 'display' && <DisplayPage />}
            {page === 'storage' && <StoragePage {...props} />}
            {page === 'serial' && <SerialPage {...props} />}
          </Stack>
        </div>
        <Stack gap="sm" mt="md">
          {failure && <FailureAlert failure={failure} />}
          {leaving && (
            <Text size="sm" fw={600} ta="end" role="alert">
              {t('settings.unsaved')}
            </Text>
          )}
          <DialogActions>
            <Button variant="default" onClick={onClose} {...(leaving && { c: 'red' })}>
              {leaving ? t('settings.discard') : t('action.cancel')}
            </Button>
            {leaving && (
              <Button variant="default" autoFocus onClick={stay}>
                {t('settings.stay')}
              </Button>
            )}
            <Button type="submit" loading={busy}>
              {t('settings.submit')}
            </Button>
          </DialogActions>
        </Stack>
      </form>
    </Dialog>
  );
}

/** Which page has a field that can be wrong. */
function pageOf(field: string): SettingsPage {
  if (field === 'name' || field === 'group') return 'general';
  return field.startsWith('serial') ? 'serial' : 'system';
}

const labelsOf = (changes: MachineChanges): object =>
  Object.fromEntries(Object.entries(changes).filter(([field]) => isLabelChange(field)));

function serialProblem(path: string, serial: SettingsForm['serial'], at: string): boolean {
  const index = Number(/\d+/.exec(at)?.[0] ?? 0);
  return serial[index]?.mode === 'file' && path.trim() === '';
}
