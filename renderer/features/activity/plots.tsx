import { useTranslation } from 'react-i18next';
import { useFormats } from '../../ui/formats.ts';
import { Plot, type PlotProps } from './plot.tsx';

type Common = Pick<PlotProps, 'times'> & { readonly height?: number };

/** Guest instructions, of one machine or of all. */
export function SpeedPlot({
  mips,
  digits = 0,
  ...common
}: Common & { readonly mips: readonly number[]; readonly digits?: number }) {
  const { t } = useTranslation();
  const { number } = useFormats();
  return (
    <Plot
      {...common}
      title={t('activity.speed')}
      series={[{ label: t('activity.speed'), color: 'blue', values: mips }]}
      format={(value) => t('status.mips', { mips: number(value, digits) })}
      atLeast={10}
    />
  );
}

/** Amounts of bytes, or of bytes a second. */
export function BytesPlot({
  perSecond = false,
  ...plot
}: Common & Pick<PlotProps, 'title' | 'series' | 'atLeast'> & { readonly perSecond?: boolean }) {
  const { t } = useTranslation();
  const { bytes } = useFormats();
  return (
    <Plot
      {...plot}
      format={perSecond ? (amount) => t('activity.perSecond', { amount: bytes(amount) }) : bytes}
      unit="bytes"
    />
  );
}
