import {
  IconBrandDebian,
  IconBrandOpenSource,
  IconBrandUbuntu,
  IconBrandWindows,
  IconDeviceDesktop,
  IconHexagon,
  IconPrompt,
  type Icon,
} from '@tabler/icons-react';
import classes from './template-tile.module.css';

const LOOKS: Readonly<Record<string, readonly [icon: Icon, hue: number]>> = {
  dos: [IconPrompt, 45],
  windows3: [IconBrandWindows, 185],
  windows9x: [IconBrandWindows, 195],
  windows2000: [IconBrandWindows, 215],
  windowsxp: [IconBrandWindows, 225],
  linux: [IconBrandUbuntu, 22],
  linux64: [IconBrandUbuntu, 12],
  debian: [IconBrandDebian, 340],
  'debian-packages': [IconBrandDebian, 325],
  bsd: [IconBrandOpenSource, 0],
  kolibrios: [IconHexagon, 275],
};

/** The picture of what a machine is for. */
export function TemplateTile({ template, size = 42 }: { readonly template: string; readonly size?: number }) {
  const [Glyph, hue] = LOOKS[template] ?? [IconDeviceDesktop, 150];
  return (
    <span
      className={classes['tile']}
      style={{ width: size, height: size, '--hue': hue } as React.CSSProperties}
      data-template={template}
    >
      <Glyph size={Math.round(size * 0.56)} stroke={1.6} aria-hidden />
    </span>
  );
}
