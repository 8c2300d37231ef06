/** The interface in Chromium: how soon it is there with a full library, how it scrolls, how soon a guest's repaint is seen. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { ok } from '../../core/base/index.ts';
import { decodeWindowMessage, type CallResult } from '../../core/contract/index.ts';
import { createRouter } from '../../main/ipc/router.ts';
import { createServices } from '../../main/services/services.ts';
import { StreamSession } from '../../main/vm-host/stream-session.ts';
import { startWebServer, type WebServer } from '../../main/web/server.ts';
import { launchBrowser } from '../e2e/support/browser.ts';
import { median, type Bench } from './harness.ts';

const root = path.resolve(import.meta.dirname, '../..');
const MACHINES = 500;
const SCREEN = { width: 1024, height: 768 };
const FRAMES = 90;
const FRAME_MS = 1000 / 30;

/** A guest that repaints its whole screen thirty times a second, in more colours than a palette has. */
class Repainter {
  readonly latenciesMs: number[] = [];
  readonly #pixels = new Uint8ClampedArray(SCREEN.width * SCREEN.height * 4);
  readonly #paintedAtMs: number[] = [];
  #session: StreamSession | undefined;
  #paints = 0;
  #onSeen: (() => void) | undefined;
  /** A window, with the way to it, wants to see the screen. */
  onWatched: ((session: StreamSession) => void) | undefined;

  /** Resolves when a picture is on the canvas. */
  seen(): Promise<void> {
    return new Promise((resolve) => (this.#onSeen = resolve));
  }

  /** As the machine's process does it: what changed is noted, and sent when the window has shown what it has. */
  paint(session: StreamSession): void {
    const words = new Uint32Array(this.#pixels.buffer);
    const shift = ++this.#paints * 7;
    for (let y = 0, at = 0; y < SCREEN.height; y++)
      for (let x = 0; x < SCREEN.width; x++) words[at++] = 0xff000000 | (((x + shift) ^ y) << 8) | ((x * y) >> 6);
    if (session !== this.#session) this.#paintedAtMs.length = 0;
    this.#session = session;
    const nowMs = performance.now();
    session.note([{ x: 0, y: 0, ...SCREEN }], false);
    if (session.readyForFrame) this.#paintedAtMs.push(nowMs);
    session.sendFrame({ ...SCREEN, pixels: this.#pixels });
  }

  /** Whom the machine serves; an acknowledgement from it says that a picture is on the canvas. */
  serve(send: (data: Uint8Array) => void): (data: Uint8Array) => void {
    const session = new StreamSession(send);
    return (data) => {
      const message = decodeWindowMessage(data);
      if (!message.ok) return;
      if (message.value.type === 'watch') {
        session.watch(message.value);
        // A thumbnail wants no text, and takes a frame a second.
        if (message.value.frames && message.value.text) this.onWatched?.(session);
      }
      if (message.value.type !== 'ack') return;
      session.acknowledge(message.value.sequence);
      const paintedAtMs = session === this.#session ? this.#paintedAtMs.shift() : undefined;
      if (paintedAtMs === undefined) return;
      this.latenciesMs.push(performance.now() - paintedAtMs);
      this.#onSeen?.();
    };
  }
}

interface Place extends AsyncDisposable {
  readonly server: WebServer;
  readonly repainter: Repainter;
  readonly runningId: string;
}

/** A library of 500 machines in groups behind the real services and server. One counts as running; its screen is ours. */
async function open(libraryFolder: string): Promise<Place> {
  const services = createServices({
    shell: 'web',
    version: 'bench',
    libraryFolder,
    launcher: () => {
      throw new Error('nothing is started here');
    },
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
  const repainter = new Repainter();
  let runningId = '';
  const server = await startWebServer({
    services: {
      events: services.value.events,
      log: () => {},
      openStream: (_, end) => {
        return ok({ send: repainter.serve((data) => end.onData(data)), close: () => {} });
      },
    },
    router: async (sender, request) => {
      const answer = await route(sender, request);
      if ((request as { call?: string } | undefined)?.call !== 'machines.list' || !answer.ok) return answer;
      const { machines } = answer.value as CallResult<'machines.list'>;
      const [first] = machines;
      runningId = first.config.id;
      const running = { ...first, status: { state: 'running' as const, since: first.config.createdAt } };
      return { ok: true, value: { machines: [running, ...machines.slice(1)] } };
    },
    rendererFolder: path.join(root, 'dist/renderer'),
    uploadFolder: path.join(libraryFolder, 'incoming'),
    port: 0,
  });
  if (!server.ok) throw new Error(server.error.message);
  return {
    server: server.value,
    repainter,
    get runningId() {
      return runningId;
    },
    async [Symbol.asyncDispose]() {
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

async function repaint(page: Page, place: Place): Promise<Record<string, number>> {
  const watched = new Promise<StreamSession>((resolve) => (place.repainter.onWatched = resolve));
  await page.goto(`http://127.0.0.1:${place.server.port}/#/machines/${place.runningId}`);
  const session = await watched;
  const { repainter } = place;
  // The first picture waits for the window to be there.
  const first = repainter.seen();
  repainter.paint(session);
  await first;
  await page.waitForFunction(() => document.querySelector('canvas')?.width === 1024);
  repainter.latenciesMs.length = 0;
  for (let frame = 0, startMs = performance.now(); frame < FRAMES; frame++) {
    repainter.paint(session);
    await delay(Math.max(0, startMs + (frame + 1) * FRAME_MS - performance.now()));
  }
  const { latenciesMs } = repainter;
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  return {
    'repaint of 1024x768, median ms': median(latenciesMs),
    'repaint of 1024x768, 95th percentile, ms': sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN,
    'repaints not seen, of 90': FRAMES - latenciesMs.length,
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
              return { ...painted, ...(await scroll(page)), ...(await repaint(page, place)) };
            } finally {
              await browser.close();
            }
          },
        },
      },
    ];
  },
};
