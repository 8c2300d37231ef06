import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** White text on shade 7 has a contrast above 4.5 : 1, which the default greens have not. */
const leaf: MantineColorsTuple = [
  '#eefbf4',
  '#d9f3e5',
  '#b2e6cb',
  '#86d8ae',
  '#5fca94',
  '#43bd82',
  '#2fa873',
  '#1b8257',
  '#176d49',
  '#0f5438',
];

/** The greys of the dark theme with a breath of the same green. */
const dark: MantineColorsTuple = [
  '#d3d9d6',
  '#b8c0bc',
  '#a3ada8',
  '#737d78',
  '#3c4346',
  '#2f3537',
  '#24282a',
  '#1b1e1f',
  '#151718',
  '#0f1112',
];

export const theme = createTheme({
  colors: { leaf, dark },
  primaryColor: 'leaf',
  primaryShade: 7,
  defaultRadius: 'md',
  fontFamily:
    "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'Noto Sans CJK KR', 'Malgun Gothic', 'DejaVu Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'Noto Sans Mono', 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: '650' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: { styles: { title: { fontSize: 17, fontWeight: 650, lineHeight: 1.3, paddingInlineEnd: 12 } } },
    // As wide as the icons of the items above and below.
    Menu: { styles: { itemIndicator: { width: 16, marginInlineEnd: 'var(--mantine-spacing-xs)' } } },
    Notification: { styles: { description: { color: 'var(--text-dimmed)' } } },
    Tooltip: { defaultProps: { openDelay: 400, withArrow: true } },
  },
});
