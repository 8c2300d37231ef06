import { useEffect, useState } from 'react';
import type { MachineStream } from '../../ipc/machine-stream.ts';

/**
 * The text screen as text, for those who hear it rather than see it, and for tests: a row is a line, and only rows
 * that change are spoken. Empty in graphics modes.
 */
export function ScreenText({
  id,
  stream,
  label,
}: {
  readonly id: string;
  readonly stream: MachineStream;
  readonly label: string;
}) {
  const [rows, setRows] = useState<readonly string[]>([]);
  useEffect(() => stream.on('text', (message) => setRows(message.rows ?? [])), [stream]);
  return (
    <div
      className="visually-hidden"
      id={id}
      role="log"
      aria-label={label}
      aria-relevant="additions text"
      data-testid="screen-text"
    >
      {rows.map((row, index) => (
        <span key={index}>{`${row.trimEnd()}\n`}</span>
      ))}
    </div>
  );
}
