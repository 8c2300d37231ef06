import { describe, expect, it } from 'vitest';
import { ManualClock, ProbeLine, TimerQueue, advance, silentLog } from '../../bus/index.ts';
import { loadState, saveState } from '../../state/index.ts';
import { I8042, I8042Controller, I8042_RANGE_COMMAND, I8042_RANGE_DATA } from './i8042.ts';
import { Ps2KeyboardDevice } from './ps2-keyboard.ts';
import { Ps2MouseDevice } from './ps2-mouse.ts';

class Board {
  readonly clock = new ManualClock();
  readonly timers = new TimerQueue(this.clock);
  readonly keyboard = new Ps2KeyboardDevice('keyboard');
  readonly mouse = new Ps2MouseDevice('mouse', this.timers);
  readonly irq1 = new ProbeLine();
  readonly irq12 = new ProbeLine();
  a20 = false;
  resets = 0;
  readonly controller = new I8042Controller('i8042', {
    timers: this.timers,
    keyboard: this.keyboard,
    aux: this.mouse,
    irq1: this.irq1,
    irq12: this.irq12,
    setA20: (enabled) => (this.a20 = enabled),
    reset: () => this.resets++,
    log: silentLog,
  });

  constructor(commandByte?: number) {
    this.controller.reset();
    if (commandByte !== undefined) {
      this.command(0x60);
      this.data(commandByte);
    }
  }
  command(byte: number): void {
    this.controller.ioWrite(I8042_RANGE_COMMAND, 0, 1, byte);
  }
  data(byte: number): void {
    this.controller.ioWrite(I8042_RANGE_DATA, 0, 1, byte);
  }
  get status(): number {
    return this.controller.ioRead(I8042_RANGE_COMMAND);
  }
  read(): number {
    return this.controller.ioRead(I8042_RANGE_DATA);
  }
  /** All bytes that come as software polls for them. */
  readAll(): number[] {
    const bytes: number[] = [];
    for (;;) {
      if ((this.status & 1) === 0) advance(this.clock, this.timers, this.clock.nowNs + 200_000);
      if ((this.status & 1) === 0) return bytes;
      bytes.push(this.read());
    }
  }
  ask(command: number): number[] {
    this.command(command);
    return this.readAll();
  }
}

describe('8042 commands', () => {
  it('pass the self tests', () => {
    const board = new Board();

    expect(board.ask(0xaa)).toEqual([0x55]);
    expect(board.status & 0x04).toBe(0x04);
    expect(board.ask(0xab)).toEqual([0x00]);
    expect(board.ask(0xa9)).toEqual([0x00]);
  });

  it('read and write the command byte and the RAM', () => {
    const board = new Board(0x45);

    expect(board.ask(0x20)).toEqual([0x45]);
    board.command(0xa7);
    board.command(0xad);
    expect(board.ask(0x20)).toEqual([0x75]);
    board.command(0xa8);
    board.command(0xae);
    expect(board.ask(0x20)).toEqual([0x45]);
    board.command(0x6b);
    board.data(0x99);
    expect(board.ask(0x2b)).toEqual([0x99]);
  });

  it('drive A20 and the reset line through the output port', () => {
    const board = new Board();

    board.command(0xd1);
    board.data(0xdd);
    expect([board.a20, board.resets]).toEqual([false, 0]);
    expect(board.ask(0xd0)[0] & 3).toBe(1);
    board.command(0xdf);
    expect(board.a20).toBe(true);
    board.command(0xdd);
    expect(board.a20).toBe(false);
    board.command(0xd1);
    board.data(0xfe);
    expect([board.a20, board.resets]).toEqual([true, 1]);
  });

  it('show in the output port what the firmware does to A20', () => {
    const board = new Board();

    board.controller.gateA20(false);

    expect([board.a20, board.ask(0xd0)[0] & 3]).toEqual([false, 1]);
    board.controller.gateA20(true);
    expect([board.a20, board.ask(0xd0)[0] & 3]).toEqual([true, 3]);
  });

  it('pulse the reset line with FEh and not with FFh', () => {
    const board = new Board();

    board.command(0xff);
    expect(board.resets).toBe(0);
    board.command(0xfe);
    expect(board.resets).toBe(1);
  });

  it('put bytes in the output buffer as if a device had sent them', () => {
    const board = new Board(0x03);

    board.command(0xd2);
    board.data(0x1e);
    expect([board.irq1.level, board.irq12.level, board.status & 0x21]).toEqual([true, false, 0x01]);
    expect(board.readAll()).toEqual([0x1e]);
    board.command(0xd3);
    board.data(0x55);
    advance(board.clock, board.timers, board.clock.nowNs + 200_000);
    expect([board.irq1.level, board.irq12.level, board.status & 0x21]).toEqual([false, true, 0x21]);
    expect(board.readAll()).toEqual([0x55]);
  });

  it('say that no password is installed', () => {
    expect(new Board().ask(0xa4)).toEqual([0xf1]);
  });
});

describe('8042 keyboard interface', () => {
  it('translates set 2 to set 1, break codes included', () => {
    const board = new Board(0x45);

    board.keyboard.key('KeyA', true);
    board.keyboard.key('KeyA', false);
    board.keyboard.key('ArrowUp', true);
    board.keyboard.key('ArrowUp', false);
    board.keyboard.key('F7', true);

    expect(board.readAll()).toEqual([0x1e, 0x9e, 0xe0, 0x48, 0xe0, 0xc8, 0x41]);
  });

  it('passes set 2 through without translation', () => {
    const board = new Board(0x05);

    board.keyboard.key('KeyA', true);
    board.keyboard.key('KeyA', false);

    expect(board.readAll()).toEqual([0x1c, 0xf0, 0x1c]);
  });

  it('gives the translated identity that drivers expect', () => {
    const board = new Board(0x45);

    board.data(0xf2);

    expect(board.readAll()).toEqual([0xfa, 0xab, 0x41]);
  });

  it('delivers a byte after its time on the cable, with one interrupt each', () => {
    const board = new Board(0x45);

    board.keyboard.key('ArrowUp', true);
    expect([board.status & 1, board.irq1.level]).toEqual([0, false]);
    advance(board.clock, board.timers, 100_000);
    expect([board.status & 1, board.irq1.level]).toEqual([1, true]);
    expect(board.read()).toBe(0xe0);
    expect(board.irq1.level).toBe(false);
    expect(board.read()).toBe(0xe0);
    advance(board.clock, board.timers, 200_000);
    expect(board.read()).toBe(0x48);
    expect(board.irq1.risingEdges).toBe(2);
  });

  it('holds keys back while its interface is disabled', () => {
    const board = new Board(0x45);
    board.command(0xad);

    board.keyboard.key('KeyA', true);
    expect(board.readAll()).toEqual([]);
    board.command(0xae);

    expect(board.readAll()).toEqual([0x1e]);
  });
});

describe('8042 auxiliary interface', () => {
  it('sends to the mouse and marks what comes from it', () => {
    const board = new Board(0x47);

    board.command(0xd4);
    board.data(0xf2);
    advance(board.clock, board.timers, 100_000);

    expect([board.status & 0x21, board.irq1.level, board.irq12.level]).toEqual([0x21, false, true]);
    expect(board.readAll()).toEqual([0xfa, 0x00]);
  });
});

describe('8042 state', () => {
  it('continues with the byte that was on its way', () => {
    const board = new Board(0x45);
    board.keyboard.key('KeyA', true);
    const image = saveState(I8042, board.controller.state);
    const other = new Board();
    other.keyboard.key('KeyA', true);

    expect(loadState(I8042, other.controller.state, image).ok).toBe(true);
    other.controller.postLoad();
    advance(other.clock, other.timers, 100_000);

    expect([other.irq1.level, other.read(), other.a20]).toEqual([true, 0x1e, true]);
  });
});
