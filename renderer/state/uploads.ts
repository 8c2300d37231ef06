import type { Client } from '../ipc/client.ts';
import { Store } from './store.ts';

/** A file on its way from this page to the services. What they do with it then is a task of theirs. */
export interface Upload {
  readonly id: number;
  readonly name: string;
  /** 0 to 1. */
  readonly share: number;
  readonly cancel: () => void;
}

/** The only long work that ends with its window: whoever closes that is asked first. */
export class UploadsStore extends Store<readonly Upload[]> {
  #last = 0;

  constructor() {
    super([]);
  }

  /** Asks before the page is left while something is on its way. Returns the function that ends that. */
  start(): () => void {
    const ask = (event: BeforeUnloadEvent): void => {
      if (this.get().length > 0) event.preventDefault();
    };
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }

  /** The same client, whose uploads are listed here. The desktop app has none: it reads the file where it is. */
  follow(client: Client): Client {
    if (client.shell === 'electron') return client;
    return {
      ...client,
      importFile: async (file, draft, options = {}) => {
        const id = ++this.#last;
        const abort = new AbortController();
        const cancel = (): void => abort.abort();
        options.signal?.addEventListener('abort', cancel);
        this.update((uploads) => [{ id, name: file.name, share: 0, cancel }, ...uploads]);
        const onProgress = (share: number): void => {
          options.onProgress?.(share);
          if (share >= 1) this.#remove(id);
          else this.update((uploads) => uploads.map((upload) => (upload.id === id ? { ...upload, share } : upload)));
        };
        try {
          return await client.importFile(file, draft, { onProgress, signal: abort.signal });
        } finally {
          options.signal?.removeEventListener('abort', cancel);
          this.#remove(id);
        }
      },
    };
  }

  #remove(id: number): void {
    this.update((uploads) => uploads.filter((upload) => upload.id !== id));
  }
}
