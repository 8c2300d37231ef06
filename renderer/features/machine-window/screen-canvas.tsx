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
}

/** A guest's picture, scaled into the room that there is. Shows only; what it takes from people is elsewhere. */
export function ScreenCanvas({ stream, scaling, onSize, canvasRef }: ScreenCanvasProps) {
  const ownRef = useRef<HTMLCanvasElement>(null);
  const mergedRef = useMergedRef(ownRef, canvasRef);
  const area = useElementSize();
  const devicePixelRatio = useDevicePixelRatio();
  const [guest, setGuest] = useState<Size>();

  useEffect(() => {
    const canvas = ownRef.current;
    if (!canvas) return;
    const painter = new ScreenPainter(canvas, {
      onPainted: (sequence) => stream.send({ type: 'ack', sequence }),
      onSize: (width, height) => setGuest({ width, height }),
    });
    const end = stream.on('frame', (frame) => painter.push(frame));
    return () => {
      end();
      painter.dispose();
    };
  }, [stream]);

  useEffect(() => {
    if (guest) onSize?.(guest);
  }, [guest, onSize]);

  const scaled = guest && scaleScreen(guest, area, devicePixelRatio, scaling);
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
