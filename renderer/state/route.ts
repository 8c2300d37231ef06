import { useSyncExternalStore } from 'react';

/** `#/` is the manager, `#/machines/<id>` a machine's window. */
export type Route = { readonly screen: 'machines' } | { readonly screen: 'machine'; readonly id: string };

export const machinesHash = '#/';
export const machineHash = (id: string): string => `#/machines/${id}`;

export function parseHash(hash: string): Route {
  const [, id] = /^#\/machines\/([0-9a-f-]{36})$/.exec(hash) ?? [];
  return id === undefined ? { screen: 'machines' } : { screen: 'machine', id };
}

export function goTo(hash: string): void {
  location.hash = hash;
}

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
};

export const useRoute = (): Route => parseHash(useSyncExternalStore(subscribe, () => location.hash));
