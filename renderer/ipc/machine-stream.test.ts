import { describe, expect, test } from 'vitest';
import {
  decodeWindowMessage,
  encodeMachineMessage,
  type MachineMessage,
  type WindowMessage,
} from '../../core/contract/index.ts';
import { MachineStream } from './machine-stream.ts';

function setUp() {
  const sent: WindowMessage[] = [];
  const stream = new MachineStream();
  const connect = (): void =>
    stream.attach({
      send: (data) => {
        const decoded = decodeWindowMessage(data);
        if (decoded.ok) sent.push(decoded.value);
      },
      close: () => undefined,
    });
  return { sent, stream, connect };
}

type Part = 'frames' | 'text' | 'serial' | 'status';
const watch = (...parts: Part[]) => ({
  type: 'watch',
  frames: parts.includes('frames'),
  text: parts.includes('text'),
  serial: parts.includes('serial'),
  status: parts.includes('status'),
});
/** What was done in this turn of the event loop has been told. */
const told = (): Promise<void> => Promise.resolve();

describe("a machine's stream", () => {
  test('asks for what somebody listens to, once', async () => {
    const { sent, stream, connect } = setUp();
    connect();

    const endFirst = stream.on('text', () => undefined);
    await told();
    const endSecond = stream.on('text', () => undefined);
    endFirst();
    await told();
    endSecond();
    await told();

    expect(sent).toEqual([watch('text'), watch()]);
  });

  test('asks once for a listener that leaves and comes at once', async () => {
    const { sent, stream, connect } = setUp();
    connect();

    stream.on('serial', () => undefined)();
    stream.on('serial', () => undefined);
    await told();

    expect(sent).toEqual([watch('serial')]);
  });

  test('begins anew for a listener that takes the place of another', async () => {
    const { sent, stream, connect } = setUp();
    connect();
    stream.on('status', () => undefined);
    const end = stream.on('frame', () => undefined);
    await told();

    end();
    stream.on('frame', () => undefined);
    await told();

    expect(sent).toEqual([watch('frames', 'status'), watch('status'), watch('frames', 'status')]);
  });

  test('asks again when it is connected anew, after it has told so', async () => {
    const { sent, stream, connect } = setUp();
    const connections: number[] = [];
    stream.on('status', () => undefined);
    stream.onConnected(() => connections.push(sent.length));

    connect();
    stream.detach();
    connect();
    await told();

    expect(sent).toEqual([watch('status'), watch('status')]);
    expect(connections).toEqual([0, 1]);
  });

  test('gives each message to the listeners of its kind', () => {
    const { stream } = setUp();
    const heard: MachineMessage[] = [];
    stream.on('text', (message) => heard.push(message));
    stream.on('serial', (message) => heard.push(message));

    stream.receive(encodeMachineMessage({ type: 'text', rows: ['A:\\>'] }));

    expect(heard).toEqual([{ type: 'text', rows: ['A:\\>'] }]);
  });

  test('sends nothing while it is not connected', () => {
    const { sent, stream, connect } = setUp();

    stream.send({ type: 'release' });
    connect();

    expect(sent.some(({ type }) => type === 'release')).toBe(false);
  });
});
