import { Group, Select, Stack, Table, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CallResult, MachineInfo } from '../../../core/contract/index.ts';
import { isLive } from '../../state/actions.ts';
import type { SnapshotInfo } from '../../state/dialogs.ts';
import { useResource } from '../../state/resource.ts';
import { FailureAlert } from '../../ui/failure-alert.tsx';
import { useFormats } from '../../ui/formats.ts';
import { drivesOf } from '../machines/drives.ts';
import { Dialog } from '../../ui/dialog.tsx';
import classes from './compare-dialog.module.css';

type Part = CallResult<'snapshots.compare'>['parts'][number];
type Sizes = Pick<Part, 'firstBytes' | 'secondBytes' | 'sharedBytes'>;

const PRESENT = 'present';
const idOf = (key: string): string | null => (key === PRESENT ? null : key);

/** Two states of a machine: how much each holds, what of that is in both, and what only one of them has. */
export function CompareDialog({
  machine,
  snapshot,
  onClose,
}: {
  readonly machine: MachineInfo;
  readonly snapshot?: SnapshotInfo;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation();
  const { time } = useFormats();
  const { id } = machine.config;
  const { value: list } = useResource(
    'snapshots.list',
    { machine: id },
    (event) => event.event === 'snapshots.changed' && event.machine === id,
  );
  const snapshots = list?.snapshots ?? [];
  const [first, setFirst] = useState<string>();
  const [second, setSecond] = useState(PRESENT);
  const chosenFirst =
    first ?? snapshot?.id ?? (snapshots.find(({ current }) => current) ?? snapshots[0])?.id ?? PRESENT;
  const data = [
    ...snapshots.map((one) => ({ value: one.id, label: `${one.name} · ${time(one.createdAt)}` })),
    { value: PRESENT, label: t('snapshots.present') },
  ];
  return (
    <Dialog onClose={onClose} size="xl" title={t('compare.title', { name: machine.config.name })}>
      <Stack gap="md">
        <Group grow>
          <Select
            label={t('compare.first')}
            allowDeselect={false}
            data={data}
            value={chosenFirst}
            onChange={(key) => key !== null && setFirst(key)}
            data-autofocus
          />
          <Select
            label={t('compare.second')}
            allowDeselect={false}
            data={data}
            value={second}
            onChange={(key) => key !== null && setSecond(key)}
          />
        </Group>
        {list && <Sizes machine={machine} first={idOf(chosenFirst)} second={idOf(second)} />}
        <Text size="xs" c="var(--text-dimmed)">
          {t('compare.hint')} {isLive(machine) && t('compare.live')}
        </Text>
      </Stack>
    </Dialog>
  );
}

interface SizesProps {
  readonly machine: MachineInfo;
  readonly first: string | null;
  readonly second: string | null;
}

function Sizes({ machine, first, second }: SizesProps) {
  const { t } = useTranslation();
  const { id } = machine.config;
  const { value, failure } = useResource(
    'snapshots.compare',
    { machine: id, first, second },
    (event) => event.event === 'snapshots.changed' && event.machine === id,
  );
  if (failure) return <FailureAlert failure={failure} />;
  if (!value) return null;
  const labels = new Map(
    drivesOf({ floppies: [], disks: [], cdrom: null }, true).map(({ key, label }) => [key, label]),
  );
  const nameOf = (place: string): string => {
    const label = labels.get(place);
    return label ? t(`drive.${label}`) : t('snapshots.memory');
  };
  const sum = (of: keyof Sizes): number => value.parts.reduce((total, part) => total + part[of], 0);
  const total = { firstBytes: sum('firstBytes'), secondBytes: sum('secondBytes'), sharedBytes: sum('sharedBytes') };
  return (
    <Table verticalSpacing={6} layout="fixed">
      <Table.Thead>
        <Table.Tr>
          <Table.Th w="26%">{t('compare.part')}</Table.Th>
          <Table.Th>{t('compare.inFirst')}</Table.Th>
          <Table.Th>{t('compare.inSecond')}</Table.Th>
          <Table.Th>{t('compare.inBoth')}</Table.Th>
          <Table.Th>{t('compare.onlyFirst')}</Table.Th>
          <Table.Th>{t('compare.onlySecond')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {value.parts.map((part) => (
          <Row key={part.place} name={nameOf(part.place)} {...part} />
        ))}
      </Table.Tbody>
      <Table.Tfoot>
        <Row name={t('compare.total')} inFirst inSecond {...total} />
      </Table.Tfoot>
    </Table>
  );
}

function Row({
  name,
  inFirst,
  inSecond,
  ...sizes
}: Sizes & Omit<Part, keyof Sizes | 'place'> & { readonly name: string }) {
  const { bytes } = useFormats();
  const { firstBytes, secondBytes, sharedBytes } = sizes;
  const size = (value: number, has = true): string => (has ? bytes(value) : '–');
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {name}
        <Bar {...sizes} />
      </Table.Th>
      <Table.Td>{size(firstBytes, inFirst)}</Table.Td>
      <Table.Td>{size(secondBytes, inSecond)}</Table.Td>
      <Table.Td>{size(sharedBytes, inFirst && inSecond)}</Table.Td>
      <Table.Td>{size(firstBytes - sharedBytes, inFirst)}</Table.Td>
      <Table.Td>{size(secondBytes - sharedBytes, inSecond)}</Table.Td>
    </Table.Tr>
  );
}

/** Only the first, both, only the second. */
function Bar({ firstBytes, secondBytes, sharedBytes }: Sizes) {
  const all = firstBytes + secondBytes - sharedBytes;
  const width = (part: number): string => `${all > 0 ? (100 * part) / all : 0}%`;
  return (
    <span className={classes['bar']} aria-hidden>
      <span className={classes['first']} style={{ width: width(firstBytes - sharedBytes) }} />
      <span className={classes['both']} style={{ width: width(sharedBytes) }} />
      <span className={classes['second']} style={{ width: width(secondBytes - sharedBytes) }} />
    </span>
  );
}
