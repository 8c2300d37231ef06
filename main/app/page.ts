import { app, protocol, session, type WebContents, type WebFrameMain } from 'electron';
import { machineIdSchema } from '../../core/contract/index.ts';
import { listStaticFiles } from '../web/static-files.ts';

export const PAGE_SCHEME = 'terrarium';
export const PAGE_ORIGIN = `${PAGE_SCHEME}://app`;

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What the page may ask of the browser engine: to take the mouse and the screen, and to fill the clipboard. */
const PERMISSIONS: ReadonlySet<string> = new Set([
  'pointerLock',
  'fullscreen',
  'keyboardLock',
  'clipboard-sanitized-write',
]);

/** Before the app is ready: the page has an origin of its own, never file://. */
export function registerPageScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: PAGE_SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
}

/** Serves the built interface to our windows; false when it is not built. */
export function servePage(rendererFolder: string): boolean {
  const files = listStaticFiles(rendererFolder);
  if (!files) return false;
  protocol.handle(PAGE_SCHEME, (request) => {
    const { host, pathname } = new URL(request.url);
    const file = host === 'app' ? files.get(pathname) : undefined;
    if (!file || request.method !== 'GET') return new Response('there is no such page', { status: 404 });
    return new Response(new Uint8Array(file.read()), {
      headers: {
        'Content-Type': file.type,
        'Content-Security-Policy': CONTENT_SECURITY_POLICY,
        'X-Content-Type-Options': 'nosniff',
      },
    });
  });
  return true;
}

export const isOurFrame = (frame: WebFrameMain | null, contents: WebContents): boolean =>
  frame !== null && frame === contents.mainFrame && frame.origin === PAGE_ORIGIN;

/** Our page with a machine's screen, and nothing else. */
const machineOf = (url: string): string | undefined => {
  const { protocol: scheme, host, hash } = new URL(url);
  if (scheme !== `${PAGE_SCHEME}:` || host !== 'app' || !hash.startsWith('#/machines/')) return undefined;
  return machineIdSchema.safeParse(hash.slice('#/machines/'.length)).data;
};

/**
 * Electron's security checklist: no navigation, no new windows, no web views, no permissions but ours, no network. A page
 * that asks for a machine's own window gets one that we make.
 */
export function lockDown(openMachine: (id: string) => void): void {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      const machine = machineOf(url);
      if (machine !== undefined) openMachine(machine);
      return { action: 'deny' };
    });
  });
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((contents, permission, answer) =>
    answer(PERMISSIONS.has(permission) && contents.getURL().startsWith(`${PAGE_ORIGIN}/`)),
  );
  defaultSession.setPermissionCheckHandler(
    (_, permission, origin) => PERMISSIONS.has(permission) && origin.startsWith(PAGE_ORIGIN),
  );
  defaultSession.webRequest.onBeforeRequest((details, answer) => {
    const allowed = [`${PAGE_SCHEME}:`, 'blob:', 'data:', 'devtools:'].includes(new URL(details.url).protocol);
    answer({ cancel: !allowed });
  });
}
