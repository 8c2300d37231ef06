import { contextBridge, ipcRenderer, webUtils } from 'electron';
import {
  IPC_CALL,
  IPC_EVENT,
  IPC_STREAM,
  type StreamPortMessage,
  type TerrariumBridge,
} from '../../core/contract/bridge.ts';
import type { CallResponse } from '../../core/contract/calls.ts';
import type { TerrariumEvent } from '../../core/contract/events.ts';

/** All that the page can reach of Electron: four functions, and nothing that names a channel. */
const bridge: TerrariumBridge = {
  shell: 'electron',
  call: (name, params) => ipcRenderer.invoke(IPC_CALL, { call: name, params }) as Promise<CallResponse>,
  pathOf: (file) => webUtils.getPathForFile(file as File),
  onEvent: (listener) => {
    const forward = (_: unknown, event: TerrariumEvent): void => listener(event);
    ipcRenderer.on(IPC_EVENT, forward);
    return () => void ipcRenderer.off(IPC_EVENT, forward);
  },
  openStream: (machineId) => ipcRenderer.invoke(IPC_STREAM, machineId) as Promise<CallResponse>,
};

contextBridge.exposeInMainWorld('terrarium', bridge);

ipcRenderer.on(IPC_STREAM, (event, machineId: string) => {
  const message: StreamPortMessage = { kind: 'terrarium.stream', machineId };
  window.postMessage(message, window.location.origin, [...event.ports]);
});
