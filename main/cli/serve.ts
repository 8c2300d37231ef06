import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FailureError, type Result } from '../../core/base/index.ts';
import { fail } from '../../core/contract/index.ts';
import { createRouter } from '../ipc/router.ts';
import { forkLauncher } from '../services/host-process.ts';
import { chosenLibrary, libraryFolder } from '../services/library.ts';
import { machineEntry } from '../services/machine-entry.ts';
import { createServices, type Services } from '../services/services.ts';
import { startWebServer } from '../web/server.ts';
import type { CliIo } from './io.ts';
import { parseOptions } from './options.ts';
import { SERVE_OPTIONS } from './serve-options.ts';

const here = dirname(fileURLToPath(import.meta.url));

interface Hosted {
  readonly rendererFolder: string;
  readonly vmHostEntry: string;
}

const INSTALLED: Hosted = {
  rendererFolder: join(here, '../../dist/renderer'),
  vmHostEntry: machineEntry(),
};

/** `terrarium serve`: the interface for browsers on this computer, until it is interrupted. Returns the exit status. */
export async function serve(
  args: readonly string[],
  io: CliIo,
  version: string,
  hosted: Hosted = INSTALLED,
): Promise<number> {
  const given = parseOptions(SERVE_OPTIONS, args);
  const value = (name: string): string | undefined => given.find((option) => option.name === name)?.value;
  const named = value('library');
  const isJson = given.some(({ name }) => name === 'json');
  const stopped = new Promise<'stopped'>((resolve) => void io.onSignal(() => resolve('stopped')));
  let folder = named === undefined ? libraryFolder() : resolve(named);
  let place: { readonly port: number; readonly token?: string } = { port: parsePort(value('port')) };
  let former: string | undefined;
  for (;;) {
    const restarted = Promise.withResolvers<'restarted'>();
    const openServices = (libraryFolder: string): Result<Services> =>
      createServices({
        ...{ shell: 'web', version, libraryFolder },
        launcher: forkLauncher(hosted.vmHostEntry),
        ...{ keepReady: true, listens: true },
        restart: () => restarted.resolve('restarted'),
      });
    let services = openServices(folder);
    const failed = services.ok ? undefined : services.error;
    // A chosen library that cannot be opened after all leaves people with the one that they had.
    if (failed && former !== undefined) services = openServices((folder = former));
    if (!services.ok) throw new FailureError(services.error);
    services.value.events((event) => {
      if (event.event !== 'log' || event.entry.level === 'debug' || event.entry.level === 'info') return;
      const { at, level, source, code, message } = event.entry;
      io.stderr.write(`${at} ${level} ${source}${code === undefined ? '' : ` ${code}`}: ${message}\n`);
    });
    if (failed) services.value.log({ level: 'error', source: 'library', code: failed.code, message: failed.message });
    try {
      const server = await startWebServer({
        ...place,
        services: services.value,
        router: createRouter(services.value),
        rendererFolder: hosted.rendererFolder,
        uploadFolder: join(folder, 'incoming'),
      });
      if (!server.ok) throw new FailureError(server.error);
      const { url, port } = server.value;
      if (former === undefined)
        io.stdout.write(isJson ? `${JSON.stringify({ url, port })}\n` : `Terrarium is open at ${url}\n`);
      const why = await Promise.race([stopped, restarted.promise]);
      await services.value.stopAll();
      await server.value.close();
      if (why === 'stopped') return 0;
      // Browsers that have it open go on with the other library.
      place = { port: server.value.port, token: server.value.token };
      former = folder;
      folder = chosenLibrary() ?? folder;
    } finally {
      services.value.dispose();
    }
  }
}

function parsePort(text: string | undefined): number {
  const port = text === undefined ? 0 : /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port >= 0 && port <= 65535) return port;
  throw new FailureError(
    fail('args.invalid', `--port ${text} is no port`, 'write a number from 1024 to 65535, or leave it out'),
  );
}
