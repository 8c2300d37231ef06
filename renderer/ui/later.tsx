import { lazy, useState, type ComponentType } from 'react';

/** What is loaded after the first screen is there, or when it is shown before that. */
export interface Later<P extends object> {
  readonly Shown: ComponentType<P>;
  readonly load: () => Promise<void>;
}

/**
 * React.lazy shows what stands in for a component for a third of a second even if that is there at once; one that has been
 * loaded before is shown without.
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): Later<P> {
  let loaded: ComponentType<P> | undefined;
  const Lazy = lazy(async () => ({ default: (loaded = await load()) }));
  function Shown(props: P) {
    const [Component] = useState(() => loaded ?? (Lazy as unknown as ComponentType<P>));
    return <Component {...props} />;
  }
  return { Shown, load: async () => void (loaded = await load()) };
}
