import { useElementSize, useMergedRef } from '@mantine/hooks';
import { useEffect, useRef, useState, type Ref } from 'react';
import type { MachineStream } from '../../ipc/machine-stream.ts';
import { scaleScreen, type Scaling, type Size } from './scaling.ts';
import classes from './screen-canvas.module.css';
import { ScreenPainter } from './screen-painter.ts';
import { useDevicePixelRatio } from './use-device-pixel-ratio.ts';

export interface ScreenCanvasProps {
  readonly stream: MachineStream;
  readonly scaling: Scaling;
  readonly onSize?: (size: Size) => void;
  readonly canvasRef?: Ref<HTMLCanvasElement>;
  /** A small picture can do with fewer frames: the next are sent when the last are acknowledged. */
  readonly ackDelayMs?: number;
}

/** A guest's picture, scaled into the room that there is. Shows only; what it takes from people is elsewhere. */
export function ScreenCanvas({ stream, scaling, onSize, canvasRef, ackDelayMs = 0 }: ScreenCanvasProps) {
  const ownRef = useRef<HTMLCanvasElement>(null);
  const mergedRef = useMergedRef(ownRef, canvasRef);
  const area = useElementSize();
  const devicePixelRatio = useDevicePixelRatio();
  const [guest, setGuest] = useState<Size>();
  const painterRef = useRef<ScreenPainter>(null);

  useEffect(() => {
    const canvas = ownRef.current;
    if (!canvas) return;
    const timers = new Set<ReturnType<typeof setTimeout>>();
    const acknowledge = (sequence: number): void => {
      if (ackDelayMs === 0) return stream.send({ type: 'ack', sequence });
      const timer = setTimeout(() => {
        timers.delete(timer);
        stream.send({ type: 'ack', sequence });
      }, ackDelayMs);
      timers.add(timer);
    };
    const painter = new ScreenPainter(canvas, {
      onPainted: acknowledge,
      onSize: (width, height) => setGuest({ width, height }),
    });
    painterRef.current = painter;
    const end = stream.on('frame', (frame) => painter.push(frame));
    return () => {
      end();
      painter.dispose();
      timers.forEach(clearTimeout);
    };
  }, [stream, ackDelayMs]);

  useEffect(() => {
    if (guest) onSize?.(guest);
  }, [guest, onSize]);

  const scaled = guest && scaleScreen(guest, area, devicePixelRatio, scaling);
  const multiple = scaled?.multiple ?? 1;
  useEffect(() => painterRef.current?.enlarge(multiple), [stream, ackDelayMs, multiple]);
  return (
    <div ref={area.ref} className={classes['area']}>
      <canvas
        ref={mergedRef}
        className={classes['canvas']}
        data-sharp={scaled?.sharp}
        style={scaled ? { width: scaled.width, height: scaled.height } : { visibility: 'hidden' }}
        aria-hidden
      />
    </div>
  );
}
