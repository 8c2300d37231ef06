import { ActionIcon, Button, Text, Tooltip } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SerialConfig } from '../../../core/contract/index.ts';
import { EditableSelect, EditableText, TextField } from '../../ui/editable.tsx';
import { Fact, Facts } from '../../ui/section.tsx';
import { SERIAL_PORTS_MAX, serialModesFor } from '../settings/settings-form.ts';
import classes from './machine-details.module.css';

export interface SerialPortsProps {
  readonly ports: readonly SerialConfig[];
  readonly locked: string | undefined;
  readonly onChange: (ports: SerialConfig[]) => void;
}

/** COM1 and on, each changed where it stands; the last can go, and one more can come. */
export function SerialPorts({ ports, locked, onChange }: SerialPortsProps) {
  const { t } = useTranslation();
  const last = ports.length - 1;
  return (
    <>
      {ports.length === 0 && (
        <Text size="sm" c="var(--text-dimmed)">
          {t('details.noSerial')}
        </Text>
      )}
      <Facts>
        {ports.map((port, index) => (
          <Fact key={index} name={`COM${index + 1}`}>
            <span className={classes['drive']}>
              <SerialPort
                name={`COM${index + 1}`}
                port={port}
                locked={locked}
                onChange={(changed) => onChange(ports.with(index, changed))}
              />
              {index === last && locked === undefined && (
                <Tooltip label={t('settings.removePort', { number: index + 1 })}>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    size="sm"
                    ml="auto"
                    aria-label={t('settings.removePort', { number: index + 1 })}
                    onClick={() => onChange(ports.slice(0, -1))}
                  >
                    <IconTrash size={15} aria-hidden />
                  </ActionIcon>
                </Tooltip>
              )}
            </span>
          </Fact>
        ))}
      </Facts>
      {locked === undefined && ports.length < SERIAL_PORTS_MAX && (
        <Button
          size="compact-xs"
          variant="subtle"
          mt={4}
          ml={-8}
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...ports, { mode: 'console' }])}
        >
          {t('settings.addPort')}
        </Button>
      )}
    </>
  );
}

interface SerialPortProps {
  readonly name: string;
  readonly port: SerialConfig;
  readonly locked: string | undefined;
  readonly onChange: (port: SerialConfig) => void;
}

function SerialPort({ name, port, locked, onChange }: SerialPortProps) {
  const { t } = useTranslation();
  /** A file was chosen, and which is not yet said; false: it was asked for. */
  const [asking, setAsking] = useState<boolean>();
  const label = `${name}: ${t('settings.serialFile')}`;
  const toFile = (path: string): void => onChange({ mode: 'file', path: path.trim() });
  const problemOf = (path: string): string | undefined => (path.trim() === '' ? t('settings.pathNeeded') : undefined);
  if (asking)
    return (
      <TextField
        label={label}
        value=""
        problemOf={problemOf}
        onKeep={(path) => {
          setAsking(false);
          toFile(path);
        }}
        onLose={() => setAsking(false)}
      />
    );
  return (
    <>
      <EditableSelect
        label={name}
        value={port.mode}
        locked={locked}
        autoFocus={asking === false}
        data={serialModesFor(port.mode).map((value) => ({ value, label: t(`details.serialMode.${value}`) }))}
        onChange={(mode) => (mode === 'file' ? setAsking(true) : onChange({ mode }))}
      />
      {port.mode === 'file' && (
        <EditableText label={label} value={port.path} locked={locked} problemOf={problemOf} onChange={toFile} />
      )}
    </>
  );
}
