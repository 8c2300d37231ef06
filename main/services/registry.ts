import { randomUUID } from 'node:crypto';
import { err, ok, type Result } from '../../core/base/index.ts';
import {
  fail,
  readConfig,
  type CallArguments,
  type MachineChanges,
  type MachineConfig,
} from '../../core/contract/index.ts';
import { ioFailure, type Library } from '../../core/store/index.ts';

/** Not those that are on their way out. */
const SELECT = `SELECT id, config, digest IS digest_of(id, name, config) AS isWhole FROM machine
  WHERE id NOT IN (SELECT item FROM removing)`;
interface Row {
  readonly id: string;
  readonly config: string;
  readonly isWhole: 0 | 1;
}

/** The machines of a library. What is read is checked as if it came from outside. */
export class MachineRegistry {
  readonly #library: Library;
  readonly #warn: (message: string) => void;

  constructor(library: Library, warn: (message: string) => void) {
    this.#library = library;
    this.#warn = warn;
  }

  /** In order of creation; a row that cannot be read is left out and reported. */
  list(): MachineConfig[] {
    const rows = this.#library.database.prepare(SELECT).all() as Row[];
    return rows
      .map((row) => this.#parse(row))
      .filter((config) => config !== undefined)
      .sort((a, b) => a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name));
  }

  get(id: string): Result<MachineConfig> {
    const row = this.#library.database.prepare(`${SELECT} AND id = ?`).get(id) as Row | undefined;
    const config = row && this.#parse(row);
    return config
      ? ok(config)
      : err(fail('machine.unknown', `there is no machine ${id}`, 'it may have been removed: list the machines again'));
  }

  create(draft: CallArguments<'machines.create'>): Result<MachineConfig> {
    const config: MachineConfig = { id: randomUUID(), ...draft, createdAt: new Date().toISOString() };
    return this.#write(config, 'INSERT INTO machine (name, config, id) VALUES (?, ?, ?)');
  }

  update(id: string, changes: MachineChanges): Result<MachineConfig> {
    const present = this.get(id);
    if (!present.ok) return present;
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    return this.#write({ ...present.value, ...given }, 'UPDATE machine SET name = ?, config = ? WHERE id = ?');
  }

  remove(id: string): void {
    this.#library.database.prepare('DELETE FROM machine WHERE id = ?').run(id);
  }

  #write(config: MachineConfig, statement: string): Result<MachineConfig> {
    try {
      this.#library.database.prepare(statement).run(config.name, JSON.stringify(config), config.id);
      return ok(config);
    } catch (error) {
      if ((error as { code?: string }).code === 'SQLITE_CONSTRAINT_UNIQUE')
        return err(fail('machine.exists', `there is a machine named "${config.name}"`, 'choose another name'));
      const { folder } = this.#library;
      const told = ioFailure(error, folder);
      return err(
        told.code === 'store.full'
          ? told
          : fail('library.open', `${folder}: ${(error as Error).message}`, 'make the folder writable'),
      );
    }
  }

  #parse({ id, config: text, isWhole }: Row): MachineConfig | undefined {
    if (isWhole !== 1) {
      this.#warn(`machine ${id} in the library is not as it was written`);
      return undefined;
    }
    const config = readConfig(text, `machine ${id} in the library`);
    if (config.ok && config.value.id === id) return config.value;
    this.#warn(config.ok ? `machine ${id} in the library says that it is another one` : config.error.message);
    return undefined;
  }
}
