import type { Client, EventHandlers } from './client.ts';

/** The same client, whose subscribers share one connection: it is made for the first of them and kept for the last. */
export function withOneSubscription(client: Client): Client {
  const subscribers = new Set<EventHandlers>();
  let connected = false;
  let end: (() => void) | undefined;
  const all = (tell: (subscriber: EventHandlers) => void): void => {
    for (const subscriber of [...subscribers]) tell(subscriber);
  };
  return {
    shell: client.shell,
    call: (name, params) => client.call(name, params),
    openStream: (id, handlers, options) => client.openStream(id, handlers, options),
    importFile: (file, draft, options) => client.importFile(file, draft, options),
    subscribe(handlers) {
      subscribers.add(handlers);
      end ??= client.subscribe({
        onConnected: () => {
          connected = true;
          all((subscriber) => subscriber.onConnected());
        },
        onEvent: (event) => all((subscriber) => subscriber.onEvent(event)),
        onDisconnected: (refused) => {
          connected = false;
          all((subscriber) => subscriber.onDisconnected(refused));
        },
      });
      if (connected) handlers.onConnected();
      return () => {
        subscribers.delete(handlers);
        if (subscribers.size > 0) return;
        end?.();
        end = undefined;
        connected = false;
      };
    },
  };
}
