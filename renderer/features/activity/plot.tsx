import { Group, Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import classes from './plot.module.css';

export interface Series {
  readonly label: string;
  /** A name of the palette in plot.module.css. */
  readonly color: 'green' | 'blue' | 'amber';
  /** null: not known. */
  readonly values: readonly (number | null)[];
}

export interface PlotProps {
  readonly title: string;
  /** Host time in seconds, of every value. */
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** The axis reaches at least this far. */
  readonly atLeast: number;
  readonly unit?: 'bytes';
  readonly height?: number;
}

const SPAN_SECONDS = 120;

/** A canvas knows no `light-dark()`: the same colours as in plot.module.css, by theme. */
const COLORS = {
  light: { green: '#1b8257', blue: '#1d6fa5', amber: '#93600a', grid: '#dfe4e1', text: '#566059' },
  dark: { green: '#4fcf95', blue: '#6cb8ea', amber: '#f2b84b', grid: '#33383a', text: '#a3ada8' },
} as const;
const FILL_ALPHA = '26';

/** Steps of an axis of bytes are powers of two, as bytes are written. */
const BYTE_STEPS = Array.from({ length: 40 }, (_, power) => 2 ** power);

/** Values over the last two minutes. Whoever does not see the curve reads the present values in its name. */
export function Plot({ title, times, series, format, atLeast, unit, height = 120 }: PlotProps) {
  const { t } = useTranslation();
  const { ref: sizeRef, width } = useElementSize();
  const hostRef = useRef<HTMLDivElement>(null);
  const plotRef = useRef<uPlot>(undefined);
  const scheme = useComputedColorScheme('light');
  const formatRef = useRef(format);
  useEffect(() => {
    formatRef.current = format;
  });
  const shape = JSON.stringify(series.map(({ label, color }) => [label, color]));
  const data = useMemo(
    (): uPlot.AlignedData => [[...times], ...series.map(({ values }) => [...values])],
    [times, series],
  );
  const dataRef = useRef(data);

  useEffect(() => {
    const host = hostRef.current;
    if (!host || width === 0) return;
    const style = getComputedStyle(host);
    const colors = COLORS[scheme];
    const lines = JSON.parse(shape) as [label: string, color: Series['color']][];
    const plot = new uPlot(
      {
        width,
        height,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: true, range: (_, __, max) => [max - SPAN_SECONDS, max] },
          y: { range: (_, __, max) => [0, Math.max(atLeast, max * 1.1)] },
        },
        axes: [
          { show: false },
          {
            size: 64,
            stroke: colors.text,
            font: `11px ${style.fontFamily}`,
            grid: { stroke: colors.grid, width: 1 },
            ...(unit === 'bytes' && { incrs: BYTE_STEPS }),
            ticks: { show: false },
            values: (_, ticks) => ticks.map((tick) => formatRef.current(tick)),
            space: height < 100 ? 20 : 34,
          },
        ],
        series: [
          {},
          ...lines.map(([label, name]) => ({
            label,
            stroke: colors[name],
            fill: `${colors[name]}${FILL_ALPHA}`,
            width: 1.75,
            points: { show: false },
          })),
        ],
      },
      dataRef.current,
      host,
    );
    plotRef.current = plot;
    return () => {
      plotRef.current = undefined;
      plot.destroy();
    };
    // Another theme, another size or other lines are another plot.
  }, [width, height, shape, atLeast, unit, scheme]);

  useEffect(() => {
    dataRef.current = data;
    plotRef.current?.setData(data);
  }, [data]);

  const textOf = (values: Series['values']): string => {
    const last = values.at(-1);
    return last === null ? t('activity.notKnown') : format(last ?? 0);
  };
  const present = series.map(({ label, color, values }) => ({ label, color, text: textOf(values) }));
  return (
    <figure
      className={classes['figure']}
      aria-label={`${title}: ${present.map(({ label, text }) => (label === title ? text : `${label} ${text}`)).join(', ')}`}
    >
      <Group justify="space-between" gap={2}>
        <Text size="sm" fw={600} pr="xs">
          {title}
        </Text>
        <Group gap="2px 12px">
          {present.map(({ label, color, text }) => (
            <Group key={label} gap={5} wrap="nowrap">
              <span className={classes['key']} data-color={color} aria-hidden />
              <Text size="xs" className={classes['value'] ?? ''}>
                {series.length > 1 ? `${label} ${text}` : text}
              </Text>
            </Group>
          ))}
        </Group>
      </Group>
      <div ref={sizeRef} className={classes['area']} style={{ height }}>
        <div ref={hostRef} />
      </div>
    </figure>
  );
}
