import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** A path as people write it: `~` is their home folder where no shell has put it in, as in a window's field. */
export const hostPath = (path: string): string =>
  /^~(?=[\\/]|$)/.test(path) ? join(homedir(), path.slice(1)) : resolve(path);
