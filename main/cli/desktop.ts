import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The desktop app as npm's packages and the build leave it; undefined where it or a display is missing. */
export function desktopApp(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (process.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) return undefined;
  const folder = join(root, 'node_modules/electron');
  const named = join(folder, 'path.txt');
  if (!existsSync(named) || !existsSync(join(root, 'dist/main/main.js'))) return undefined;
  const binary = join(folder, 'dist', readFileSync(named, 'utf8').trim());
  return existsSync(binary) ? binary : undefined;
}

/** Opens the app (or asks the one that is open) to start a machine in its window; it lives on when this process ends. */
export function openInDesktopApp(binary: string, libraryFolder: string, machine: string): void {
  spawn(binary, [root, `--library=${libraryFolder}`, `--start=${machine}`], {
    detached: true,
    stdio: 'ignore',
  }).unref();
}
