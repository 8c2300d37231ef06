/** `npm run bench -- NAME [--json] [--rounds N]`: test/bench on the pinned Node 24, after its Debian packages. */
import { spawnSync } from 'node:child_process';
import { installMissingPackages } from './debian.mjs';
import { node24, tool } from './node24.mjs';

// Terrarium as people have it.
spawnSync(node24(), [tool('../scripts/build.mjs'), '--cli'], { stdio: 'inherit' });
const missing = installMissingPackages(console.error);
if (missing.length > 0) console.error(`missing Debian packages, their peers will fail: ${missing.join(' ')}`);
const { status } = spawnSync(node24(), [tool('../test/bench/main.ts'), ...process.argv.slice(2)], { stdio: 'inherit' });
process.exitCode = status ?? 1;
