import { type CSSVariablesResolver, createTheme, defaultCssVariablesResolver } from '@mantine/core';

/**
 * The look of every page. Its CSS variables are written to a style sheet at
 * build time (see vite.config.ts), never injected by script, so that pages
 * work under `style-src 'self'`.
 */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
});

/** Raises the contrast of the quiet colours to at least 4.5:1 in both schemes. */
export const cssVariables: CSSVariablesResolver = t => {
  const v = defaultCssVariablesResolver(t);
  return {
    variables: v.variables,
    light: {
      ...v.light,
      '--mantine-color-dimmed': '#5b626a',
      '--mantine-color-placeholder': '#6b727a',
      '--mantine-color-error': '#c22525',
    },
    dark: {
      ...v.dark,
      '--mantine-color-dimmed': '#a9b0b8',
      '--mantine-color-placeholder': '#9aa1a9',
      '--mantine-color-error': '#ff8787',
    },
  };
};
