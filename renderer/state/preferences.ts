import { useLocalStorage } from '@mantine/hooks';

/** Keys that give keyboard and mouse back to the host, by KeyboardEvent.code. */
export const HOST_KEYS = ['ControlRight', 'AltRight', 'ShiftRight', 'MetaRight', 'ScrollLock', 'Pause'] as const;
export type HostKey = (typeof HOST_KEYS)[number];

/** What a person chose for this window's program; kept by it, not by the library. */
export interface Preferences {
  readonly hostKey: HostKey;
  /** New machines. */
  readonly memoryMiB: number | undefined;
  /** Start shows the machine's screen. */
  readonly showOnStart: boolean;
}

const DEFAULTS: Preferences = { hostKey: 'ControlRight', memoryMiB: undefined, showOnStart: true };

export function usePreferences(): [Preferences, (change: Partial<Preferences>) => void] {
  const [stored, setStored] = useLocalStorage<Partial<Preferences>>({
    key: 'terrarium.preferences',
    defaultValue: {},
    getInitialValueInEffect: false,
  });
  return [{ ...DEFAULTS, ...stored }, (change) => setStored((before) => ({ ...before, ...change }))];
}
