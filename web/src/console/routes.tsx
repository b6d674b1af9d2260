import { createBrowserRouter, Navigate } from 'react-router';
import { Lost } from './Lost';
import { Shell } from './Shell';
import { SignIn } from './SignIn';

/** The rooms of the console. Each is loaded when it is first entered. */
export const router = createBrowserRouter(
  [
    { path: 'sign-in', element: <SignIn />, errorElement: <Lost /> },
    { path: 'setup', lazy: async () => ({ Component: (await import('./SetUp')).SetUp }), errorElement: <Lost /> },
    {
      path: '/',
      element: <Shell />,
      errorElement: <Lost />,
      hydrateFallbackElement: null,
      children: [
        { index: true, element: <Navigate to="tickets" replace /> },
        { path: 'tickets', lazy: async () => ({ Component: (await import('./tickets/Tickets')).Tickets }) },
        { path: 'tickets/:id', lazy: async () => ({ Component: (await import('./tickets/TicketPage')).TicketPage }) },
        { path: 'workspaces', lazy: async () => ({ Component: (await import('./workspaces/Workspaces')).Workspaces }) },
        {
          path: 'new-workspace',
          lazy: async () => ({ Component: (await import('./workspaces/NewWorkspace')).NewWorkspace }),
        },
        {
          path: 'workspaces/:slug/:tab?',
          lazy: async () => ({ Component: (await import('./workspaces/WorkspacePage')).WorkspacePage }),
        },
        { path: 'ledger', lazy: async () => ({ Component: (await import('./Ledger')).Ledger }) },
        { path: 'audit', lazy: async () => ({ Component: (await import('./Audit')).Audit }) },
        { path: 'users', lazy: async () => ({ Component: (await import('./Users')).Users }) },
        { path: 'api-keys', lazy: async () => ({ Component: (await import('./APIKeys')).APIKeys }) },
        { path: '*', element: <Lost /> },
      ],
    },
  ],
  { basename: '/app' },
);
