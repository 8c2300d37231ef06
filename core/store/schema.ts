/**
 * The library's tables. Each entry takes the schema from its index to the next version; entries are never changed,
 * only added.
 *
 * - `pack`: files of chunks; `session` wrote it and may still.
 * - `chunk`: where each chunk lies. `epoch`: the collection count when a writer last wanted it.
 * - `medium`: disks of the store. Its contents are the tree at `root`, and over it the logs from `first_log` on.
 * - `snapshot`: `kind` is `snapshot`, or `saved` for the state of a machine that was stopped with --save. `disks` is
 *   JSON: slot, medium, root and size of each. `state_root`, `memory_root`, `picture_root` are trees of bytes.
 * - `removal`: what is out of sight and will be gone at `due_ms` (of the host's clock) unless its batch is taken back. `removing`
 *   leaves out rows that are not as they were written: such a row removes nothing.
 * - `log`: the logs of media that were made, and how long each surely is; one that is gone or shorter is damage. `made_log`
 *   leaves out rows that are not as they were written. A log without a row is one whose row a power cut took.
 * - `session`, `pin`: who writes now, and the roots that it builds upon; the collector leaves both alone.
 *
 * `digest` covers a row's other columns: a byte that flipped in the database is found, and never served. Those of `machine`
 * are kept by triggers; `digest_of` is a function that openLibrary defines.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE machine (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE COLLATE NOCASE,
     config TEXT NOT NULL
   ) STRICT`,
  `CREATE TABLE collection (only INTEGER PRIMARY KEY CHECK (only = 0), epoch INTEGER NOT NULL) STRICT;
   INSERT INTO collection VALUES (0, 1);
   CREATE TABLE session (id TEXT PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
   CREATE TABLE pin (
     session TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
     root BLOB NOT NULL,
     size_bytes INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE pack (id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL) STRICT;
   CREATE TABLE chunk (
     name BLOB PRIMARY KEY,
     pack INTEGER NOT NULL,
     offset INTEGER NOT NULL,
     stored_bytes INTEGER NOT NULL,
     epoch INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX chunk_pack ON chunk (pack);
   CREATE TABLE medium (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE COLLATE NOCASE,
     kind TEXT NOT NULL,
     size_bytes INTEGER NOT NULL,
     root BLOB NOT NULL,
     first_log INTEGER NOT NULL,
     created_at TEXT NOT NULL,
     digest BLOB NOT NULL
   ) STRICT;
   CREATE TABLE snapshot (
     id TEXT PRIMARY KEY,
     machine TEXT NOT NULL,
     parent TEXT,
     kind TEXT NOT NULL,
     name TEXT NOT NULL,
     note TEXT NOT NULL,
     created_at TEXT NOT NULL,
     config TEXT NOT NULL,
     disks TEXT NOT NULL,
     state_root BLOB,
     state_bytes INTEGER NOT NULL,
     memory_root BLOB,
     memory_bytes INTEGER NOT NULL,
     picture_root BLOB,
     picture_bytes INTEGER NOT NULL,
     digest BLOB NOT NULL
   ) STRICT;
   CREATE INDEX snapshot_machine ON snapshot (machine);
   CREATE TABLE position (
     machine TEXT PRIMARY KEY,
     snapshot TEXT,
     resume TEXT,
     digest BLOB NOT NULL
   ) STRICT;`,
  `ALTER TABLE machine ADD COLUMN digest BLOB;
   CREATE TRIGGER machine_added AFTER INSERT ON machine
     BEGIN UPDATE machine SET digest = digest_of(id, name, config) WHERE id = NEW.id; END;
   CREATE TRIGGER machine_changed AFTER UPDATE OF id, name, config ON machine
     BEGIN UPDATE machine SET digest = digest_of(id, name, config) WHERE id = NEW.id; END;
   UPDATE machine SET digest = digest_of(id, name, config)`,
  `CREATE TABLE removal (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     batch TEXT NOT NULL,
     kind TEXT NOT NULL,
     item TEXT NOT NULL UNIQUE,
     name TEXT NOT NULL,
     due_ms INTEGER NOT NULL,
     digest BLOB NOT NULL
   ) STRICT;
   CREATE VIEW removing AS SELECT number, batch, kind, item, name, due_ms FROM removal
     WHERE digest IS digest_of(batch, kind, item, name, due_ms)`,
  `CREATE TABLE log (
     medium TEXT NOT NULL REFERENCES medium ON DELETE CASCADE,
     number INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     digest BLOB NOT NULL,
     UNIQUE (medium, number)
   ) STRICT;
   CREATE VIEW made_log AS SELECT medium, number, bytes FROM log WHERE digest IS digest_of(medium, number, bytes)`,
];
