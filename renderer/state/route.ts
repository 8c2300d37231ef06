import { useSyncExternalStore } from 'react';

export const SCREENS = ['machines', 'media', 'activity', 'logs', 'preferences'] as const;
export type Screen = (typeof SCREENS)[number];

/** `#/media` and the like are screens of the manager, `#/machines/<id>` is a machine's window. */
export type Route = { readonly screen: Screen } | { readonly screen: 'machine'; readonly id: string };

export const screenHash = (screen: Screen): string => (screen === 'machines' ? '#/' : `#/${screen}`);
export const machinesHash = screenHash('machines');
export const machineHash = (id: string): string => `#/machines/${id}`;

export function parseHash(hash: string): Route {
  const [, id] = /^#\/machines\/([0-9a-f-]{36})$/.exec(hash) ?? [];
  if (id !== undefined) return { screen: 'machine', id };
  return { screen: SCREENS.find((screen) => screenHash(screen) === hash) ?? 'machines' };
}

export function goTo(hash: string): void {
  location.hash = hash;
}

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
};

export const useRoute = (): Route => parseHash(useSyncExternalStore(subscribe, () => location.hash));
