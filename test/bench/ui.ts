/** The interface in Chromium: how soon it is there with a full library, how it scrolls, how soon a guest's repaint is seen. */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Result } from '../../core/base/index.ts';
import { decodeMachineMessage, encodeWindowMessage, machineDraftSchema } from '../../core/contract/index.ts';
import { createRouter } from '../../main/ipc/router.ts';
import { forkLauncher } from '../../main/services/host-process.ts';
import { createServices, type Services } from '../../main/services/services.ts';
import { startWebServer, type WebServer } from '../../main/web/server.ts';
import { launchBrowser } from '../e2e/support/browser.ts';
import { median, type Bench } from './harness.ts';

const root = path.resolve(import.meta.dirname, '../..');
const MACHINES = 500;
const FRAMES = 90;

const valueOf = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};

interface Place extends AsyncDisposable {
  readonly server: WebServer;
  readonly services: Services;
}

/** A library of 500 machines in groups, behind the services and server that people use. */
async function open(libraryFolder: string): Promise<Place> {
  const services = createServices({
    shell: 'web',
    version: 'bench',
    libraryFolder,
    launcher: forkLauncher(path.join(root, 'dist/cli/vm-host.mjs')),
  });
  if (!services.ok) throw new Error(services.error.message);
  const { handlers } = services.value;
  const route = createRouter(services.value);
  const listed = await handlers['machines.list']({});
  for (let n = listed.ok ? listed.value.machines.length : 0; n < MACHINES; n++) {
    const params = { name: `Machine ${n}`, group: n % 5 === 0 ? '' : `Group ${n % 7}`, template: 'dos' };
    const created = await route({ trusted: true, description: 'bench' }, { call: 'machines.create', params });
    if (!created.ok) throw new Error(created.error.message);
  }
  const server = await startWebServer({
    services: services.value,
    router: route,
    rendererFolder: path.join(root, 'dist/renderer'),
    uploadFolder: path.join(libraryFolder, 'incoming'),
    port: 0,
  });
  if (!server.ok) throw new Error(server.error.message);
  return {
    server: server.value,
    services: services.value,
    async [Symbol.asyncDispose]() {
      await services.value.stopAll();
      await server.value.close();
      services.value.dispose();
    },
  };
}

async function firstPaint(page: Page, url: string): Promise<Record<string, number>> {
  await page.goto(url);
  await page.getByRole('treeitem').nth(8).waitFor();
  const times = await page.evaluate(() => ({
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    // The list is asked for when the page is there: this is the moment at which it was seen to be drawn.
    list: performance.now(),
  }));
  return { 'first paint, ms': times.paint, 'list of 500 drawn, ms': times.list };
}

/** Frames that are drawn while the list is scrolled from end to end, a row and a half each. */
const scroll = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(async () => {
    const list = document.querySelector('[role=tree]') as HTMLElement;
    const intervals: number[] = [];
    let before = await new Promise<number>(requestAnimationFrame);
    for (let frame = 0; frame < 180; frame++) {
      list.scrollTop += 90;
      const now = await new Promise<number>(requestAnimationFrame);
      intervals.push(now - before);
      before = now;
    }
    const mean = intervals.reduce((sum, interval) => sum + interval, 0) / intervals.length;
    return { 'scrolling, frames/s': 1000 / mean, 'scrolling, longest frame, ms': Math.max(...intervals) };
  });

/** What the guest of repaint.asm shows: the same way through everything, with pictures that pack well and not at all. */
const PICTURES = [
  { name: 'text that scrolls', film: 0 },
  { name: 'noise', film: 1 },
] as const;

/**
 * From the guest's last write of a repaint, of which COM1 tells, to the acknowledgement of a frame that has it: the window
 * acknowledges what is on its canvas, and the number of the repaint is read from there.
 */
async function repaint(browser: Browser, place: Place, workDir: string, film: 0 | 1): Promise<Record<string, number>> {
  const image = path.join(workDir, `repaint-${film}.img`);
  const source = path.join(import.meta.dirname, 'guests/repaint.asm');
  execFileSync('nasm', ['-f', 'bin', '-D', `FILM=${film}`, '-o', image, source]);
  const { handlers } = place.services;
  const config = valueOf(
    await handlers['machines.create'](
      machineDraftSchema.parse({
        name: `Repaint ${film}`,
        memoryMiB: 32,
        floppies: [{ path: image, writable: false }],
      }),
    ),
  ).config;
  valueOf(await handlers['machines.start']({ id: config.id, throwAway: false }));
  const page = await browser.newPage({ viewport: { width: 1280, height: 960 } });
  const stream: { end?: () => void } = {};
  try {
    await page.addInitScript(noteRepaints);
    await page.goto(place.server.url);
    await page.goto(`http://127.0.0.1:${place.server.port}/#/machines/${config.id}`);
    await page.waitForFunction(() => seenRepaints.length > 30, undefined, { timeout: 60_000 });
    const painted: { readonly number: number; readonly atMs: number }[] = [];
    const done = Promise.withResolvers<void>();
    let heard = false;
    const watching = valueOf(
      place.services.openStream(config.id, {
        onData: (data) => {
          const atMs = Date.now();
          const message = valueOf(decodeMachineMessage(data));
          if (message.type !== 'serial') return;
          // What COM1 said before comes first, at once.
          if (heard) for (const number of message.data) painted.push({ number, atMs });
          heard = true;
          if (painted.length > FRAMES) done.resolve();
        },
        onClose: () => done.reject(new Error('the guest ended')),
      }),
    );
    stream.end = () => watching.close();
    watching.send(encodeWindowMessage({ type: 'watch', frames: false, text: false, serial: true, status: false }));
    await done.promise;
    const told = painted.slice(0, FRAMES);
    await page.waitForFunction(
      (lastMs) => (seenRepaints.at(-1)?.atMs ?? 0) > lastMs + 1000,
      told[told.length - 1].atMs,
      { timeout: 10_000 },
    );
    const seen = await page.evaluate(() => seenRepaints);
    const latencies = told.map(({ number, atMs }) => {
      const first = seen.find((frame) => frame.atMs >= atMs - 1 && (frame.number & 0xff) === number);
      return first && first.atMs - atMs;
    });
    const sorted = latencies.filter((latency) => latency !== undefined).sort((a, b) => a - b);
    return {
      'median ms': median(sorted),
      '95th percentile, ms': sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN,
      'repaints that the next one overtook, of 90': FRAMES - sorted.length,
      'repaints a second': ((FRAMES - 1) * 1000) / (told[told.length - 1].atMs - told[0].atMs),
    };
  } finally {
    stream.end?.();
    await page.close();
    await handlers['machines.stop']({ id: config.id });
    await handlers['machines.remove']({ id: config.id });
  }
}

declare let seenRepaints: { number: number; atMs: number }[];

/** In the page: what stands at the canvas's first pixel when a frame is acknowledged. */
function noteRepaints(): void {
  const page = globalThis as unknown as { seenRepaints: typeof seenRepaints };
  page.seenRepaints = [];
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const context = document.querySelector('canvas')?.getContext('2d');
    if (context && data instanceof Uint8Array && data[0] === 0x82) {
      const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
      page.seenRepaints.push({ number: (r << 16) | (g << 8) | b, atMs: Date.now() });
    }
    send.call(this, data);
  };
}

export const ui: Bench = {
  name: 'ui',
  unit: '',
  better: 'lower',
  async cases(workDir) {
    const built = spawnSync(process.execPath, ['scripts/build.mjs', '--renderer'], { cwd: root, stdio: 'inherit' });
    if (built.status !== 0) throw new Error('the interface cannot be built');
    return [
      {
        name: 'the interface',
        run: {
          terrarium: async () => {
            await using place = await open(path.join(workDir, 'library'));
            const browser: Browser = await launchBrowser();
            try {
              const page = await browser.newPage({ viewport: { width: 1280, height: 960 } });
              const painted = await firstPaint(page, place.server.url);
              const figures = { ...painted, ...(await scroll(page)) };
              await page.close();
              for (const { name, film } of PICTURES)
                for (const [figure, value] of Object.entries(await repaint(browser, place, workDir, film)))
                  Object.assign(figures, { [`repaint of 1024x768, ${name}: ${figure}`]: value });
              return figures;
            } finally {
              await browser.close();
            }
          },
        },
      },
    ];
  },
};
