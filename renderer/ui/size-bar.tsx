import classes from './size-bar.module.css';

export interface SizeBarProps {
  readonly bytes: number;
  readonly uniqueBytes: number;
  /** What a whole bar stands for. */
  readonly of: number;
}

/** What is stored of something: its own part full, what it shares with others lighter. The words stand beside it. */
export function SizeBar({ bytes, uniqueBytes, of }: SizeBarProps) {
  const percent = (part: number): string => `${of > 0 ? Math.min(100, (100 * part) / of) : 0}%`;
  return (
    <span className={classes['bar']} aria-hidden>
      <span className={classes['unique']} style={{ width: percent(uniqueBytes) }} />
      <span className={classes['shared']} style={{ width: percent(bytes - uniqueBytes) }} />
    </span>
  );
}
