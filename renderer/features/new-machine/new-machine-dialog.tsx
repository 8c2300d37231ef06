import { Alert, Button, Checkbox, Progress, Stack, Stepper, Switch, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MEMORY_MIB_MAX, MEMORY_MIB_MIN, type Failure } from '../../../core/contract/index.ts';
import { useApp, useMachines } from '../../state/context.ts';
import { usePreferences } from '../../state/preferences.ts';
import { useResource } from '../../state/resource.ts';
import { goTo, machineHash } from '../../state/route.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { DialogActions } from '../../ui/dialog-actions.tsx';
import { focusWrong } from '../../ui/focus-wrong.ts';
import { Outcome } from '../../ui/outcome.tsx';
import { freeName } from '../machines/free-name.ts';
import { createMachine, fieldsOf, isBuilt, problemsOf, type NewMachineForm, type Problem } from './draft.ts';
import { useBootable, useContents } from './use-contents.ts';
import { guessKind, guessTemplate, nameFromFile } from './image-guess.ts';
import { DiskFields, HardwareFields, ImageFields, NameFields, Summary, TemplateFields } from './fields.tsx';
import { templateName } from '../../i18n/templates.ts';

export interface NewMachineDialogProps {
  readonly onClose: () => void;
  /** Dropped or opened: the machine is made for it. */
  readonly image?: File;
  readonly template?: string;
}

/** Which problems keep a step from being left. */
const STEP_PROBLEMS: readonly (readonly Problem[])[] = [
  ['template', 'name', 'nameTaken', 'group'],
  ['image'],
  ['memory', 'disk'],
  [],
];

const IMAGE_STEP = 1;

/** Step by step, or everything on one page; what has been filled in stays at every turn. */
export function NewMachineDialog({ onClose, image, template }: NewMachineDialogProps) {
  const { t } = useTranslation();
  const { client, actions, selection } = useApp();
  const { machines } = useMachines();
  const [preferences] = usePreferences();
  const { value: info } = useResource('app.info', {});
  const memory = {
    min: info?.memoryMiB.min ?? MEMORY_MIB_MIN,
    // A guest with all of the host's memory would only wait for its disk.
    max: Math.min(
      info?.memoryMiB.max ?? MEMORY_MIB_MAX,
      Math.max(64, Math.floor((info?.host.memoryMiB ?? 4096) * 0.75)),
    ),
  };
  const [failure, setFailure] = useState<Failure>();
  const form = useForm<NewMachineForm>({
    initialValues: useInitialValues(image, template, preferences.memoryMiB),
    // It was about what is no longer there.
    onValuesChange: () => setFailure(undefined),
  });
  const [step, setStep] = useState(
    (image && !problemsOf(form.values, memory).has('template')) || (template !== undefined && isBuilt(template))
      ? 3
      : 0,
  );
  const [expert, setExpert] = useState(false);
  const [tried, setTried] = useState(false);
  const submitRef = useRef<HTMLButtonElement>(null);
  const formRef = useRef<HTMLFormElement>(null);
  /** Once what is wrong is shown, the keyboard is there. */
  const showWrong = (): void => void setTimeout(() => focusWrong(formRef.current));
  const [work, setWork] = useState<{ readonly abort: AbortController; readonly share: number | undefined }>();
  const names = machines.map(({ config }) => config.name);
  const contents = useContents(form.values.imageFile, (kind) => form.setFieldValue('imageKind', kind));
  const { imageFrom, imageFile, imagePath, imageKind } = form.values;
  const pathBoots = useBootable(client, imageFrom === 'path' ? imagePath : '', imageKind);
  const boots = imageFrom === 'file' ? contents?.boots : pathBoots;
  const imageName = imageFrom === 'file' ? (imageFile?.name ?? '') : (imagePath.trim().split(/[\\/]/).at(-1) ?? '');
  const problems = problemsOf(form.values, memory, work ? [] : names);
  const shown: ReadonlySet<Problem> = tried ? problems : new Set();
  const built = isBuilt(form.values.template);
  const stands = (index: number): boolean => !STEP_PROBLEMS[index].some((problem) => problems.has(problem));

  const choose = (id: string): void => {
    const known = form.values.template;
    // Chosen once more, it leaves what was set up since.
    if (id === known) return;
    form.setValues(fieldsOf(id, memory.max, preferences.memoryMiB));
    const nameFor = (template: string): string =>
      freeName(
        templateName(t, template),
        machines.map(({ config }) => config),
      );
    if (form.values.name === '' || form.values.name === nameFor(known)) form.setFieldValue('name', nameFor(id));
  };

  const submit = async (): Promise<void> => {
    setTried(true);
    setFailure(undefined);
    const first = STEP_PROBLEMS.findIndex((_, index) => !stands(index));
    if (first >= 0) {
      setStep(first);
      return showWrong();
    }
    const abort = new AbortController();
    setWork({ abort, share: undefined });
    const created = await createMachine(client, form.values, {
      signal: abort.signal,
      onProgress: (share) => setWork({ abort, share }),
    });
    setWork(undefined);
    if (!created.ok) return setFailure(created.error);
    const { id } = created.value.config;
    selection.choose(id);
    onClose();
    if (!form.values.start) return;
    if (await actions.run('start', id)) goTo(machineHash(id));
  };

  const next = async (): Promise<void> => {
    setTried(true);
    setFailure(undefined);
    if (!stands(step)) return showWrong();
    // What is wrong with a file is said where it is named, not at the end.
    const checked =
      step === IMAGE_STEP && imageFrom === 'path' && !built
        ? await client.call('media.check', { path: imagePath.trim(), kind: imageKind })
        : ({ ok: true } as const);
    if (!checked.ok) return setFailure(checked.error);
    setTried(false);
    setStep(step + 1);
  };

  const fields = { form, problems: shown, memory };
  const pages = [
    <Stack key="system" gap="md">
      <TemplateFields chosen={form.values.template} failed={problems.has('template')} onChoose={choose} />
      <NameFields {...fields} />
    </Stack>,
    <ImageFields key="image" {...fields} />,
    <Stack key="hardware" gap="md">
      <HardwareFields {...fields} expert={expert} />
      <DiskFields {...fields} />
    </Stack>,
    <Summary key="summary" {...fields} />,
  ];
  const isLast = expert || step === pages.length - 1;

  return (
    <Dialog onClose={onClose} size={760} title={t('create.title')}>
      <form
        ref={formRef}
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (isLast) void submit();
          else void next();
        }}
      >
        <Stack gap="md">
          {expert ? (
            pages.slice(0, 3)
          ) : (
            <Stepper active={step} onStepClick={(to) => (to < step || stands(step)) && setStep(to)} size="xs">
              {(['system', 'image', 'hardware', 'summary'] as const).map((name, index) => (
                <Stepper.Step key={name} label={t(`create.step.${name}`)}>
                  {pages[index]}
                </Stepper.Step>
              ))}
            </Stepper>
          )}
          {isLast && <Checkbox label={t('create.start')} {...form.getInputProps('start', { type: 'checkbox' })} />}
          {work && (built || work.share !== undefined) && (
            <WorkProgress
              share={work.share}
              text={built ? t('create.building') : t('create.sending', { name: form.values.imageFile?.name ?? '' })}
              note={!built && client.shell === 'web' ? t('tasks.uploadNote') : undefined}
            />
          )}
          {boots === false && (expert || step > 0) && (
            <Alert
              color="yellow"
              variant="light"
              icon={<IconAlertTriangle aria-hidden />}
              title={t('create.noBoot')}
              styles={{ title: { color: 'var(--mantine-color-text)' } }}
            >
              {t('create.noBootText', { name: imageName })}
            </Alert>
          )}
          {failure && <Outcome failure={failure} />}
          <DialogActions
            aside={
              <Switch
                label={t('create.expert')}
                checked={expert}
                onChange={(event) => setExpert(event.currentTarget.checked)}
              />
            }
          >
            <Button variant="default" onClick={() => (work ? work.abort.abort() : onClose())}>
              {t('action.cancel')}
            </Button>
            {!expert && step > 0 && (
              <Button
                variant="default"
                onClick={() => {
                  setStep(step - 1);
                  // This button is not there on the first page.
                  if (step === 1) submitRef.current?.focus();
                }}
              >
                {t('create.back')}
              </Button>
            )}
            <Button ref={submitRef} type="submit" loading={work !== undefined} data-autofocus={isLast || undefined}>
              {isLast ? t('create.submit') : t('create.next')}
            </Button>
          </DialogActions>
        </Stack>
      </form>
    </Dialog>
  );
}

interface WorkProgressProps {
  readonly text: string;
  readonly share: number | undefined;
  readonly note: string | undefined;
}

function WorkProgress({ text, share, note }: WorkProgressProps) {
  return (
    <div>
      <Text size="sm">{text}</Text>
      <Progress value={(share ?? 1) * 100} animated={share === undefined} aria-label={text} />
      {note !== undefined && (
        <Text size="xs" mt={4} c="var(--text-dimmed)">
          {note}
        </Text>
      )}
    </div>
  );
}

function useInitialValues(
  image: File | undefined,
  template: string | undefined,
  memoryMiB: number | undefined,
): NewMachineForm {
  const { t } = useTranslation();
  const { machines } = useMachines();
  return useMemo(() => {
    const chosen = template ?? (image ? guessTemplate(image.name) : 'dos');
    const wanted = image ? nameFromFile(image.name) : templateName(t, chosen);
    const imageKind = image ? guessKind(image.name, image.size) : 'cdrom';
    const fields = {
      name: freeName(
        wanted,
        machines.map(({ config }) => config),
      ),
      group: '',
      template: chosen,
      memoryMiB: MEMORY_MIB_MIN,
      cpuModel: 'default' as const,
      pointer: 'absolute' as const,
      clock: 'host' as const,
      imageFrom: image ? ('file' as const) : ('none' as const),
      imageKind,
      imageFile: image ?? null,
      imagePath: '',
      imageMedium: null,
      imageWritable: false,
      disk: 'none' as const,
      diskMiB: 512,
      diskMedium: null,
      start: image !== undefined || isBuilt(chosen),
      ...fieldsOf(chosen, MEMORY_MIB_MAX, memoryMiB),
    };
    // What boots from a floppy or a disk of its own needs no other to be tried out.
    return image && imageKind !== 'cdrom' ? { ...fields, disk: 'none' } : fields;
    // Once, when the dialog opens.
  }, []);
}
