/**
 * `npm start`: opens the desktop app, or serves the same interface to a browser where Electron or a display is missing
 * (`npm start -- --web` asks for that). Builds first what is missing or older than its sources.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { buildStaleApp, buildStaleCli, buildStaleInterface } from './built.mjs';
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

const electron = electronBinary();

if (!wantsWeb && electron && hasDisplay()) {
  buildStaleApp();
  become(electron, [root, ...rest]);
} else {
  if (!wantsWeb)
    console.log(
      `${electron ? 'There is no display' : 'The Electron binary is not installed'}: serving the interface to a browser instead.`,
    );
  buildStaleInterface();
  buildStaleCli();
  become(node24(), [path.join(root, 'main/cli/terrarium.mjs'), 'serve', ...rest]);
}
