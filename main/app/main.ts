import { join, resolve } from 'node:path';
import { ok, type Result } from '../../core/base/index.ts';
import { BrowserWindow, Menu, MessageChannelMain, app, dialog, ipcMain } from 'electron';
import {
  IPC_CALL,
  IPC_EVENT,
  IPC_STREAM,
  fail,
  machineIdSchema,
  type CallResponse,
  type MediumKind,
} from '../../core/contract/index.ts';
import { createRouter } from '../ipc/router.ts';
import { libraryFolder } from '../services/library.ts';
import { createServices, type Services } from '../services/services.ts';
import { PAGE_ORIGIN, isOurFrame, lockDown, registerPageScheme, servePage } from './page.ts';
import { utilityLauncher } from './utility-launcher.ts';

/** The desktop app. Bundled into dist/main beside preload.cjs and vm-host.js; the interface is in dist/renderer. */
const here = import.meta.dirname;

const FILTERS: Readonly<Record<MediumKind, readonly string[]>> = {
  floppy: ['img', 'ima', 'vfd', 'flp'],
  disk: ['img', 'raw', 'hdd'],
  cdrom: ['iso'],
  rom: ['bin', 'rom'],
  kernel: ['*'],
};

function libraryFromArguments(): string {
  const given = process.argv.find((argument) => argument.startsWith('--library='));
  return given === undefined ? libraryFolder() : resolve(given.slice('--library='.length));
}

/** `--start=ID`: a machine to start and show, from the command line. */
const machineToStart = (args: readonly string[]): string | undefined =>
  machineIdSchema.safeParse(args.find((argument) => argument.startsWith('--start='))?.slice('--start='.length)).data;

function createWindow(machine?: string): BrowserWindow {
  const window = new BrowserWindow({
    width: 1180,
    height: 800,
    minWidth: 640,
    minHeight: 480,
    title: 'Terrarium',
    show: false,
    webPreferences: {
      preload: join(here, 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      spellcheck: false,
      // A machine's screen goes on while another window covers it.
      backgroundThrottling: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(pageOf(machine));
  return window;
}

/** A window that shows the machine already comes to the front. */
function openMachineWindow(machine: string): void {
  const window = BrowserWindow.getAllWindows().find(({ webContents }) => webContents.getURL() === pageOf(machine));
  if (window?.isMinimized()) window.restore();
  if (window) window.focus();
  else createWindow(machine);
}

const pageOf = (machine: string | undefined): string =>
  `${PAGE_ORIGIN}/index.html${machine === undefined ? '' : `#/machines/${machine}`}`;

async function pickFile(kind: MediumKind): Promise<string | null> {
  const filters = [
    { name: kind, extensions: [...FILTERS[kind]] },
    { name: '*', extensions: ['*'] },
  ];
  const window = BrowserWindow.getFocusedWindow();
  const options: Electron.OpenDialogOptions = { properties: ['openFile'], filters };
  const { filePaths } = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options);
  return filePaths[0] ?? null;
}

/** Between a window's port and a machine that another Terrarium started, whose socket is the way to it. */
function carryStream(services: Services, machineId: string, port: Electron.MessagePortMain): Result<void> {
  const stream = services.openStream(machineId, {
    onData: (data) => port.postMessage(data),
    onClose: () => port.close(),
  });
  if (!stream.ok) return stream;
  port.on('message', ({ data }) => {
    const bytes: unknown = data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    if (bytes instanceof Uint8Array) stream.value.send(bytes);
  });
  port.on('close', () => stream.value.close());
  port.start();
  return ok(undefined);
}

function connect(services: Services): void {
  const router = createRouter(services);
  services.events((event) => {
    for (const window of BrowserWindow.getAllWindows()) window.webContents.send(IPC_EVENT, event);
  });
  ipcMain.handle(IPC_CALL, (event, request: unknown) =>
    router(
      {
        trusted: isOurFrame(event.senderFrame, event.sender),
        description: `window ${event.sender.id} at ${event.senderFrame?.url ?? 'no frame'}`,
      },
      request,
    ),
  );
  ipcMain.handle(IPC_STREAM, (event, machineId: unknown): CallResponse => {
    const frame = event.senderFrame;
    if (!frame || !isOurFrame(frame, event.sender)) {
      const refused = fail('call.sender', 'a stream was asked for from a place that is not ours');
      services.log({ level: 'warning', source: 'router', code: refused.code, message: refused.message });
      return { ok: false, error: refused };
    }
    const id = machineIdSchema.safeParse(machineId);
    if (!id.success) return { ok: false, error: fail('call.malformed', 'a machine id is needed') };
    const { port1, port2 } = new MessageChannelMain();
    // The machine's end goes to its process: frames and keys do not pass through here. Another's child has no port.
    const opened = services.openPort(id.data, port1) ? ok(undefined) : carryStream(services, id.data, port1);
    if (!opened.ok) return { ok: false, error: { ...opened.error } };
    frame.postMessage(IPC_STREAM, id.data, [port2]);
    return { ok: true, value: {} };
  });
}

/** Asks before running machines are switched off; resolves to whether the app may end. */
async function mayQuit(services: Services): Promise<boolean> {
  const list = await services.handlers['machines.list']({});
  const running = list.ok
    ? list.value.machines.filter(({ status }) => status.state !== 'stopped' && status.state !== 'aborted')
    : [];
  if (running.length === 0) return true;
  const { response } = await dialog.showMessageBox({
    type: 'warning',
    message: `Power off ${running.map(({ config }) => `"${config.name}"`).join(', ')}?`,
    detail: 'Work that was not saved inside is lost.',
    buttons: ['Power off and quit', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
  });
  return response === 0;
}

async function start(): Promise<void> {
  const services = createServices({
    shell: 'electron',
    version: app.getVersion(),
    libraryFolder: libraryFromArguments(),
    launcher: utilityLauncher(join(here, 'vm-host.js')),
    keepReady: true,
    listens: true,
    pickFile,
    restart: () => {
      app.relaunch({ args: process.argv.slice(1).filter((argument) => !argument.startsWith('--library=')) });
      app.quit();
    },
  });
  if (!services.ok) {
    const { code, message, hint } = services.error;
    dialog.showErrorBox('Terrarium cannot start', `${code}: ${message}${hint === undefined ? '' : `\n${hint}`}`);
    return app.exit(1);
  }
  if (!servePage(join(here, '../renderer'))) {
    dialog.showErrorBox('Terrarium cannot start', 'The interface is not built: run npm run build.');
    return app.exit(1);
  }
  lockDown(openMachineWindow);
  // Without a menu, no shortcut of it takes keys from a guest.
  if (process.platform !== 'darwin') Menu.setApplicationMenu(null);
  connect(services.value);

  let quitting = false;
  app.on('before-quit', (event) => {
    if (quitting) return;
    event.preventDefault();
    void mayQuit(services.value).then(async (may) => {
      if (!may) {
        if (BrowserWindow.getAllWindows().length === 0) createWindow();
        return;
      }
      quitting = true;
      await services.value.stopAll();
      services.value.dispose();
      app.quit();
    });
  });
  app.on('window-all-closed', () => app.quit());
  const startAndShow = (machine: string, window: BrowserWindow | undefined): void => {
    void services.value.handlers['machines.start']({ id: machine });
    void window?.loadURL(pageOf(machine));
  };
  app.on('second-instance', (_, args) => {
    const [window] = BrowserWindow.getAllWindows();
    if (window?.isMinimized()) window.restore();
    window?.focus();
    const machine = machineToStart(args);
    if (machine !== undefined) startAndShow(machine, window);
  });
  app.on('activate', () => BrowserWindow.getAllWindows().length === 0 && createWindow());
  const machine = machineToStart(process.argv);
  createWindow(machine);
  if (machine !== undefined) startAndShow(machine, undefined);
}

registerPageScheme();
app.enableSandbox();
if (app.requestSingleInstanceLock()) void app.whenReady().then(start);
else app.quit();
