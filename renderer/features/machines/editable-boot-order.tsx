import { Button, Group } from '@mantine/core';
import { useState, type FocusEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { BootDevice } from '../../../core/contract/index.ts';
import { Editable, leaveKeys } from '../../ui/editable.tsx';
import { BootOrderField } from '../settings/boot-order-field.tsx';
import { bootOrderOf, triedOf, type BootOrder } from '../settings/boot-order.ts';

export interface EditableBootOrderProps {
  readonly value: readonly BootDevice[];
  readonly locked: string | undefined;
  readonly onChange: (value: BootDevice[]) => void;
}

export function EditableBootOrder({ value, locked, onChange }: EditableBootOrderProps) {
  const { t } = useTranslation();
  return (
    <Editable
      label={t('details.bootOrder')}
      shown={value.map((device) => t(`details.bootDevice.${device}`)).join(', ')}
      locked={locked}
      field={(done) => (
        <Fields
          value={value}
          onKeep={(order) => {
            done();
            if (order.join() !== value.join()) onChange(order);
          }}
          onLose={done}
        />
      )}
    />
  );
}

function Fields({
  value,
  onKeep,
  onLose,
}: {
  readonly value: readonly BootDevice[];
  readonly onKeep: (order: BootDevice[]) => void;
  readonly onLose: () => void;
}) {
  const { t } = useTranslation();
  const [order, setOrder] = useState<BootOrder>(() => bootOrderOf(value));
  const tried = triedOf(order);
  const keep = (): void => {
    if (tried.length > 0) onKeep(tried);
  };
  const onBlur = ({ currentTarget, relatedTarget }: FocusEvent): void => {
    if (!currentTarget.contains(relatedTarget)) keep();
  };
  const onKeyDown = leaveKeys(keep, onLose);
  return (
    <div
      // A click between the fields is not one beside them.
      tabIndex={-1}
      onBlur={onBlur}
      onKeyDown={(event) => {
        // Enter presses the button that it is on.
        if (event.key !== 'Enter' || !(event.target instanceof HTMLButtonElement)) onKeyDown(event);
      }}
    >
      <BootOrderField
        label={t('details.bootOrder')}
        order={order}
        autoFocus
        error={tried.length === 0 && t('settings.bootNeeded')}
        onChange={setOrder}
      />
      <Group justify="flex-end" gap={6} mt={6}>
        <Button size="compact-xs" variant="default" onClick={onLose}>
          {t('action.cancel')}
        </Button>
        <Button size="compact-xs" disabled={tried.length === 0} onClick={keep}>
          {t('settings.submit')}
        </Button>
      </Group>
    </div>
  );
}
