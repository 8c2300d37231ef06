#!/usr/bin/env node
// The `terrarium` command: plain JavaScript, so that any Node starts it; the work is done by the pinned Node 24, which
// runs TypeScript. What differs from a direct start: nothing that a caller sees (streams, signals, exit status).
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import * as module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [major] = process.versions.node.split('.').map(Number);

/** The bundle that npm's prepare step makes, unless one of its sources is newer; packages have none. */
function entry() {
  const source = join(here, 'entry.ts');
  const bundle = join(here, '../../dist/cli/entry.mjs');
  if (!existsSync(source)) return bundle;
  const list = join(here, '../../dist/cli/sources.json');
  // A build that was broken off, or of a version that made no list.
  if (!existsSync(bundle) || !existsSync(list)) return source;
  const builtMs = statSync(bundle).mtimeMs;
  const isOld = JSON.parse(readFileSync(list, 'utf8')).some((path) => {
    const stats = statSync(join(here, '../..', path), { throwIfNoEntry: false });
    return !stats || stats.mtimeMs > builtMs;
  });
  return isOld ? source : bundle;
}

if (major >= 24) {
  module.enableCompileCache?.();
  await import(pathToFileURL(entry()).href);
} else {
  const pinned = join(here, '../../node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (!existsSync(pinned)) {
    process.stderr.write('terrarium: internal: Node 24 is not installed beside Terrarium; run npm ci in its folder\n');
    process.exit(1);
  }
  const child = spawn(pinned, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl+C to both; what reaches this process alone is passed on. The child's end is ours.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
  child.on('error', (error) => {
    process.stderr.write(`terrarium: internal: ${error.message}\n`);
    process.exit(1);
  });
}
