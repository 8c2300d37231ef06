import { NumberInput, Select, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { IconLock, IconPencil } from '@tabler/icons-react';
import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './editable.module.css';

interface EditableProps<T> {
  readonly label: string;
  readonly value: T;
  /** Why it cannot be changed now; undefined: it can. */
  readonly locked?: string | undefined;
  readonly onChange: (value: T) => void;
}

/** A value that becomes its own field at a click; Enter keeps what was typed, Escape does not. */
export function Editable({
  label,
  shown,
  locked,
  autoFocus = false,
  field,
}: {
  readonly label: string;
  readonly shown: ReactNode;
  readonly locked?: string | undefined;
  /** It comes where the keyboard was. */
  readonly autoFocus?: boolean | undefined;
  readonly field: (done: () => void) => ReactNode;
}) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState<boolean>();
  if (locked !== undefined)
    return (
      <Tooltip label={locked} events={{ hover: true, focus: true, touch: true }}>
        {/* The keyboard comes to the reason, too. */}
        <span className={classes['locked']} tabIndex={0}>
          {shown} <IconLock size={13} aria-label={locked} />
        </span>
      </Tooltip>
    );
  // While the focus moves on to something else, the body has it.
  const done = (): void => setEditing(document.activeElement === document.body ? undefined : false);
  if (editing) return field(done);
  return (
    <UnstyledButton
      className={classes['value']}
      // After the field was left by a key, the keyboard is where it was before.
      autoFocus={editing === false || autoFocus}
      onClick={() => setEditing(true)}
    >
      <span>{shown}</span>
      <span className="visually-hidden">{` (${t('edit.change', { label })})`}</span>
      <IconPencil size={13} aria-hidden />
    </UnstyledButton>
  );
}

/** Enter and Escape of a field within the details: the second loses what was typed, and closes nothing around it. */
export const leaveKeys = (keep: () => void, lose: () => void) => (event: KeyboardEvent) => {
  if (event.key === 'Enter') {
    event.preventDefault();
    keep();
  }
  if (event.key === 'Escape') {
    event.stopPropagation();
    lose();
  }
};

type ProblemOf = (value: string) => string | undefined;

interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  /** In words; undefined: it can be kept. */
  readonly problemOf?: ProblemOf | undefined;
  readonly onKeep: (value: string) => void;
  readonly onLose: () => void;
}

/** Kept when it is left, as far as it is valid. */
export function TextField({ label, value, problemOf, onKeep, onLose }: TextFieldProps) {
  const [text, setText] = useState(value);
  const problem = problemOf?.(text);
  const keep = (): void => {
    if (problem === undefined) onKeep(text);
  };
  return (
    <TextInput
      flex={1}
      size="xs"
      autoFocus
      spellCheck={false}
      aria-label={label}
      value={text}
      error={problem}
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={keep}
      onKeyDown={leaveKeys(keep, onLose)}
    />
  );
}

export function EditableText({
  label,
  value,
  shown,
  locked,
  problemOf,
  onChange,
}: EditableProps<string> & {
  /** What stands for it, where that is not the value itself. */
  readonly shown?: string | undefined;
  readonly problemOf?: ProblemOf;
}) {
  const field = (done: () => void): ReactNode => (
    <TextField
      label={label}
      value={value}
      problemOf={problemOf}
      onKeep={(text) => {
        done();
        if (text !== value) onChange(text);
      }}
      onLose={done}
    />
  );
  return <Editable label={label} shown={shown ?? value} locked={locked} field={field} />;
}

interface NumberFieldProps {
  readonly label: string;
  readonly value: number | null;
  readonly min: number;
  readonly max: number;
  readonly onKeep: (value: number) => void;
  readonly onLose: () => void;
}

function NumberField({ label, value, min, max, onKeep, onLose }: NumberFieldProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<number | string>(value ?? '');
  const isValid = typeof typed === 'number' && Number.isInteger(typed) && typed >= min && typed <= max;
  const keep = (): void => {
    if (isValid) onKeep(typed);
    else if (value === null && typed === '') onLose();
  };
  return (
    <NumberInput
      size="xs"
      autoFocus
      aria-label={label}
      min={min}
      max={max}
      clampBehavior="none"
      value={typed}
      error={!isValid && !(value === null && typed === '') && t('create.problem.memory', { min, max })}
      onChange={setTyped}
      onBlur={keep}
      onKeyDown={leaveKeys(keep, onLose)}
    />
  );
}

interface EditableNumberProps extends Omit<EditableProps<number>, 'value'> {
  /** Null: there is none, or not one. */
  readonly value: number | null;
  readonly shown: string;
  readonly min: number;
  readonly max: number;
}

export function EditableNumber({ label, value, shown, min, max, locked, onChange }: EditableNumberProps) {
  const field = (done: () => void): ReactNode => (
    <NumberField
      {...{ label, value, min, max }}
      onKeep={(typed) => {
        done();
        if (typed !== value) onChange(typed);
      }}
      onLose={done}
    />
  );
  return <Editable label={label} shown={shown} locked={locked} field={field} />;
}

interface EditableSelectProps<T extends string> extends Omit<EditableProps<T>, 'value'> {
  /** Null: there is none, or not one; `shownIfNone` stands for it. */
  readonly value: T | null;
  readonly shownIfNone?: string;
  readonly data: readonly { readonly value: T; readonly label: string }[];
  readonly autoFocus?: boolean;
}

export function EditableSelect<T extends string>({
  label,
  value,
  shownIfNone,
  data,
  locked,
  autoFocus,
  onChange,
}: EditableSelectProps<T>) {
  const field = (done: () => void): ReactNode => (
    <Select
      size="xs"
      autoFocus
      defaultDropdownOpened
      aria-label={label}
      allowDeselect={false}
      value={value}
      data={data}
      onChange={(chosen) => {
        done();
        if (chosen !== null && chosen !== value) onChange(chosen as T);
      }}
      onDropdownClose={done}
    />
  );
  const shown = data.find((one) => one.value === value)?.label ?? value ?? shownIfNone;
  return <Editable label={label} shown={shown} locked={locked} autoFocus={autoFocus} field={field} />;
}
