/// <reference types="vitest/config" />
import { convertCssVariables, DEFAULT_THEME, mergeMantineTheme } from '@mantine/core';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { cssVariables, theme } from './src/theme.ts';

const server = process.env.DESKBRIDGE_URL ?? 'http://127.0.0.1:8080';

/** Serves `virtual:theme.css`: the theme's variables, so that none is injected at run time. */
function themeSheet(): Plugin {
  const id = 'virtual:theme.css';
  return {
    name: 'theme-sheet',
    resolveId: source => (source === id ? `\0${id}` : undefined),
    load: resolved =>
      resolved === `\0${id}`
        ? convertCssVariables(cssVariables(mergeMantineTheme(DEFAULT_THEME, theme)), ':root')
        : undefined,
  };
}

/** Answers the pages' addresses while developing, as web.go does. */
function pages(): Plugin {
  return {
    name: 'pages',
    configureServer: dev => {
      dev.middlewares.use((request, _, next) => {
        const page = /^\/(app|demo)(?:[/?]|$)/.exec(request.url ?? '')?.[1];
        if (page && !request.url?.startsWith('/demo/api')) {
          request.url = `/${page}.html`;
        }
        next();
      });
    },
  };
}

export default defineConfig({
  plugins: [react(), themeSheet(), pages()],
  build: {
    rollupOptions: { input: ['app.html', 'demo.html'] },
    assetsInlineLimit: 0,
    license: { fileName: 'licenses.md' },
    sourcemap: false,
    target: 'es2023',
    reportCompressedSize: true,
  },
  server: {
    proxy: { '/api': server, '/demo/api': server, '/portal': server, '/intercom': server },
  },
  test: {
    environment: 'jsdom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test.ts'],
    css: false,
  },
});
