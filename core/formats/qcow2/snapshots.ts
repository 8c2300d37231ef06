/** Internal snapshots, to list them and to count what they hold. QEMU docs/interop/qcow2.txt, "Snapshots". */
import type { ByteFile } from '../../backends/index.ts';
import type { SnapshotInfo } from '../disk-image.ts';
import { corrupt } from '../failure.ts';
import { Fields, roundUp } from '../fields.ts';
import { L1_BYTES_MAX, type Qcow2Header } from './layout.ts';

export interface Qcow2Snapshot extends SnapshotInfo {
  readonly l1Offset: number;
  readonly l1Size: number;
}

const ENTRY_BYTES = 40;
/** Bound of the whole table: names can be 64 KiB long, and there can be 65536 of them. */
const TABLE_BYTES_MAX = 16 * 1024 * 1024;

export function readSnapshots(file: ByteFile, header: Qcow2Header): { snapshots: Qcow2Snapshot[]; tableBytes: number } {
  const snapshots: Qcow2Snapshot[] = [];
  let at = header.snapshotsOffset;
  for (let i = 0; i < header.snapshotCount; i++) {
    const options = { name: `snapshot[${i}]`, littleEndian: false };
    const head = Fields.read(file, at, ENTRY_BYTES, options);
    const idBytes = head.u16(12);
    const nameBytes = head.u16(14);
    const extraBytes = head.u32(36);
    const length = ENTRY_BYTES + extraBytes + idBytes + nameBytes;
    if (extraBytes > 1024) throw head.corrupt('extra_data_size', 36, `${extraBytes} bytes are too many`);
    if (at + length - header.snapshotsOffset > TABLE_BYTES_MAX)
      throw corrupt({ file, offsetBytes: at, field: 'snapshot table' }, 'it is too long');
    const whole = Fields.read(file, at, length, options);
    const l1Size = whole.u32(8);
    const l1Offset = whole.u64(0, 'l1_table_offset');
    if (l1Size * 8 > L1_BYTES_MAX || l1Offset % header.clusterBytes !== 0 || l1Offset + l1Size * 8 > file.sizeBytes)
      throw whole.corrupt('l1_table_offset', 0, `${l1Size} entries at ${l1Offset} are no table`);
    const text = (from: number, lengthBytes: number): string =>
      new TextDecoder().decode(whole.bytes.subarray(from, from + lengthBytes));
    const names = ENTRY_BYTES + extraBytes;
    snapshots.push({
      l1Size,
      l1Offset,
      id: text(names, idBytes),
      name: text(names + idBytes, nameBytes),
      createdAtMs: whole.u32(16) * 1000 + Math.floor(whole.u32(20) / 1e6),
      stateBytes: extraBytes >= 8 ? whole.u64(ENTRY_BYTES, 'vm_state_size') : whole.u32(32),
      sizeBytes: extraBytes >= 16 ? whole.u64(ENTRY_BYTES + 8, 'disk_size') : header.sizeBytes,
    });
    at += roundUp(length, 8);
  }
  return { snapshots, tableBytes: at - header.snapshotsOffset };
}
