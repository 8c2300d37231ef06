import { NumberInput, Select, TextInput, Tooltip, UnstyledButton } from '@mantine/core';
import { IconLock, IconPencil } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
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
function Editable({
  label,
  shown,
  locked,
  field,
}: {
  readonly label: string;
  readonly shown: ReactNode;
  readonly locked?: string | undefined;
  readonly field: (done: () => void) => ReactNode;
}) {
  const { t } = useTranslation();
  const [editing, setEditing] = useState(false);
  if (locked !== undefined)
    return (
      <Tooltip label={locked}>
        <span className={classes['locked']}>
          {shown} <IconLock size={13} aria-label={locked} />
        </span>
      </Tooltip>
    );
  if (editing) return field(() => setEditing(false));
  return (
    <UnstyledButton className={classes['value']} onClick={() => setEditing(true)}>
      <span>{shown}</span>
      <span className="visually-hidden">{` (${t('edit.change', { label })})`}</span>
      <IconPencil size={13} aria-hidden />
    </UnstyledButton>
  );
}

export function EditableText({
  label,
  value,
  placeholder,
  locked,
  validate,
  onChange,
}: EditableProps<string> & { readonly placeholder?: string; readonly validate: (value: string) => boolean }) {
  const [text, setText] = useState(value);
  const field = (done: () => void): ReactNode => {
    const keep = (): void => {
      if (!validate(text)) return;
      done();
      if (text !== value) onChange(text);
    };
    return (
      <TextInput
        size="xs"
        autoFocus
        aria-label={label}
        value={text}
        error={!validate(text)}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === 'Enter') keep();
          if (event.key === 'Escape') {
            event.stopPropagation();
            setText(value);
            done();
          }
        }}
      />
    );
  };
  return <Editable label={label} shown={value === '' ? placeholder : value} locked={locked} field={field} />;
}

export function EditableNumber({
  label,
  value,
  shown,
  min,
  max,
  locked,
  onChange,
}: EditableProps<number> & { readonly shown: string; readonly min: number; readonly max: number }) {
  const [typed, setTyped] = useState<number | string>(value);
  const field = (done: () => void): ReactNode => {
    const isValid = typeof typed === 'number' && Number.isInteger(typed) && typed >= min && typed <= max;
    const keep = (): void => {
      if (!isValid) return;
      done();
      if (typed !== value) onChange(typed);
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
        error={!isValid}
        onChange={setTyped}
        onBlur={keep}
        onKeyDown={(event) => {
          if (event.key === 'Enter') keep();
          if (event.key === 'Escape') {
            event.stopPropagation();
            setTyped(value);
            done();
          }
        }}
      />
    );
  };
  return <Editable label={label} shown={shown} locked={locked} field={field} />;
}

export function EditableSelect<T extends string>({
  label,
  value,
  data,
  locked,
  onChange,
}: EditableProps<T> & { readonly data: readonly { readonly value: T; readonly label: string }[] }) {
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
  const shown = data.find((one) => one.value === value)?.label ?? value;
  return <Editable label={label} shown={shown} locked={locked} field={field} />;
}
