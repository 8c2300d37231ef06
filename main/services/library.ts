import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where a user's machines are kept: by the platform's convention, or TERRARIUM_LIBRARY. */
export function libraryFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.TERRARIUM_LIBRARY) return resolve(env.TERRARIUM_LIBRARY);
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Terrarium');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Terrarium');
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'terrarium');
}
