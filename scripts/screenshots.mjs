/** `npm run screenshots`: the pictures of docs/screenshots, taken by the browser test that sees every screen. */
import { spawnSync } from 'node:child_process';
import { installMissingPackages } from './debian.mjs';
import { node24, root, tool } from './node24.mjs';

const missing = installMissingPackages();
if (missing.length > 0) {
  console.error(`These Debian packages are missing and could not be installed: ${missing.join(' ')}`);
  process.exitCode = 1;
} else {
  const { status } = spawnSync(
    node24(),
    [tool('vitest/vitest.mjs'), 'run', '--project', 'e2e', 'test/e2e/screens.test.ts'],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, TERRARIUM_SCREENSHOTS: 'docs/screenshots' },
    },
  );
  process.exitCode = status ?? 1;
}
