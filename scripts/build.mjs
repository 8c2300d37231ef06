/**
 * Builds into dist/: the interface (Vite) into dist/renderer, and what Electron runs (esbuild) into dist/main.
 * `--renderer` builds the interface alone; `--cli` bundles the command line, with what its machines' processes run, into
 * dist/cli, which starts in a third of the time that loading its modules one by one takes.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { node24, root, tool } from './node24.mjs';

function run(script, args) {
  const { status, error } = spawnSync(node24(), [tool(script), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

// Dependencies written as CommonJS call require, which an ES module does not have by itself.
const ES_MODULE = {
  format: 'esm',
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

const only = process.argv.find((argument) => argument === '--renderer' || argument === '--cli');
if (only !== '--cli') run('vite/bin/vite.js', ['build', '--config', 'renderer/vite.config.ts', '--logLevel', 'warn']);
if (only === undefined) await bundleMain();
if (only !== '--renderer') await bundleCli();

function bundleOptions() {
  return {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node24',
    sourcemap: true,
    legalComments: 'linked',
    logLevel: 'warning',
    // Electron is the runtime itself; better-sqlite3 finds its native code beside its own files.
    external: ['electron', 'better-sqlite3'],
  };
}

async function bundleCli() {
  const { build } = await import('esbuild');
  fs.rmSync(path.join(root, 'dist/cli'), { recursive: true, force: true });
  const { metafile } = await build({
    ...bundleOptions(),
    metafile: true,
    ...ES_MODULE,
    sourcemap: false,
    splitting: true,
    entryPoints: {
      entry: 'main/cli/entry.ts',
      'vm-host': 'main/vm-host/entry.ts',
      'region-worker': 'main/vm-host/region-worker.ts',
      'unpack-worker': 'main/vm-host/unpack-worker.ts',
      'store-worker': 'core/store/worker.ts',
    },
    outdir: 'dist/cli',
    outExtension: { '.js': '.mjs' },
  });
  // What terrarium.mjs compares with the bundle, to notice that it is old.
  const sources = Object.keys(metafile.inputs).filter((file) => !file.startsWith('node_modules/'));
  fs.writeFileSync(path.join(root, 'dist/cli/sources.json'), JSON.stringify(sources));
  run('../main/vm-host/make-common-handlers.ts', [path.join(root, 'dist/cli/common-handlers.bin')]);
}

async function bundleMain() {
  const { build } = await import('esbuild');
  const common = bundleOptions();
  fs.rmSync(path.join(root, 'dist/main'), { recursive: true, force: true });
  await build({
    ...common,
    ...ES_MODULE,
    entryPoints: {
      main: 'main/app/main.ts',
      'vm-host': 'main/vm-host/entry.ts',
      'region-worker': 'main/vm-host/region-worker.ts',
      'unpack-worker': 'main/vm-host/unpack-worker.ts',
      'store-worker': 'core/store/worker.ts',
    },
    outdir: 'dist/main',
  });
  run('../main/vm-host/make-common-handlers.ts', [path.join(root, 'dist/main/common-handlers.bin')]);
  // A sandboxed preload script is CommonJS.
  await build({ ...common, format: 'cjs', entryPoints: ['main/preload/preload.ts'], outfile: 'dist/main/preload.cjs' });
}
