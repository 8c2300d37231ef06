/** Builds what of dist/ is missing or older than its sources. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { node24, root } from './node24.mjs';

const INTERFACE = { output: 'dist/renderer/index.html', sources: ['renderer', 'core/contract', 'package-lock.json'] };
const APP = { output: 'dist/main/main.js', sources: ['main', 'core', 'package-lock.json'] };
const CLI = { ...APP, output: 'dist/cli/entry.mjs' };

export function buildStaleApp() {
  if (isStale(INTERFACE) || isStale(APP)) build();
}

export function buildStaleInterface() {
  if (isStale(INTERFACE)) build('--renderer');
}

export function buildStaleCli() {
  if (isStale(CLI)) build('--cli');
}

function newest(entry) {
  const stats = fs.statSync(entry, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(0, ...fs.readdirSync(entry).map((name) => newest(path.join(entry, name))));
}

function isStale({ output, sources }) {
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
