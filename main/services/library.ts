import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import * as z from 'zod';
import { FailureError, err, ok, type Failure, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/codes.ts';
import { hostPathSchema } from '../../core/contract/machine.ts';
import { databaseIsDamaged, openLibrary, salvageDatabase, type Library } from '../../core/store/index.ts';
import { hostPath } from './host-path.ts';
import { libraryIsShown } from './library-notices.ts';

const settingsSchema = z.object({ library: hostPathSchema.refine(isAbsolute).optional() });

/** What a person chose once for every Terrarium of theirs on this computer. */
function settingsFile(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'Terrarium', 'settings.json');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Preferences', 'terrarium', 'settings.json');
  return join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'terrarium', 'settings.json');
}

/** One of these is in every library; without its database it is one that lost it, which opening tells. */
const OF_LIBRARIES: ReadonlySet<string> = new Set(['library.db', 'packs', 'media']);

/** The library that was chosen in the preferences. A file that is not there or not ours chooses none. */
export function chosenLibrary(env: NodeJS.ProcessEnv = process.env): string | undefined {
  try {
    return settingsSchema.parse(JSON.parse(readFileSync(settingsFile(env), 'utf8'))).library;
  } catch {
    return undefined;
  }
}

/** Opens the folder's library, made as needed, and chooses it for later starts. Nothing is moved. */
export function chooseLibrary(path: string, env: NodeJS.ProcessEnv = process.env): Result<string> {
  const folder = hostPath(path);
  const refused = unsuitable(path, folder);
  if (refused) return err(refused);
  const library = openLibrary(folder);
  if (!library.ok) return library;
  library.value.dispose();
  const file = settingsFile(env);
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, `${JSON.stringify({ library: folder }, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  } catch (error) {
    return err(fail('file.io', `${file}: ${(error as Error).message}`, 'make its folder writable'));
  }
  return ok(folder);
}

/** As a program opens its library at its start: what to do about a failure is done where it is started, not in a window. */
export function openLibraryAtStart(folder: string): Result<Library> {
  const opened = openLibrary(folder);
  if (opened.ok || opened.error.code !== 'library.newer') return opened;
  return err({ ...opened.error, hint: 'update Terrarium, or name another folder with --library' });
}

/** A folder that a library is not made in. */
function unsuitable(path: string, folder: string): Failure | undefined {
  if (!isAbsolute(path) && !path.startsWith('~'))
    return fail('library.open', `${path} does not say where it is`, 'write the whole path, from / or ~ on');
  let names: readonly string[];
  try {
    names = readdirSync(folder).filter((name) => !name.startsWith('.') && name !== 'lost+found');
  } catch {
    return undefined; // opening it says why
  }
  return names.length === 0 || names.some((name) => OF_LIBRARIES.has(name))
    ? undefined
    : fail(
        'library.open',
        `${folder} holds other files and no library`,
        'name an empty folder, or a new one inside of it',
      );
}

/** Where a user's machines are kept: by TERRARIUM_LIBRARY, as chosen in the preferences, or by the platform's convention. */
export function libraryFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.TERRARIUM_LIBRARY) return resolve(env.TERRARIUM_LIBRARY);
  const chosen = chosenLibrary(env);
  if (chosen !== undefined) return chosen;
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Terrarium');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Terrarium');
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'terrarium');
}

/** Before a repair opens the library: makes a damaged database again. Returns what was done, in words; throws FailureError. */
export async function repairDatabase(folder: string): Promise<string[]> {
  if (!databaseIsDamaged(folder)) return [];
  if (await libraryIsShown(folder))
    throw new FailureError(
      fail('store.in-use', 'an app or a server shows the library: its database cannot be made again', 'close it first'),
    );
  return salvageDatabase(folder);
}
