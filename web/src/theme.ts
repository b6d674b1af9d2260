import {
  Badge,
  type CSSVariablesResolver,
  createTheme,
  defaultCssVariablesResolver,
  type MantineTheme,
} from '@mantine/core';

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
  components: {
    // A state is read whole, and as it is written.
    Badge: Badge.extend({ defaultProps: { tt: 'none', miw: 'max-content' } }),
  },
});

/** Text of light badges and alerts whose own darkest shade is still too pale. */
const deep: Record<string, string> = {
  orange: '#9c3406',
  yellow: '#7a4d00',
  lime: '#3f6212',
  green: '#216e31',
  cyan: '#0a5766',
};

/** Pale ground and deep text for whatever is drawn in the variant `light`. */
function lightVariant(colors: MantineTheme['colors']): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, shades] of Object.entries(colors)) {
    variables[`--mantine-color-${name}-light`] = shades[0];
    variables[`--mantine-color-${name}-light-hover`] = shades[1];
    variables[`--mantine-color-${name}-light-color`] = deep[name] ?? shades[9];
  }
  return variables;
}

/** Raises the contrast of the quiet colours to at least 4.5:1 in both schemes. */
export const cssVariables: CSSVariablesResolver = t => {
  const v = defaultCssVariablesResolver(t);
  return {
    variables: v.variables,
    light: {
      ...v.light,
      ...lightVariant(t.colors),
      '--mantine-color-dimmed': '#5b626a',
      '--mantine-color-placeholder': '#6b727a',
      '--mantine-color-error': '#c22525',
    },
    dark: {
      ...v.dark,
      '--mantine-color-dimmed': '#a9b0b8',
      '--mantine-color-placeholder': '#9aa1a9',
      '--mantine-color-error': '#ff8787',
      '--mantine-color-anchor': t.colors.indigo[3],
    },
  };
};
