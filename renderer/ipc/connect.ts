import type { TerrariumBridge } from '../../core/contract/index.ts';
import type { Client } from './client.ts';
import { ElectronClient } from './electron.ts';
import { WebClient } from './web.ts';

declare global {
  interface Window {
    /** Put there by the preload script of the Electron shell. */
    readonly terrarium?: TerrariumBridge;
  }
}

export function connect(): Client {
  return window.terrarium ? new ElectronClient(window.terrarium) : new WebClient();
}
