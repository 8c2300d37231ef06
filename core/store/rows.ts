import { FailureError, failure } from '../base/index.ts';
import { digestOf } from './digest.ts';
import { damaged } from './errors.ts';
import type { Library } from './library.ts';
import { nameFromBlob, nameToBlob, type ChunkName } from './name.ts';

/** A disk, CD or floppy that the store holds. */
export interface Medium {
  readonly id: string;
  readonly name: string;
  readonly kind: 'disk' | 'floppy' | 'cdrom';
  readonly sizeBytes: number;
  readonly root: ChunkName;
  /** Logs before this one are in the tree. */
  readonly firstLog: number;
  readonly createdAt: string;
}

/** Contents of one attached disk at a snapshot; `place` says where it was attached ("disk0", "floppy1"). */
export interface SnapshotDisk {
  readonly place: string;
  readonly medium: string;
  readonly root: ChunkName;
  readonly sizeBytes: number;
  /**
   * The medium was as before at power-off, so it is not part of a restore: only a guest that goes on sees this tree.
   * `disk`: it is immutable; `session`: what the whole session wrote was to be thrown away.
   */
  readonly forgets?: 'disk' | 'session' | undefined;
}

export interface TreeRef {
  readonly root: ChunkName;
  readonly sizeBytes: number;
}

export interface Snapshot {
  readonly id: string;
  readonly machine: string;
  readonly parent: string | undefined;
  /** `saved`: the state of a machine stopped with --save, or on its way to a fork; not shown in the tree. */
  readonly kind: 'snapshot' | 'saved';
  readonly name: string;
  readonly note: string;
  readonly createdAt: string;
  /** The machine's configuration as JSON. */
  readonly config: string;
  readonly disks: readonly SnapshotDisk[];
  /** Undefined: the machine was stopped, or memory was left out. */
  readonly memory: TreeRef | undefined;
  /** Processor and devices. */
  readonly state: TreeRef | undefined;
  /** A PNG. */
  readonly picture: TreeRef | undefined;
}

/** Where a machine stands in its tree. */
export interface Position {
  /** The snapshot that the present state comes from. */
  readonly snapshot: string | undefined;
  /** The snapshot that the next start resumes from; undefined: it boots. */
  readonly resume: string | undefined;
}

type Row = Readonly<Record<string, string | number | null | Uint8Array>>;

const plain = (value: unknown): unknown => (value instanceof Uint8Array ? nameFromBlob(value) : value);

/** The row's values; throws `store.damaged` when they are not as written. */
function checked(table: string, columns: readonly string[], row: Row): Row {
  const digest = digestOf(columns.map((column) => plain(row[column])));
  if (!digest.equals(row.digest as Uint8Array))
    throw damaged(`table ${table}, row ${String(row[columns[0]])}: altered`);
  return row;
}

function write(library: Library, table: string, values: Row): void {
  const columns = Object.keys(values);
  library.database
    .prepare(
      `INSERT INTO ${table} (${columns.join(', ')}, digest) VALUES (${columns.map(() => '?').join(', ')}, ?)
       ON CONFLICT (${columns[0]}) DO UPDATE SET
       ${[...columns, 'digest'].map((column) => `${column} = excluded.${column}`).join(', ')}`,
    )
    .run(...Object.values(values), digestOf(Object.values(values).map(plain)));
}

const blob = (name: ChunkName | undefined): Buffer | null => (name === undefined ? null : nameToBlob(name));

// --- media ------------------------------------------------------------------------------------------------------------------

const MEDIUM = ['id', 'name', 'kind', 'size_bytes', 'root', 'first_log', 'created_at'];

function mediumOf(row: Row): Medium {
  const r = checked('medium', MEDIUM, row);
  return {
    id: r.id as string,
    name: r.name as string,
    kind: r.kind as Medium['kind'],
    sizeBytes: r.size_bytes as number,
    root: nameFromBlob(r.root as Uint8Array),
    firstLog: r.first_log as number,
    createdAt: r.created_at as string,
  };
}

export const listMedia = (library: Library): Medium[] =>
  (library.database.prepare('SELECT * FROM medium ORDER BY created_at, name').all() as Row[]).map(mediumOf);

/** The ids of media that a machine's configuration attaches: `medium:ID` in its JSON. */
export const attachedMedia = (config: string): Set<string> =>
  new Set([...config.matchAll(/"medium:([0-9a-f-]{36})"/g)].map(([, id]) => id));

/** Throws FailureError `store.medium`. */
export function getMedium(library: Library, id: string): Medium {
  const row = library.database.prepare('SELECT * FROM medium WHERE id = ?').get(id) as Row | undefined;
  if (!row) throw new FailureError(failure('store.medium', `there is no medium ${id}`, 'list the media'));
  return mediumOf(row);
}

export function putMedium(library: Library, medium: Medium): void {
  write(library, 'medium', {
    id: medium.id,
    name: medium.name,
    kind: medium.kind,
    size_bytes: medium.sizeBytes,
    root: nameToBlob(medium.root),
    first_log: medium.firstLog,
    created_at: medium.createdAt,
  });
  // What is in the tree is missed by nobody.
  library.database.prepare('DELETE FROM log WHERE medium = ? AND number < ?').run(medium.id, medium.firstLog);
}

// --- snapshots --------------------------------------------------------------------------------------------------------------

const SNAPSHOT = [
  ...['id', 'machine', 'parent', 'kind', 'name', 'note', 'created_at', 'config', 'disks'],
  ...['state_root', 'state_bytes', 'memory_root', 'memory_bytes', 'picture_root', 'picture_bytes'],
];

function snapshotOf(row: Row): Snapshot {
  const r = checked('snapshot', SNAPSHOT, row);
  const ref = (root: unknown, sizeBytes: unknown): TreeRef | undefined =>
    root === null ? undefined : { root: nameFromBlob(root as Uint8Array), sizeBytes: sizeBytes as number };
  const disks = JSON.parse(r.disks as string) as SnapshotDisk[];
  return {
    id: r.id as string,
    machine: r.machine as string,
    parent: (r.parent as string | null) ?? undefined,
    kind: r.kind as Snapshot['kind'],
    name: r.name as string,
    note: r.note as string,
    createdAt: r.created_at as string,
    config: r.config as string,
    disks: disks.map((disk) => ({ ...disk, root: Buffer.from(disk.root, 'hex').toString('latin1') })),
    state: ref(r.state_root, r.state_bytes),
    memory: ref(r.memory_root, r.memory_bytes),
    picture: ref(r.picture_root, r.picture_bytes),
  };
}

export const listSnapshots = (library: Library, machine?: string): Snapshot[] =>
  (
    (machine === undefined
      ? library.database.prepare('SELECT * FROM snapshot ORDER BY created_at').all()
      : library.database.prepare('SELECT * FROM snapshot WHERE machine = ? ORDER BY created_at').all(machine)) as Row[]
  ).map(snapshotOf);

/** Throws FailureError `store.snapshot`. */
export function getSnapshot(library: Library, id: string): Snapshot {
  const row = library.database.prepare('SELECT * FROM snapshot WHERE id = ?').get(id) as Row | undefined;
  if (!row) throw new FailureError(failure('store.snapshot', `there is no snapshot ${id}`, 'list the snapshots'));
  return snapshotOf(row);
}

export const hasSnapshot = (library: Library, id: string): boolean =>
  library.database.prepare('SELECT 1 FROM snapshot WHERE id = ?').get(id) !== undefined;

export const putSnapshot = (library: Library, snapshot: Snapshot): void =>
  write(library, 'snapshot', {
    id: snapshot.id,
    machine: snapshot.machine,
    parent: snapshot.parent ?? null,
    kind: snapshot.kind,
    name: snapshot.name,
    note: snapshot.note,
    created_at: snapshot.createdAt,
    config: snapshot.config,
    disks: JSON.stringify(snapshot.disks.map((d) => ({ ...d, root: Buffer.from(d.root, 'latin1').toString('hex') }))),
    state_root: blob(snapshot.state?.root),
    state_bytes: snapshot.state?.sizeBytes ?? 0,
    memory_root: blob(snapshot.memory?.root),
    memory_bytes: snapshot.memory?.sizeBytes ?? 0,
    picture_root: blob(snapshot.picture?.root),
    picture_bytes: snapshot.picture?.sizeBytes ?? 0,
  });

// --- positions --------------------------------------------------------------------------------------------------------------

const POSITION = ['machine', 'snapshot', 'resume'];

export function getPosition(library: Library, machine: string): Position {
  const row = library.database.prepare('SELECT * FROM position WHERE machine = ?').get(machine) as Row | undefined;
  if (!row) return { snapshot: undefined, resume: undefined };
  const r = checked('position', POSITION, row);
  return {
    snapshot: (r.snapshot as string | null) ?? undefined,
    resume: (r.resume as string | null) ?? undefined,
  };
}

export const putPosition = (library: Library, machine: string, position: Position): void =>
  write(library, 'position', { machine, snapshot: position.snapshot ?? null, resume: position.resume ?? null });

/** The collector keeps this tree for a session, in place of the one before. */
export function pin(library: Library, session: string, { root, sizeBytes }: TreeRef): void {
  library.database.prepare('DELETE FROM pin WHERE session = ?').run(session);
  library.database.prepare('INSERT INTO pin VALUES (?, ?, ?)').run(session, nameToBlob(root), sizeBytes);
}

/** Every tree that something in the library needs. */
export function allRoots(library: Library): TreeRef[] {
  const pins = library.database.prepare('SELECT root, size_bytes FROM pin').all() as {
    root: Uint8Array;
    size_bytes: number;
  }[];
  return [
    ...listMedia(library).map(({ root, sizeBytes }) => ({ root, sizeBytes })),
    ...listSnapshots(library).flatMap(rootsOf),
    ...pins.map((pin) => ({ root: nameFromBlob(pin.root), sizeBytes: pin.size_bytes })),
  ];
}

export const rootsOf = ({ disks, memory, state, picture }: Snapshot): TreeRef[] =>
  [...disks, memory, state, picture].filter((ref) => ref !== undefined);
