import { useSyncExternalStore } from 'react';

/** Changes with the browser's zoom, and when a window is moved to another display. */
function subscribe(listener: () => void): () => void {
  let query: MediaQueryList;
  const follow = (): void => {
    query = matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`);
    query.addEventListener('change', changed, { once: true });
  };
  const changed = (): void => {
    listener();
    follow();
  };
  follow();
  return () => query.removeEventListener('change', changed);
}

export const useDevicePixelRatio = (): number => useSyncExternalStore(subscribe, () => window.devicePixelRatio);
