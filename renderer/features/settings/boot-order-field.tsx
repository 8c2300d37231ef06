import { ActionIcon, Checkbox, Stack, Text } from '@mantine/core';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { BootOrder } from './boot-order.ts';
import classes from './boot-order-field.module.css';

export interface BootOrderFieldProps {
  readonly order: BootOrder;
  readonly disabled?: boolean;
  readonly error?: React.ReactNode;
  /** The group has a name from elsewhere. */
  readonly label?: string;
  readonly autoFocus?: boolean;
  readonly onChange: (order: BootOrder) => void;
}

/** What is tried, and in which order: a check mark and two arrows for each device. */
export function BootOrderField(props: BootOrderFieldProps) {
  const { order, disabled = false, error, label, autoFocus = false, onChange } = props;
  const { t } = useTranslation();
  const id = useId();
  const move = (from: number, to: number): void => {
    if (disabled || to < 0 || to >= order.length) return;
    const moved = [...order];
    moved.splice(to, 0, ...moved.splice(from, 1));
    onChange(moved);
  };
  return (
    <Stack gap={4} role="group" {...(label === undefined ? { 'aria-labelledby': id } : { 'aria-label': label })}>
      {label === undefined && (
        <Text size="sm" fw={600} id={id}>
          {t('details.bootOrder')}
        </Text>
      )}
      {order.map(({ device, enabled }, index) => {
        const name = t(`details.bootDevice.${device}`);
        // Not `disabled` at an end: a button that has the focus would lose it there.
        const arrow = (to: number) => ({
          variant: 'subtle',
          color: 'gray',
          disabled,
          ...((to < 0 || to >= order.length) && { 'aria-disabled': true, 'data-disabled': true }),
          onClick: () => move(index, to),
        });
        return (
          <div key={device} className={classes['device']}>
            <Checkbox
              flex={1}
              label={name}
              disabled={disabled}
              autoFocus={autoFocus && index === 0}
              checked={enabled}
              onChange={(event) => onChange(order.with(index, { device, enabled: event.currentTarget.checked }))}
            />
            <ActionIcon {...arrow(index - 1)} aria-label={t('settings.earlier', { device: name })}>
              <IconArrowUp size={16} aria-hidden />
            </ActionIcon>
            <ActionIcon {...arrow(index + 1)} aria-label={t('settings.later', { device: name })}>
              <IconArrowDown size={16} aria-hidden />
            </ActionIcon>
          </div>
        );
      })}
      {error && (
        <Text size="xs" c="red" role="alert">
          {error}
        </Text>
      )}
    </Stack>
  );
}
