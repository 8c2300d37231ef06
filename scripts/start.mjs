/**
 * `npm start`: opens the desktop app, or serves the same interface to a browser where Electron or a display is missing
 * (`npm start -- --web` asks for that). Builds first what is missing or older than its sources.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { node24, root } from './node24.mjs';

const args = process.argv.slice(2);
const wantsWeb = args.includes('--web');
const rest = args.filter((argument) => argument !== '--web');

/** Where npm's electron package has put the binary; undefined when it was not downloaded. */
function electronBinary() {
  const folder = path.join(root, 'node_modules/electron');
  const named = path.join(folder, 'path.txt');
  if (!fs.existsSync(named)) return undefined;
  const binary = path.join(folder, 'dist', fs.readFileSync(named, 'utf8').trim());
  return fs.existsSync(binary) ? binary : undefined;
}

const hasDisplay = () => process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

function newest(entry) {
  const stats = fs.statSync(entry, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...fs.readdirSync(entry).map((name) => newest(path.join(entry, name))));
}

function isStale(output, sources) {
  const built = fs.statSync(path.join(root, output), { throwIfNoEntry: false });
  return !built || sources.some((source) => newest(path.join(root, source)) > built.mtimeMs);
}

function build(...options) {
  const { status } = spawnSync(node24(), [path.join(root, 'scripts/build.mjs'), ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

function become(program, programArgs) {
  const child = spawn(program, programArgs, { cwd: process.cwd(), stdio: 'inherit' });
  // A terminal sends Ctrl+C to the whole group; what reaches this process alone is passed on.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
  child.on('error', (error) => {
    console.error(error.message);
    process.exit(1);
  });
}

const RENDERER_SOURCES = ['renderer', 'core/contract', 'package-lock.json'];
const electron = electronBinary();

if (!wantsWeb && electron && hasDisplay()) {
  if (
    isStale('dist/renderer/index.html', RENDERER_SOURCES) ||
    isStale('dist/main/main.js', ['main', 'core', 'package-lock.json'])
  )
    build();
  become(electron, [root, ...rest]);
} else {
  if (!wantsWeb)
    console.log(
      `${electron ? 'There is no display' : 'The Electron binary is not installed'}: serving the interface to a browser instead.`,
    );
  if (isStale('dist/renderer/index.html', RENDERER_SOURCES)) build('--renderer');
  if (isStale('dist/cli/entry.mjs', ['main', 'core', 'package-lock.json'])) build('--cli');
  become(node24(), [path.join(root, 'main/cli/terrarium.mjs'), 'serve', ...rest]);
}
