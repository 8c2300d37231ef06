/** The pinned Node 24 (npm's `node` package): it runs TypeScript as it is, which the Node that runs npm may not. */
import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '..');

export function node24() {
  const pinned = path.join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (fs.existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new Error('Node 24 is not installed: run `npm ci` first');
}

/** Path of a package's command-line script, to be run with node24(). */
export const tool = (relative) => path.join(root, 'node_modules', relative);
