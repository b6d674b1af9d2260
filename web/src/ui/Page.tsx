import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import '@mantine/core/styles.css';
import 'virtual:theme.css';
import './base.css';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from '../api/http';
import { theme } from '../theme';

const scheme = localStorageColorSchemeManager({ key: 'deskbridge-scheme' });

/** Again only what another try may change: no answer, or the server's own fault. */
const queries = new QueryClient({
  queryCache: new QueryCache({ onError: noticeEnd }),
  mutationCache: new MutationCache({ onError: noticeEnd }),
  defaultOptions: {
    queries: {
      retry: (count, error) => count < 2 && !(error instanceof Problem && error.status >= 400 && error.status < 500),
      refetchOnWindowFocus: false,
      staleTime: 5_000,
    },
  },
});

/** A refused request may mean that the session has ended: ask again who is signed in. */
function noticeEnd(error: Error) {
  if (error instanceof Problem && error.status === 401) {
    void queries.invalidateQueries({ queryKey: ['session'] });
  }
}

/** Draws a page into the document, with the theme and the store of answers. */
export function draw(page: ReactNode) {
  const root = document.getElementById('root');
  if (!root) {
    throw new Error('The document has no place for the page.');
  }
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        colorSchemeManager={scheme}
        withCssVariables={false}
        withGlobalClasses={false}
      >
        <QueryClientProvider client={queries}>{page}</QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
